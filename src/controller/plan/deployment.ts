/**
 * @module What becomes of a job's deployment: begun with a version, moved on by its allocations' health, ended by success, by a deadline, by
 * a newer version or by the job's stop. One covers all groups of the version that have an update block; service and system jobs have any.
 * Source: developer.hashicorp.com/nomad/docs/job-specification/update
 */
import { canonicalJson } from "../../lib/canonical-json.ts";
import { type DeploymentGroup, type DeploymentState, DEPLOYMENT_TEXT, failed, isActive, isUnpromoted, runningText, withDeadline } from "./deployment-state.ts";
import { earliest, type GroupInput, healthyIn, isLive, OPEN, ownField, type Rollout } from "./group-input.ts";
import { rescheduleIn } from "./reschedule.ts";
import type { GroupSpec, JobAllocation, JobPlanInput } from "./types.ts";

export type Deployments = { readonly deployment?: DeploymentState; readonly superseded?: DeploymentState };

export function advance(input: JobPlanInput): Deployments {
  const before = input.deployment;
  if (input.stopped) return before === undefined ? {} : { deployment: cancelled(before, DEPLOYMENT_TEXT.stopped, input.now) };
  if (before?.jobVersion === input.version) return { deployment: moveOn(before, input) };
  const old = before === undefined ? undefined : cancelled(before, DEPLOYMENT_TEXT.newerJob, input.now);
  const fresh = begin(input);
  if (fresh === undefined) return old === undefined ? {} : { deployment: old };
  return { deployment: moveOn(fresh, input), ...(old === undefined ? {} : { superseded: old }) };
}

const cancelled = (state: DeploymentState, statusDescription: string, now: number): DeploymentState =>
  isActive(state) ? { ...state, status: "cancelled", statusDescription, modifiedAt: now } : state;

/** One for each of the nodes that a system group belongs on. */
const totalOf = ({ count, eligibleNodes }: GroupSpec): number => eligibleNodes?.length ?? count;

const hasUpdate = (group: GroupSpec) => group.update !== undefined && group.update.maxParallel > 0 && totalOf(group) > 0;

/** Undefined where there is nothing that a deployment would watch. One whose first state was never written begins again, and finds its pods. */
function begin(input: JobPlanInput): DeploymentState | undefined {
  const watched = input.type === "service" || input.type === "system" ? input.groups.filter(hasUpdate) : [];
  if (watched.length === 0) return undefined;
  const groups = Object.fromEntries(watched.map((group) => [group.name, newGroup(input, group)]));
  return { jobVersion: input.version, status: "running", statusDescription: runningText({ groups }), createdAt: input.now, modifiedAt: input.now, groups, markedHealthy: [] };
}

/** Nobody's time runs before the first allocation has its place. Canaries of system jobs there are none. */
function newGroup({ type, allocations }: JobPlanInput, group: GroupSpec): DeploymentGroup {
  const { name, update, specHash } = group;
  const isChanged = allocations.some((each) => each.group === name && isLive(each) && each.specHash !== specHash);
  return {
    autoRevert: update?.autoRevert ?? false,
    autoPromote: update?.autoPromote ?? false,
    progressDeadlineMs: update?.progressDeadlineMs ?? 0,
    promoted: false,
    desiredCanaries: isChanged && type === "service" ? (update?.canary ?? 0) : 0,
    desiredTotal: totalOf(group),
    placedCanaries: [],
    placedAllocs: 0,
    healthyAllocs: 0,
    unhealthyAllocs: 0,
    healthyCanaries: 0,
  };
}

/** One group of the deployment and the allocations that belong to it. */
type Watched = {
  readonly name: string;
  readonly state: DeploymentGroup;
  readonly spec: GroupInput;
  readonly own: readonly JobAllocation[];
  readonly isComplete: boolean;
};

