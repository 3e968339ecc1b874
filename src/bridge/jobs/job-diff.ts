/** @module What a plan says has changed: Nomad's JobDiff, and in it what will be done to the allocations of each group. */
import type { JobVersion } from "../../mapping/stored-job.ts";
import type { DesiredUpdates } from "../../nomad/api-types.ts";
import { type DiffedJob, diffJobs } from "../../nomad/jobspec/diff/diff-jobs.ts";
import type { JobDiff } from "../../nomad/jobspec/diff/diff-types.ts";

/** A kept version as diffs take it. */
export const asDiffed = ({ spec, stop }: JobVersion): DiffedJob => ({ ...spec, Stop: stop });

/** @param updates by group; undefined where nothing is planned */
export function plannedDiff(before: DiffedJob | undefined, after: DiffedJob, updates: Readonly<Record<string, DesiredUpdates>> | undefined): JobDiff {
  const diff = diffJobs(before, after);
  return { ...diff, TaskGroups: diff.TaskGroups?.map((group) => ({ ...group, Updates: updatesOf(updates?.[group.Name]) })) ?? null };
}

const UPDATE_NAMES = {
  Ignore: "ignore",
  Place: "create",
  Migrate: "migrate",
  Stop: "destroy",
  InPlaceUpdate: "in-place update",
  DestructiveUpdate: "create/destroy update",
  Canary: "canary",
  Preemptions: "preemptions",
} as const satisfies Partial<Record<keyof DesiredUpdates, string>>;

/** In the words that the CLI prints. */
function updatesOf(updates: DesiredUpdates | undefined): Readonly<Record<string, number>> | null {
  if (updates === undefined) return null;
  const named = Object.entries(UPDATE_NAMES).flatMap(([field, name]) => {
    const count = updates[field as keyof typeof UPDATE_NAMES];
    return count > 0 ? [[name, count] as const] : [];
  });
  return named.length === 0 ? null : Object.fromEntries(named);
}
