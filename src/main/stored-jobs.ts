/** @module NomadJobs and their kept versions as Nomad jobs, read from the caches. Decoding a large job takes a while, so each object is decoded once. */
import type { JobRevision } from "../api/job-revision.ts";
import type { NomadJob, NomadJobSpec } from "../api/nomad-job.ts";
import { epochMs } from "../lib/epoch.ts";
import { jobRecord, versionOf } from "../mapping/job-record.ts";
import { jobOfVersion, jobSpecOf, type JobVersion, presentVersion } from "../mapping/stored-job.ts";
import type { Job, JobSpec } from "../nomad/job.ts";
import type { BridgeCaches } from "./caches.ts";

export type StoredJobs = {
  /** Newest first; none for an object whose job cannot be read. */
  readonly versions: (object: NomadJob) => readonly JobVersion[];
  /** Undefined where that version is kept no more. */
  readonly job: (object: NomadJob, version: number) => Job | undefined;
};

export function storedJobs({ revisions }: Pick<BridgeCaches, "revisions">): StoredJobs {
  const specOf = specReader();
  const versions = (object: NomadJob): readonly JobVersion[] => {
    const spec = specOf(object, object.spec as NomadJobSpec, object);
    if (spec === undefined) return [];
    const present = versionOf(jobRecord(object));
    const kept = revisions.byIndex("owner", object.metadata.uid ?? "");
    const submitted = kept.find(({ revision }) => revision === present)?.data.submittedAt;
    const older = kept.filter(({ revision }) => revision < present).toSorted((a, b) => b.revision - a.revision);
    return [presentVersion(object, spec, epochMs(submitted)), ...older.flatMap((each) => revisionVersion(each, specOf(each, each.data.spec, object)))];
  };
  const job = (object: NomadJob, version: number): Job | undefined => {
    const kept = versions(object);
    const wanted = kept.find((each) => each.version === version);
    return wanted === undefined ? undefined : jobOfVersion(object, wanted, Math.min(...kept.map(({ modifyIndex }) => modifyIndex)));
  };
  return { versions, job };
}

function revisionVersion({ revision, data }: JobRevision, spec: JobSpec | undefined): readonly JobVersion[] {
  if (spec === undefined) return [];
  return [{ version: revision, stop: data.spec.stop, modifyIndex: Math.max(1, Number(data.jobModifyIndex) || 1), submittedAt: epochMs(data.submittedAt) ?? 0, spec }];
}

/** Objects of a cache never change: another version is another object. */
function specReader(): (key: object, spec: NomadJobSpec, owner: NomadJob) => JobSpec | undefined {
  const known = new WeakMap<object, { readonly spec: JobSpec | undefined }>();
  return (key, stored, owner) => {
    const found = known.get(key);
    if (found !== undefined) return found.spec;
    const read = jobSpecOf(stored, owner.metadata.namespace ?? "default");
    const spec = read.ok ? read.value : undefined;
    known.set(key, { spec });
    return spec;
  };
}
