/** @module Which jobs are over for good, so that their objects may go: by themselves after a while, or when `nomad system gc` asks. Pure. */
import type { NomadJob, NomadJobStatus } from "../api/nomad-job.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { launchesJobs } from "./launches-jobs.ts";

/** Nomad's job_gc_threshold. */
export const JOB_GC_THRESHOLD_MS = 4 * 3_600_000;

/** A parent keeps this many dead children; the oldest go first. Nomad has no such bound, and etcd is no place for 20,000 finished jobs. */
export const KEPT_DEAD_CHILDREN = 500;

const isDead = ({ metadata, status }: NomadJob): boolean =>
  status?.state === "dead" && (status.observedGeneration ?? 0) === (metadata.generation ?? 1) && (status.allocations ?? []).length === 0 && !hasWork(status);

/** Children go with their parent's object: it stays as long as one of them is at work. */
const hasWork = ({ children }: NomadJobStatus): boolean => children !== undefined && children.pending + children.running > 0;

const isBatch = ({ spec: { type } }: NomadJob): boolean => type === "batch" || type === "sysbatch";

/** Nomad's rule of `nomad system gc`: what is stopped, and batch work that is done. A service that is only dead may come back. */
export const isCollectable = (job: NomadJob): boolean => isDead(job) && (job.spec.stop === true || (isBatch(job) && !launchesJobs(job.spec.job)));

/** What goes without being asked: stopped jobs and children. A batch job that somebody applied stays, or who applies it again would run it again. */
export const expires = (job: NomadJob): boolean => isCollectable(job) && (job.spec.stop === true || job.metadata.annotations?.[ANNOTATION.parent] !== undefined);
