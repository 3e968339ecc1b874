/** @module Removes jobs that are over: after Nomad's threshold, and of one parent's dead children all but the newest few. */
import type { NomadJob } from "../../api/nomad-job.ts";
import { ok, type Result } from "../../lib/result.ts";
import { expires, JOB_GC_THRESHOLD_MS, KEPT_DEAD_CHILDREN } from "../../mapping/job-collection.ts";
import type { WriteError } from "../reconcile.ts";
import type { NomadJobDeps } from "./deps.ts";
import { memoryOf } from "./memory.ts";

type CollectDeps = Pick<NomadJobDeps, "job" | "deleteJob" | "now">;

/** @returns ms until the job expires; undefined where it does not, or is gone */
export async function collect(deps: CollectDeps, { metadata }: NomadJob): Promise<Result<number | undefined, WriteError>> {
  const job = deps.job(metadata.namespace ?? "default", metadata.name);
  const { deadSince } = memoryOf(job?.status ?? {});
  if (job === undefined || deadSince === undefined || !expires(job)) return ok(undefined);
  const left = deadSince + JOB_GC_THRESHOLD_MS - deps.now();
  if (left > 0) return ok(left);
  const removed = await deps.deleteJob(job);
  return removed.ok ? ok(undefined) : removed;
}

/** Dead children that there is no room for, the oldest first. */
export function surplusChildren(children: readonly NomadJob[]): readonly NomadJob[] {
  if (children.length <= KEPT_DEAD_CHILDREN) return [];
  return children
    .filter(expires)
    .toSorted((a, b) => deathOf(b) - deathOf(a) || (a.metadata.name < b.metadata.name ? -1 : 1))
    .slice(KEPT_DEAD_CHILDREN);
}

const deathOf = ({ status }: NomadJob): number => memoryOf(status ?? {}).deadSince ?? 0;
