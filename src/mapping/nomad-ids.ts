/**
 * @module IDs of what Nomad stores and we do not: evaluations and deployments. Each is a name-based UUID of the job's UID and what happened
 * to the job, so that every bridge says the same one, and nothing is kept. Used by controller and bridge.
 */
import type { Pod } from "../api/pod.ts";
import { madeUpFor } from "./rescheduling.ts";
import { requestsOf, type JobRecord, versionOf } from "./job-record.ts";
import type { Sha256 } from "./object-names.ts";

/** A UUID of version 8 (RFC 9562): by a hash of our own choice. */
export function nameUuid(sha256: Sha256, parts: readonly (string | number)[]): string {
  const hash = sha256(JSON.stringify(parts));
  const variant = "89ab"[Number.parseInt(hash.charAt(16), 16) % 4] ?? "8";
  return [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`, `${variant}${hash.slice(17, 20)}`, hash.slice(20, 32)].join("-");
}

/** What was said to a deployment; `end`: it came to its end by itself. */
export type DeploymentVerb = "promote" | "fail" | "pause" | "resume" | "health" | "end";

/** What an evaluation was made for. `at` is epoch ms. */
export type EvaluationCause =
  | { readonly kind: "version"; readonly version: number }
  /** What waits for a place, of a version that could not be placed whole. */
  | { readonly kind: "blocked"; readonly version: number }
  | { readonly kind: "stop"; readonly allocId: string; readonly at: number }
  | { readonly kind: "reschedule"; readonly at: number }
  /** A write that changed nothing of the job. */
  | { readonly kind: "asked"; readonly at: number }
  /** An allocation has failed. */
  | { readonly kind: "failure"; readonly allocId: string }
  /** It is to be placed again when its reschedule policy says so. */
  | { readonly kind: "retry"; readonly allocId: string }
  | { readonly kind: "deployment"; readonly version: number; readonly verb: DeploymentVerb }
  /** The end of the job itself, when its object is gone. */
  | { readonly kind: "purge" };

export const deploymentId = (sha256: Sha256, jobUid: string, version: number): string => nameUuid(sha256, ["deployment", jobUid, version]);

export const evaluationId = (sha256: Sha256, jobUid: string, cause: EvaluationCause): string =>
  nameUuid(sha256, ["evaluation", jobUid, cause.kind, ...detailsOf(cause)]);

function detailsOf(cause: EvaluationCause): readonly (string | number)[] {
  switch (cause.kind) {
    case "version":
    case "blocked":
      return [cause.version];
    case "stop":
      return [cause.allocId, cause.at];
    case "reschedule":
    case "asked":
      return [cause.at];
    case "failure":
    case "retry":
      return [cause.allocId];
    case "deployment":
      return [cause.version, cause.verb];
    case "purge":
      return [];
  }
}

/** Of how many versions before the present one evaluations and deployments can be asked for. */
const REMEMBERED_VERSIONS = 6;

/** Newest first. */
export function rememberedVersions(job: JobRecord): readonly number[] {
  const newest = versionOf(job);
  return Array.from({ length: Math.min(newest, REMEMBERED_VERSIONS) + 1 }, (_none, back) => newest - back);
}

const VERBS: readonly DeploymentVerb[] = ["promote", "fail", "pause", "resume", "health", "end"];

/** What can be asked for by an evaluation's ID, of one job, but for the failures of its allocations. It follows from the object alone. */
export function knownCauses(job: JobRecord): readonly EvaluationCause[] {
  const { evaluations = [], stop = {}, reschedule } = requestsOf(job);
  const versions = rememberedVersions(job);
  return [
    ...versions.flatMap((version): EvaluationCause[] => [{ kind: "version", version }, { kind: "blocked", version }]),
    ...versions.flatMap((version) => VERBS.map((verb): EvaluationCause => ({ kind: "deployment", version, verb }))),
    ...Object.entries(stop).map(([allocId, { at }]): EvaluationCause => ({ kind: "stop", allocId, at })),
    ...evaluations.map(({ at }): EvaluationCause => ({ kind: "asked", at })),
    ...(reschedule === undefined ? [] : [{ kind: "reschedule", at: reschedule } as const]),
    { kind: "purge" },
  ];
}

/** For an index of jobs by the IDs of their evaluations. */
export const evaluationIdsOf = (sha256: Sha256, job: JobRecord): readonly string[] => knownCauses(job).map((cause) => evaluationId(sha256, job.uid, cause));

/** The same of one of its pods: that it failed, and that another took its place. */
export function podCauses(pod: Pod): readonly EvaluationCause[] {
  const { uid = "" } = pod.metadata;
  const before = madeUpFor(pod);
  return [
    ...(pod.status?.phase === "Failed" ? [{ kind: "failure", allocId: uid } as const, { kind: "retry", allocId: uid } as const] : []),
    ...(before === undefined ? [] : [{ kind: "retry", allocId: before } as const]),
  ];
}

/** For an index of a job's pods by the IDs of those. */
export const podEvaluationIds = (sha256: Sha256, jobUid: string, pod: Pod): readonly string[] => podCauses(pod).map((cause) => evaluationId(sha256, jobUid, cause));

/** For an index of jobs by the IDs of their deployments. */
export const deploymentIdsOf = (sha256: Sha256, job: JobRecord): readonly string[] =>
  rememberedVersions(job).map((version) => deploymentId(sha256, job.uid, version));