function moveOn(before: DeploymentState, input: JobPlanInput): DeploymentState {
  if (!isActive(before)) return before;
  const uids = new Set(input.allocations.map(({ uid }) => uid));
  const kept = { ...before, markedHealthy: before.markedHealthy.filter((uid) => uids.has(uid)) };
  const watched = watchedGroups(kept, input);
  const counted = promoteItself({ ...kept, groups: Object.fromEntries(watched.map(({ name, state }) => [name, state])) }, input.now);
  const next = counted.status === "paused" ? counted : judge(counted, watched, input);
  // It comes back from an API server with its groups in another order: taken for a change, each write of the status would bring about the next.
  return canonicalJson(next) === canonicalJson(before) ? before : { ...next, modifiedAt: input.now };
}

function judge(state: DeploymentState, watched: readonly Watched[], { stable, now }: JobPlanInput): DeploymentState {
  const fail = (text: string, groups: readonly Watched[]) => failed(state, text, { wantsRevert: groups.some((each) => each.state.autoRevert), stable, now });
  const unhealthy = watched.filter((each) => each.state.unhealthyAllocs > 0 && (each.state.progressDeadlineMs === 0 || isLostForGood(each, now)));
  if (unhealthy.length > 0) return fail(DEPLOYMENT_TEXT.unhealthy, unhealthy);
  const late = watched.filter((each) => !each.isComplete && !waitsForPromotion(state, each.name) && (ownField(state.groups, each.name)?.requireProgressBy ?? Infinity) <= now);
  if (late.length > 0) return fail(DEPLOYMENT_TEXT.noProgress, late);
  if (watched.every((each) => each.isComplete)) return { ...state, status: "successful", statusDescription: DEPLOYMENT_TEXT.successful };
  return { ...state, statusDescription: runningText(state) };
}

/** As on Nomad nobody waits for the deadline where an allocation has failed that the reschedule policy gives no successor. */
function isLostForGood({ own, spec: { group } }: Watched, now: number): boolean {
  return group.reschedule !== undefined && own.some((each) => each.state === "failed" && rescheduleIn(each, group.reschedule, now) === "never");
}

function waitsForPromotion({ groups }: DeploymentState, name: string): boolean {
  const group = ownField(groups, name);
  return group !== undefined && isUnpromoted(group) && group.healthyCanaries >= group.desiredCanaries;
}

/** Only when every group that has canaries lets it, and all canaries are healthy. */
function promoteItself(state: DeploymentState, now: number): DeploymentState {
  const waiting = Object.values(state.groups).filter(isUnpromoted);
  if (state.status !== "running" || waiting.length === 0) return state;
  if (!waiting.every((each) => each.autoPromote && each.healthyCanaries >= each.desiredCanaries)) return state;
  return { ...state, groups: Object.fromEntries(Object.entries(state.groups).map(([name, each]) => [name, isUnpromoted(each) ? withDeadline({ ...each, promoted: true }, now) : each])) };
}

function watchedGroups(state: DeploymentState, input: JobPlanInput): readonly Watched[] {
  return input.groups.flatMap((group) => {
    const before = ownField(state.groups, group.name);
    return before === undefined ? [] : [watch(state, { group, before }, input)];
  });
}

