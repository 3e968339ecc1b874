/** @module A NomadJob's versions as ControllerRevisions: which is missing, which may go, and what an older one said. Pure. */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { type JobRevision, KEPT_VERSIONS } from "../../api/job-revision.ts";
import type { NomadJob, NomadJobSpec } from "../../api/nomad-job.ts";
import { nomadJobSpec } from "../../api/nomad-job.ts";
import { LABEL } from "../../contract/pod-metadata.ts";
import { jobObjectName, type Sha256 } from "../../mapping/object-names.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";

export const versionOf = ({ metadata }: NomadJob): number => (metadata.generation ?? 1) - 1;

/** The UID keeps a job apart from the one that had its name before. */
export const revisionName = (sha256: Sha256, { metadata }: NomadJob, version: number): string =>
  `${jobObjectName(sha256, { namespace: metadata.uid ?? "", jobId: metadata.name })}-v${version}`;

/** Of the present spec. The resource version is that of when we first saw it: Nomad's JobModifyIndex. */
export function presentRevision(sha256: Sha256, job: NomadJob, now: number): JobRevision {
  const { apiVersion, kind, metadata } = job;
  const version = versionOf(job);
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: revisionName(sha256, job, version),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels: { [LABEL.managed]: "true" },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true, blockOwnerDeletion: true }],
    },
    revision: version,
    data: { spec: nomadJobSpec.parse(job.spec), jobModifyIndex: String(jobModifyIndex(job)), submittedAt: new Date(now).toISOString() },
  };
}

/** Nomad's CreateIndex: of the first version, also when that is kept no more. */
export function createIndexOf(job: NomadJob, revisions: readonly JobRevision[]): string {
  const known = revisions.map(({ data }) => Number(data.jobModifyIndex)).filter((index) => index > 0);
  return job.status?.createIndex ?? String(Math.min(jobModifyIndex(job), ...known));
}

/** The newest few stay, and those that something still needs: the stable one, those that pods run, those that a person has tagged. */
export function superfluous(revisions: readonly JobRevision[], isNeeded: (version: number) => boolean): readonly JobRevision[] {
  return revisions
    .toSorted((a, b) => b.revision - a.revision)
    .slice(KEPT_VERSIONS)
    .filter(({ revision }) => !isNeeded(revision));
}

/** The job as it was with that revision: its generation, and its spec. */
export const jobAt = (job: NomadJob, { revision, data }: JobRevision): NomadJob => ({ ...job, metadata: { ...job.metadata, generation: revision + 1 }, spec: data.spec });

/** Whether two versions ask for the same; the order of keys says nothing. */
export const isSameSpec = (a: NomadJobSpec | NomadJob["spec"], b: NomadJobSpec | NomadJob["spec"]): boolean => canonicalJson(nomadJobSpec.parse(a)) === canonicalJson(nomadJobSpec.parse(b));
