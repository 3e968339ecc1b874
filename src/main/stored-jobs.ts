/** @module NomadJobs and their kept versions as Nomad jobs, read from the caches. Decoding a large job takes a while, so each spec is decoded once. */
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

/** What was worked out for an object while its job had just these revisions. */
type Known = { readonly kept: readonly JobRevision[]; readonly versions: readonly JobVersion[]; readonly jobs: Map<number, Job> };

export function storedJobs({ revisions }: Pick<BridgeCaches, "revisions">): StoredJobs {
  const specOf = specReader();
  const read = (object: NomadJob, kept: readonly JobRevision[]): readonly JobVersion[] => {
    const spec = specOf(object.spec, object.spec as NomadJobSpec, object);
    if (spec === undefined) return [];
    const present = versionOf(jobRecord(object));
    const submitted = kept.find(({ revision }) => revision === present)?.data.submittedAt;
    const older = kept.filter(({ revision }) => revision < present).toSorted((a, b) => b.revision - a.revision);
    return [presentVersion(object, spec, epochMs(submitted)), ...older.flatMap((each) => revisionVersion(each, specOf(each, each.data.spec, object)))];
  };
  const known = new WeakMap<NomadJob, Known>();
  const knownOf = (object: NomadJob): Known => {
    const kept = revisions.byIndex("owner", object.metadata.uid ?? "");
    const found = known.get(object);
    if (found !== undefined && isSame(found.kept, kept)) return found;
    const made = { kept, versions: read(object, kept), jobs: new Map<number, Job>() };
    known.set(object, made);
    return made;
  };
  // A list of a job's allocations asks once for each of them.
  const job = (object: NomadJob, version: number): Job | undefined => {
    const { versions, jobs } = knownOf(object);
    const found = jobs.get(version);
    if (found !== undefined) return found;
    const wanted = versions.find((each) => each.version === version);
    if (wanted === undefined) return undefined;
    const made = jobOfVersion(object, wanted, Number(object.status?.createIndex) || Math.min(...versions.map(({ modifyIndex }) => modifyIndex)));
    jobs.set(version, made);
    return made;
  };
  return { versions: (object) => knownOf(object).versions, job };
}

const isSame = <T>(a: readonly T[], b: readonly T[]): boolean => a.length === b.length && a.every((each, index) => each === b[index]);

function revisionVersion({ revision, data }: JobRevision, spec: JobSpec | undefined): readonly JobVersion[] {
  if (spec === undefined) return [];
  return [{ version: revision, stop: data.spec.stop, modifyIndex: Math.max(1, Number(data.jobModifyIndex) || 1), submittedAt: epochMs(data.submittedAt) ?? 0, spec }];
}

/** Objects of a cache never change: another version is another object. Of the job itself the key is its spec, which it keeps while its status is written. */
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
