/** @module A NomadJob object as the Nomad job that it stores, and the way back. Used by controller and bridge. */
import type { NomadJob, NomadJobSpec } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { epochMs } from "../lib/epoch.ts";
import { ok, type Result } from "../lib/result.ts";
import type { Job, JobSpec } from "../nomad/job.ts";
import { canonicalise } from "../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../nomad/jobspec/decode-job.ts";
import { isObserved, jobRecord, type JobRecord, requestsOf, versionOf } from "./job-record.ts";
import { deploymentOf } from "./kept-deployments.ts";
import { launchesJobs } from "./launches-jobs.ts";
import { indexOf } from "./nomad-job.ts";

const NS_PER_MS = 1_000_000;

/** The job of a stored spec, canonical, also where somebody wrote it by hand. What the object itself says (ID, namespace) wins. */
export function jobSpecOf(stored: Pick<NomadJobSpec, "id" | "job">, namespace: string): Result<JobSpec, string> {
  const decoded = decodeJob(stored.job);
  if (!decoded.ok) return decoded;
  const { spec } = canonicalise({ ...decoded.value, ID: stored.id, Namespace: namespace });
  return ok({ ...spec, Payload: null });
}

/** What is stored of a job. */
export const storedSpec = (job: JobSpec, rest: { readonly stop: boolean; readonly payloadSecret?: string | undefined }): NomadJobSpec => ({
  id: job.ID,
  type: job.Type,
  priority: job.Priority,
  stop: rest.stop,
  job: { ...job, Payload: null },
  ...(rest.payloadSecret === undefined ? {} : { payloadSecret: rest.payloadSecret }),
});

/** Nomad's JobModifyIndex: the object's version when its spec was last changed. */
export function jobModifyIndex(object: NomadJob): number {
  const index = object.status?.jobModifyIndex;
  return isObserved(object) && index !== undefined ? Math.max(1, Number(index) || 1) : indexOf(object);
}

/** One kept version of a job. */
export type JobVersion = {
  readonly version: number;
  readonly stop: boolean;
  /** Nomad's JobModifyIndex. */
  readonly modifyIndex: number;
  /** Epoch ms. */
  readonly submittedAt: number;
  readonly spec: JobSpec;
};

/** The object's own version; `submittedAt` is that of its revision where there is one. */
export function presentVersion(object: NomadJob, spec: JobSpec, submittedAt: number | undefined): JobVersion {
  return {
    version: versionOf(jobRecord(object)),
    stop: object.spec.stop === true,
    modifyIndex: jobModifyIndex(object),
    submittedAt: submittedAt ?? epochMs(object.metadata.creationTimestamp) ?? 0,
    spec,
  };
}

const hasSucceeded = (record: JobRecord, version: number): boolean => deploymentOf(record, version)?.status === "successful";

/** Nomad's word. One that the controller has not seen yet is pending, but for a parent: nothing of it is placed, so that Nomad calls it running from its registration on. */
export function stateOf(object: NomadJob): Job["Status"] {
  if (launchesJobs(object.spec.job) && !isObserved(object)) return object.spec.stop === true ? "dead" : "running";
  return object.status?.state ?? "pending";
}

/** As clients read it. @param createIndex of the job's registration, or of the oldest version that is known */
export function jobOfVersion(object: NomadJob, kept: JobVersion, createIndex: number): Job {
  const { status, metadata } = object;
  const record = jobRecord(object);
  const { stable, tags = {} } = requestsOf(record);
  const isPresent = kept.version === versionOf(record);
  const isStable = (version: number): boolean => (stable?.version === version ? stable.stable : status?.stableVersion === version || hasSucceeded(record, version));
  const tag = Object.entries(tags).find(([, { version }]) => version === kept.version);
  return {
    ...kept.spec,
    Stop: kept.stop,
    NomadTokenID: metadata.annotations?.[ANNOTATION.submitter] ?? "",
    Status: stateOf(object),
    StatusDescription: status?.description ?? "",
    // Stopping a job makes a version that takes this over.
    Stable: isStable(kept.version) || (kept.stop && stable?.version !== kept.version && isStable(kept.version - 1)),
    Version: kept.version,
    SubmitTime: kept.submittedAt * NS_PER_MS,
    CreateIndex: createIndex,
    ModifyIndex: isPresent ? indexOf(object) : kept.modifyIndex,
    JobModifyIndex: kept.modifyIndex,
    VersionTag: tag === undefined ? null : { Name: tag[0], Description: tag[1].description, TaggedTime: tag[1].taggedTime },
  };
}
