/** @module A launch of a periodic job as the child that it becomes. Used by the controller; the bridge makes those that somebody forces or dispatches. */
import type { NomadJob } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { JobSpec } from "../nomad/job.ts";
import { jobObjectName, type Sha256 } from "./object-names.ts";
import { storedSpec } from "./stored-job.ts";

/** Nomad's ID of a launch, to the second. @param at epoch ms */
export const launchId = (parentId: string, at: number): string => `${parentId}/periodic-${Math.floor(at / 1000)}`;

/**
 * The launch of a periodic job for one time. The name follows from the time, so that a second try makes no second child.
 * @param job the parent's own, canonical
 */
export function periodicChild(sha256: Sha256, { apiVersion, metadata }: NomadJob, job: JobSpec, at: number): NomadJob {
  const { namespace = "default", annotations, name, uid = "" } = metadata;
  const submitter = annotations?.[ANNOTATION.submitter];
  const id = launchId(job.ID, at);
  return {
    apiVersion,
    kind: "NomadJob",
    metadata: {
      name: jobObjectName(sha256, { namespace, jobId: id }),
      namespace,
      annotations: { [ANNOTATION.parent]: job.ID, ...(submitter === undefined ? {} : { [ANNOTATION.submitter]: submitter }) },
      ownerReferences: [{ apiVersion, kind: "NomadJob", name, uid, controller: true, blockOwnerDeletion: false }],
    },
    spec: storedSpec({ ...job, ID: id, Name: id, ParentID: job.ID, Periodic: null }, { stop: false }),
  };
}
