/**
 * @module Everything that Nomad's reconciler decides for one job: which allocations to make, stop, end and forget in each of its groups,
 * and what becomes of its deployment. Pure: no clock, no I/O; it may be asked again at any time, after any crash. Used by the controller.
 */
import { planCountGroup } from "./count-group.ts";
import { advance, deploymentWake, rolloutOf } from "./deployment.ts";
import type { DeploymentState } from "./deployment-state.ts";
import { earliest, type GroupInput, isLive, KEEP_ENDED, ownField } from "./group-input.ts";
import { planNodeGroup } from "./node-group.ts";
import { planStoppedGroup } from "./stopped-group.ts";
import type { GroupPlan, GroupSpec, JobPlan, JobPlanInput } from "./types.ts";

export function planJob(input: JobPlanInput): JobPlan {
  const { deployment, superseded } = advance(input);
  const groups = Object.fromEntries(groupInputs(input, deployment).map((each) => [each.group.name, planGroup(each, input)]));
  return {
    groups,
    ...(deployment === undefined ? {} : { deployment }),
    ...(superseded === undefined ? {} : { superseded }),
    ...outcomeOf(deployment, input),
    status: statusOf(Object.values(groups), input),
    ...earliest(...Object.values(groups).map(({ wakeInMs }) => wakeInMs), deploymentWake(deployment, input).wakeInMs),
  };
}

function outcomeOf(deployment: DeploymentState | undefined, { version }: JobPlanInput): Pick<JobPlan, "revertTo" | "markStable"> {
  if (deployment?.jobVersion !== version) return {};
  if (deployment.status === "successful") return { markStable: version };
  return deployment.status === "failed" && deployment.revertTo !== undefined ? { revertTo: deployment.revertTo } : {};
}

/** Those of the job, and those that it has no more but that still have pods. */
function groupInputs(input: JobPlanInput, deployment: DeploymentState | undefined): readonly GroupInput[] {
  const byGroup = Map.groupBy(input.allocations, ({ group }) => group);
  const known = new Set(input.groups.map(({ name }) => name));
  const gone = [...byGroup.keys()].filter((name) => !known.has(name)).map((name): GroupSpec => ({ name, count: 0, specHash: "" }));
  const { type, stopped, version, now } = input;
  return [...input.groups, ...gone].map((group) => {
    const completed = ownField(input.completed, group.name);
    const rollout = rolloutOf(deployment, group.name, version);
    const allocations = byGroup.get(group.name) ?? [];
    return { type, stopped, version, group, allocations, rollout, keepEnded: KEEP_ENDED, now, ...(completed === undefined ? {} : { completed }) };
  });
}

function planGroup(group: GroupInput, { groups }: JobPlanInput): GroupPlan {
  const isGone = !groups.some(({ name }) => name === group.group.name);
  if (group.stopped || isGone) return planStoppedGroup(group);
  return group.type === "system" || group.type === "sysbatch" ? planNodeGroup(group) : planCountGroup(group);
}

/**
 * Nomad's: running while anything that has a node lives or is being ended (only then is it known whether another takes its place), pending while something is to come, and dead otherwise, even a service job of count 0.
 * What waits for a node is queued, as far as Nomad's clients know.
 */
function statusOf(groups: readonly GroupPlan[], { stopped, allocations }: JobPlanInput): JobPlan["status"] {
  if (stopped) return "dead";
  if (allocations.some((each) => isLive(each) && each.node !== undefined) || groups.some(({ end }) => end.length > 0)) return "running";
  const isToCome = groups.some(({ create, summary, updates }) => create.length > 0 || summary.Queued > 0 || updates.RescheduleLater > 0);
  return isToCome ? "pending" : "dead";
}
