/** @module A child of a periodic or parameterized job as the object that it becomes. Used by the controller for launches, and by the bridge for dispatches. */
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { JobSpec } from "../nomad/job.ts";
import { jobObjectName } from "./job-names.ts";
import type { Sha256 } from "./object-names.ts";

export type ChildOptions = {
  /** The child's job ID, and its name. */
  readonly id: string;
  /** What else is different from the parent. */
  readonly changes?: Partial<JobSpec>;
  readonly payloadSecret?: string;
};

/** Nomad's ID of a launch, to the second. @param at epoch ms */
export const launchId = (parentId: string, at: number): string => `${parentId}/periodic-${Math.floor(at / 1000)}`;

/** @param job the parent's own, canonical */
export function childJob(sha256: Sha256, parent: NomadJob, job: JobSpec, { id, changes, payloadSecret }: ChildOptions): KubeObject {
  const { apiVersion, kind, metadata } = parent;
  const submitter = metadata.annotations?.[ANNOTATION.submitter];
  const object = {
    apiVersion,
    kind,
    metadata: {
      name: jobObjectName(sha256, id),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      annotations: { [ANNOTATION.parent]: job.ID, ...(submitter === undefined ? {} : { [ANNOTATION.submitter]: submitter }) },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true }],
    },
    spec: {
      id,
      type: job.Type,
      priority: job.Priority,
      stop: false,
      job: { ...job, ID: id, Name: id, ParentID: job.ID, ...changes },
      ...(payloadSecret === undefined ? {} : { payloadSecret }),
    },
  };
  return object;
}

/** The launch of a periodic job for one time. The name follows from the time, so that a second try makes no second child. */
export const periodicChild = (sha256: Sha256, parent: NomadJob, job: JobSpec, at: number): KubeObject =>
  childJob(sha256, parent, job, { id: launchId(job.ID, at), changes: { Periodic: null } });
