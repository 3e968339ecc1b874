/** @module One job as the bridge knows it, whatever kind of object it is stored in. Used by the bridge and by main, which makes them. */
import type { ExecTask } from "../api/exec-task.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { type JobRequests, readJobRequests } from "../contract/job-requests.ts";

export type JobObject = ExecTask | NomadJob;

/** Its namespace is managed. Equal objects have equal records, but not the same one. */
export type JobRecord = {
  readonly object: JobObject;
  readonly uid: string;
  readonly namespace: string;
  /** Nomad's ID, which need not be the object's name. */
  readonly jobId: string;
  /** Read when it is first asked for, and once: a job's evaluations and allocations each ask, and there may be many requests. */
  readonly requests: JobRequests;
};

export function jobRecord(object: JobObject): JobRecord {
  const { name, namespace = "default", uid = "" } = object.metadata;
  let requests: JobRequests | undefined;
  return {
    object,
    uid,
    namespace,
    jobId: object.kind === "ExecTask" ? name : object.spec.id,
    get requests() {
      return (requests ??= readJobRequests(object.metadata.annotations?.[ANNOTATION.requests]));
    },
  };
}

/** ID of the job that this one was launched or dispatched by; "" for any other. */
export const parentOf = ({ object }: JobRecord): string => object.metadata.annotations?.[ANNOTATION.parent] ?? "";

/** From 0: every change of the spec is a version. */
export const versionOf = ({ object }: JobRecord): number => (object.metadata.generation ?? 1) - 1;

/** Whether the controller has looked at the present version. */
export const isObserved = ({ status, metadata }: JobObject): boolean => status?.observedGeneration === metadata.generation;

export const requestsOf = ({ requests }: JobRecord): JobRequests => requests;
