/** @module How well a job fits here, as one word, and what is left to do. Pure. Used by assess. */
import type { JobSpec } from "../../nomad/job.ts";
import { validateJob } from "../../nomad/jobspec/validation/validate-job.ts";
import { judgeJob, type Judging, nomadJobObject } from "../convert/judge-job.ts";
import { type Observed, observedRefusal, type ReportEntry, reportEntries } from "../convert/report.ts";
import { NO_PLACES } from "../convert/places.ts";

/**
 * The worst of what is found. lost: the job has to change, or do without something. decision: a person has to say something, the operator in a
 * profile or the owner in the job. weaker: it runs as it is. same: nothing that it could see.
 */
export const GRADES = ["lost", "decision", "weaker", "same"] as const;
export type Grade = (typeof GRADES)[number];

export type GradedJob = {
  readonly grade: Grade;
  /** Whether it runs here as it is, by the BridgeConfig that was asked. */
  readonly runs: boolean;
  /** What is left: fields to change, and things to decide. */
  readonly effort: { readonly changes: number; readonly decisions: number };
  readonly entries: readonly Omit<ReportEntry, "file">[];
};

export function gradeJob(spec: JobSpec, stopped: boolean, judging: Judging): GradedJob {
  const { errors } = validateJob(spec);
  const { observed, byProfile } = errors.length > 0 ? invalid(errors) : judged(spec, stopped, judging);
  const entries = reportEntries("", NO_PLACES, observed).map(({ file: _file, ...entry }) => entry);
  const count = (severity: string) => entries.filter((entry) => entry.severity === severity).length;
  const refused = count("refused");
  // The profile's refusals all say what the operator would have to allow.
  const effort = { changes: count("lost") + (byProfile ? 0 : refused), decisions: count("decision") + (byProfile ? refused : 0) };
  return { grade: gradeOf(effort, count("weaker")), runs: refused === 0, effort, entries };
}

type Judgement = { readonly observed: readonly Observed[]; readonly byProfile: boolean };

const invalid = (errors: readonly string[]): Judgement => ({ observed: errors.map((error) => ({ level: "refused", path: "", message: error.replace(/\s+/g, " ").trim() })), byProfile: false });

function judged(spec: JobSpec, stop: boolean, judging: Judging): Judgement {
  const { findings, refusals } = judgeJob(nomadJobObject(spec, judging.sha256, { stop }), spec, judging);
  return { observed: [...findings, ...refusals.map(({ message }) => observedRefusal(message))], byProfile: refusals.every(({ by }) => by === "profile") };
}

function gradeOf({ changes, decisions }: GradedJob["effort"], weaker: number): Grade {
  if (changes > 0) return "lost";
  if (decisions > 0) return "decision";
  return weaker > 0 ? "weaker" : "same";
}
