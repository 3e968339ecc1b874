/**
 * @module Everything that Nomad's reconciler decides for one job: which allocations to make, stop, end and forget in each of its groups,
 * and what becomes of its deployment. Pure: no clock, no I/O; it may be asked again at any time, after any crash. Used by the controller.
 */
import { planCountGroup } from "./count-group.ts";
import { earliest, type GroupInput, isLive, KEEP_ENDED, OPEN } from "./group-input.ts";
import { planStoppedGroup } from "./stopped-group.ts";
import type { GroupPlan, GroupSpec, JobAllocation, JobPlan, JobPlanInput } from "./types.ts";

export function planJob(input: JobPlanInput): JobPlan {
  const groups = Object.fromEntries(groupInputs(input).map((each) => [each.group.name, planGroup(each, input)]));
  return {
    groups,
    status: statusOf(Object.values(groups), input),
    ...earliest(...Object.values(groups).map(({ wakeInMs }) => wakeInMs)),
  };
}

/** Those of the job, and those that it has no more but that still have pods. */
function groupInputs(input: JobPlanInput): readonly GroupInput[] {
  const byGroup = Map.groupBy(input.allocations, ({ group }) => group);
  const known = new Set(input.groups.map(({ name }) => name));
  const gone = [...byGroup.keys()].filter((name) => !known.has(name)).map((name): GroupSpec => ({ name, count: 0, specHash: "" }));
  return [...input.groups, ...gone].map((group) => groupInput(input, group, byGroup.get(group.name) ?? []));
}

function groupInput(input: JobPlanInput, group: GroupSpec, allocations: readonly JobAllocation[]): GroupInput {
  const completed = input.completed?.[group.name];
  const { type, stopped, version, now } = input;
  return { type, stopped, version, group, allocations, rollout: OPEN, keepEnded: KEEP_ENDED, now, ...(completed === undefined ? {} : { completed }) };
}

function planGroup(group: GroupInput, { groups }: JobPlanInput): GroupPlan {
  const isGone = !groups.some(({ name }) => name === group.group.name);
  if (group.stopped || isGone) return planStoppedGroup(group);
  return planCountGroup(group);
}

/** Nomad's: running while anything lives, pending while something is to come, and dead otherwise, even a service job of count 0. */
function statusOf(groups: readonly GroupPlan[], { stopped, allocations }: JobPlanInput): JobPlan["status"] {
  if (stopped) return "dead";
  if (allocations.some(isLive)) return "running";
  const isToCome = groups.some(({ create, end, summary, updates }) => create.length > 0 || end.length > 0 || summary.Queued > 0 || updates.RescheduleLater > 0);
  return isToCome ? "pending" : "dead";
}