function watch(deployment: DeploymentState, { group, before }: { readonly group: GroupSpec; readonly before: DeploymentGroup }, input: JobPlanInput): Watched {
  const all = input.allocations.filter((each) => each.group === group.name && each.node?.lostSince === undefined);
  const spec = groupOf(deployment, group, input);
  const hasPlace = placesOf(group);
  const own = all.filter((each) => each.specHash === group.specHash && (isLive(each) || (each.jobVersion === input.version && each.state !== "stopping" && each.wasStopped !== true)) && hasPlace(each));
  const canaries = own.filter((each) => each.canary === true && each.jobVersion === input.version && isLive(each));
  const healthy = own.filter((each) => isHealthy(spec, each));
  const places = new Set(healthy.map(({ index, node }) => (group.eligibleNodes === undefined ? index : node?.name)));
  const counted: DeploymentGroup = {
    ...before,
    placedCanaries: isUnpromoted(before) ? canaries.map(({ uid }) => uid).sort() : before.placedCanaries,
    desiredTotal: totalOf(group),
    placedAllocs: Math.max(before.placedAllocs, own.filter(({ unbound }) => unbound !== true).length),
    healthyAllocs: Math.max(before.healthyAllocs, healthy.length),
    unhealthyAllocs: Math.max(before.unhealthyAllocs, own.filter((each) => isUnhealthy(deployment, spec, each)).length),
    healthyCanaries: canaries.filter((each) => isHealthy(spec, each)).length,
  };
  const isOld = all.some((each) => isLive(each) && each.specHash !== group.specHash);
  const isComplete = !isOld && !isUnpromoted(before) && places.size >= totalOf(group);
  const isProgress = counted.healthyAllocs > before.healthyAllocs || (before.requireProgressBy === undefined && counted.placedAllocs > 0);
  const state = isProgress ? withDeadline(counted, input.now) : counted;
  return { name: group.name, state, spec, own, isComplete };
}

/** Whether an allocation is one of those that the group will be left with: what is about to be stopped, as it is one too many, counts for nothing. */
function placesOf({ count, eligibleNodes }: GroupSpec): (each: JobAllocation) => boolean {
  if (eligibleNodes === undefined) return ({ index }) => index < count;
  const names = new Set(eligibleNodes);
  return ({ node }) => node !== undefined && names.has(node.name);
}

const isHealthy = (spec: GroupInput, each: JobAllocation) => isLive(each) && healthyIn(spec, each) === 0;

/** It failed, or its time to become healthy is over: how long that still is, 0 once it is unhealthy. */
function unhealthyIn({ createdAt }: DeploymentState, { group, now }: GroupInput, each: JobAllocation): number {
  return Math.max(0, Math.max(each.createdAt, createdAt) + (group.update?.healthyDeadlineMs ?? 0) - now);
}

function isUnhealthy(deployment: DeploymentState, spec: GroupInput, each: JobAllocation): boolean {
  if (!isLive(each)) return each.state === "failed" || each.state === "spent";
  return !isHealthy(spec, each) && unhealthyIn(deployment, spec, each) === 0;
}

/** The part of a group's input that its allocations' health is read with. */
function groupOf(deployment: DeploymentState, group: GroupSpec, { type, stopped, version, now }: JobPlanInput): GroupInput {
  return { type, stopped, version, group, allocations: [], rollout: { ...OPEN, markedHealthy: new Set(deployment.markedHealthy) }, keepEnded: 0, now };
}

/** How far the deployment lets one group go. A deployment of another version, or one that has succeeded, holds nothing up. */
export function rolloutOf(deployment: DeploymentState | undefined, name: string, version: number): Rollout {
  const group = ownField(deployment?.groups, name);
  if (deployment === undefined || group === undefined || deployment.jobVersion !== version) return OPEN;
  const markedHealthy = new Set(deployment.markedHealthy);
  if (deployment.status === "successful" || deployment.status === "cancelled") return { ...OPEN, markedHealthy };
  const hold = deployment.status === "running" ? "none" : deployment.status;
  const unpromoted = isUnpromoted(group);
  return { hold, unpromoted, canaries: unpromoted && hold !== "failed" ? group.desiredCanaries : 0, markedHealthy };
}

/** When the deployment may change although nothing else does. */
export function deploymentWake(deployment: DeploymentState | undefined, input: JobPlanInput): { readonly wakeInMs?: number } {
  if (deployment?.status !== "running" || deployment.jobVersion !== input.version) return {};
  return earliest(
    ...watchedGroups(deployment, input).flatMap(({ name, state, spec, own }) => [
      ...(waitsForPromotion(deployment, name) ? [] : [(state.requireProgressBy ?? 0) - input.now]),
      ...own.filter(isLive).flatMap((each) => [healthyIn(spec, each), isHealthy(spec, each) ? undefined : unhealthyIn(deployment, spec, each)]),
    ]),
  );
}
