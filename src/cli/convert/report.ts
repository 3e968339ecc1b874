/** @module What convert has to say of job files, as a value that every format shows. Its shape is that of `-report=json`. */
import type { Finding } from "../../api/exec-task.ts";
import { pathOfRefusal } from "./judge-job.ts";
import { type Place, type Places, placeOf } from "./places.ts";
import { remedyFor } from "./remedies.ts";
import { SEVERITIES, type Severity } from "./severity.ts";

export type ReportEntry = {
  readonly file: string;
  /** From 1; absent where the source has no places. */
  readonly line?: number;
  readonly column?: number;
  /** In Nomad's JSON, such as `TaskGroups[0].Tasks[1].Config.args`. */
  readonly path: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
};

export type MadeObject = { readonly kind: string; readonly namespace: string; readonly name: string };

export type JobReport = {
  readonly job: string;
  readonly namespace: string;
  readonly objects: readonly MadeObject[];
  /** The most serious first, then by place. */
  readonly entries: readonly ReportEntry[];
  /** Nomad's own. */
  readonly warnings: readonly string[];
};

export type FileReport = { readonly file: string; readonly jobs: readonly JobReport[] } & ({ readonly converted: true } | { readonly converted: false; readonly error: string });

export type ConvertReport = {
  /** Changes when the meaning of a member does; new members may come at any time. */
  readonly version: 1;
  readonly target: string;
  readonly config: string;
  readonly totals: Readonly<Record<Severity, number>>;
  readonly files: readonly FileReport[];
};

/** A finding, or a refusal of the mapping, at its place in the file. */
export type Observed = Pick<Finding, "path" | "message"> & { readonly level: Severity; readonly remedy?: string };

/** What a target makes of a job, and what it changes. */
export type Made = { readonly objects: readonly object[]; readonly observed: readonly Observed[] };

export const observedRefusal = (message: string): Observed => ({ level: "refused", ...pathOfRefusal(message) });

/** What is the same is not told. Each thing once, in an order that depends on the job alone. */
export function reportEntries(file: string, places: Places, observed: readonly Observed[]): readonly ReportEntry[] {
  const entries = observed.filter(({ level }) => level !== "same").map((each) => entryOf(file, placeOf(places, each.path), each));
  const unique = [...new Map(entries.map((entry) => [JSON.stringify([entry.path, entry.message]), entry])).values()];
  return unique.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || compare(a.path, b.path) || compare(a.message, b.message));
}

const rank = ({ severity }: ReportEntry): number => SEVERITIES.indexOf(severity);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function entryOf(file: string, place: Place | undefined, { path, level, message, remedy }: Observed): ReportEntry {
  return { file, ...(place === undefined ? {} : { line: place.line, column: place.column }), path, severity: level, message, remedy: remedy ?? remedyFor(level, path, message) };
}

export function totalsOf(files: readonly FileReport[]): ConvertReport["totals"] {
  const entries = files.flatMap(({ jobs }) => jobs.flatMap((job) => job.entries));
  const count = (severity: Severity) => entries.filter((entry) => entry.severity === severity).length;
  return { refused: count("refused"), lost: count("lost"), decision: count("decision"), weaker: count("weaker"), equivalent: count("equivalent"), same: count("same") };
}
