/** @module What an import has done, or would do, as text or JSON. Used by import. */
import { plain, plainJson } from "../plain-text.ts";
import { formatTable } from "../table.ts";
import type { ImportedJob } from "./import-job.ts";

export type ImportReport = {
  /** Changes when the meaning of a member does; new members may come at any time. */
  readonly version: 1;
  /** Whether -yes was given. */
  readonly done: boolean;
  readonly from: string;
  readonly to: string;
  /** Jobs by action; leftOut: children, and stopped jobs that nobody asked for; interrupted: not begun. */
  readonly totals: Readonly<Record<string, number>>;
  readonly jobs: readonly ImportedJob[];
};

/** With a newline at the end. */
export const formatImport = (report: ImportReport, format: "text" | "json"): string => (format === "json" ? plainJson(report) : textOf(report));

function textOf({ done, from, to, totals, jobs }: ImportReport): string {
  const { leftOut = 0, interrupted = 0, ...actions } = totals;
  const counted = Object.entries(actions).flatMap(([action, count]) => (count === 0 ? [] : [`${count} ${action}`]));
  return [
    `From ${plain(from)} to ${plain(to)}${done ? "" : ": what -yes would do"}`,
    "",
    jobs.length === 0 ? "no jobs" : jobsText(jobs),
    "",
    `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}${counted.length === 0 ? "" : `: ${counted.join(", ")}`}.${leftOut === 0 ? "" : ` Left out: ${leftOut} children or stopped jobs.`}`,
    ...(interrupted === 0 ? [] : [`Interrupted: ${interrupted} more jobs were not begun; the same command goes on there.`]),
    done ? "They go on running at the source until they are stopped there." : "Nothing was changed.",
    "",
  ].join("\n");
}

/** What there is to say of a job stands below it: names and warnings may be long. */
function jobsText(jobs: readonly ImportedJob[]): string {
  const [title = "", ...lines] = formatTable([["action", "namespace", "job"], ...jobs.map(({ action, namespace, id }) => [action, plain(namespace), plain(id)])]).split("\n");
  return [title, ...lines.flatMap((line, i) => [line, ...pointsOf(jobs[i]?.detail ?? "").map((point) => `         ${plain(point)}`)])].join("\n");
}

/** Nomad counts its warnings and puts a star before each. */
const pointsOf = (detail: string): readonly string[] => detail.replace(/^\d+ (?:warning|error)s?(?: occurred)?: (?=\* )/, "").split(/(?:^| )\* /).filter((point) => point !== "");
