/**
 * @module Whether an allocation is healthy for its deployment, since when, and if not, why: as Nomad's client decides it, once for each allocation.
 * Read off its pod and the deployment's state. Used by nomad-allocation.ts. Source: behaviour of a Nomad 1.11 agent.
 */
import { type DeploymentState, isActive } from "../contract/deployment-state.ts";
import type { Pod } from "../api/pod.ts";
import { epochMs } from "../lib/epoch.ts";
import type { Job, TaskGroup } from "../nomad/job.ts";
import type { JobRecord } from "./job-record.ts";
import { healthyAfterMs } from "./kubelet-silence.ts";
import { deploymentOf } from "./kept-deployments.ts";
import { type AllocationRecord, endedAt, type TaskRecord } from "./pod-status.ts";
import { groupOf, versionOfPod } from "./pod-group.ts";

const NS_PER_MS = 1_000_000;

/** `at` is epoch ms, as are all times here. */
export type AllocationHealth =
  | { readonly healthy: true; readonly at: number }
  | { readonly healthy: false; readonly at: number; readonly because: "failure" | "deadline"; readonly minHealthyMs: number; readonly deadlineMs: number };

export type HealthSource = { readonly pod: Pod; /** As it was at the pod's version. */ readonly job: Job; readonly record: JobRecord; readonly now: number };

const stateOf = ({ pod, record }: HealthSource): DeploymentState | undefined => deploymentOf(record, versionOfPod(pod));
const createdAt = ({ pod }: HealthSource): number => epochMs(pod.metadata.creationTimestamp) ?? 0;

/** Whether its version has a deployment, a service's that is updated step by step, and it was placed before that was over. */
export function isDeployed(source: HealthSource): boolean {
  const hasOne = source.record.object.kind === "NomadJob" && source.job.Type === "service" && (groupOf(source.job, source.pod)?.Update?.MaxParallel ?? 0) > 0;
  const state = hasOne ? stateOf(source) : undefined;
  return hasOne && (state === undefined || isActive(state) || createdAt(source) <= state.modifiedAt);
}

/** What came first counts. Undefined: neither has come yet, or it is in no deployment. */
export function allocationHealth(source: HealthSource, record: AllocationRecord): AllocationHealth | undefined {
  const group = groupOf(source.job, source.pod);
  if (group?.Update === null || group === undefined || !isDeployed(source)) return undefined;
  const [minHealthyMs, deadlineMs] = [group.Update.MinHealthyTime / NS_PER_MS, group.Update.HealthyDeadline / NS_PER_MS];
  const healthyAt = firstHealthy(source, record, group);
  const unhealthy = firstUnhealthy(source, record, deadlineMs);
  if (healthyAt !== undefined && healthyAt <= source.now && healthyAt <= (unhealthy?.at ?? Infinity)) return { healthy: true, at: healthyAt };
  return unhealthy === undefined ? undefined : { healthy: false, ...unhealthy, minHealthyMs, deadlineMs };
}

/** The earliest time that is known of. Of one that has ended or was restarted its runs tell, where no check has a say; a deployment that has succeeded tells of all it had. */
function firstHealthy(source: HealthSource, record: AllocationRecord, group: TaskGroup): number | undefined {
  const state = stateOf(source);
  const minHealthyMs = (group.Update?.MinHealthyTime ?? 0) / NS_PER_MS;
  const times = [
    healthyByReadiness(source, record, group),
    group.Update?.HealthCheck === "manual" || hasChecks(group) ? undefined : healthyByRuns(record, minHealthyMs),
    state?.status === "successful" && createdAt(source) <= state.modifiedAt && (endOf(record) ?? Infinity) > state.modifiedAt ? state.modifiedAt : undefined,
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** By its pod's readiness, and by the word of somebody where that counts. */
function healthyByReadiness(source: HealthSource, { readySince }: AllocationRecord, { Update }: TaskGroup): number | undefined {
  if (readySince === undefined || Update === null) return readySince;
  if (stateOf(source)?.markedHealthy.includes(source.pod.metadata.uid ?? "") === true) return readySince;
  if (Update.HealthCheck === "manual") return undefined;
  return readySince + healthyAfterMs({ minHealthyMs: Update.MinHealthyTime / NS_PER_MS, healthyDeadlineMs: Update.HealthyDeadline / NS_PER_MS });
}

const hasChecks = ({ Services, Tasks }: TaskGroup): boolean => [...Services, ...Tasks.flatMap((task) => task.Services)].some(({ Checks }) => Checks.length > 0);

/** When every main task had had a run that was long enough. */
function healthyByRuns({ tasks }: AllocationRecord, minHealthyMs: number): number | undefined {
  const times = tasks.filter(({ hook }) => hook === "").map((task) => Math.min(...runsOf(task).filter(([start, end]) => end - start >= minHealthyMs).map(([start]) => start + minHealthyMs)));
  return times.length === 0 || times.includes(Infinity) ? undefined : Math.max(...times);
}

/** From start to end, of those that have ended. */
const runsOf = ({ lastEnd }: TaskRecord): readonly (readonly [number, number])[] => [
  ...(lastEnd?.before ?? []).map(({ startedMs, finishedMs }) => [startedMs, finishedMs] as const),
  ...(lastEnd?.startedAt === undefined || lastEnd.finishedAt === undefined ? [] : [[lastEnd.startedAt, lastEnd.finishedAt] as const]),
];

/** Undefined while anything runs that has not ended. */
function endOf({ state, tasks }: AllocationRecord): number | undefined {
  if (state !== "failed" && state !== "spent" && state !== "complete") return undefined;
  return Math.max(0, ...tasks.flatMap((task) => endedAt(task) ?? []));
}

type Unhealthy = { readonly at: number; readonly because: "failure" | "deadline" };

/** The deadline counts only while the deployment waits for it, and the allocation has not ended. */
function firstUnhealthy(source: HealthSource, record: AllocationRecord, deadlineMs: number): Unhealthy | undefined {
  const state = stateOf(source);
  const end = endOf(record) ?? Infinity;
  const deadline = state === undefined ? Infinity : Math.max(createdAt(source), state.createdAt) + deadlineMs;
  const isWaitedFor = state !== undefined && (isActive(state) || state.modifiedAt >= deadline);
  if (isWaitedFor && deadline <= Math.min(source.now, end)) return { at: deadline, because: "deadline" };
  return end < Infinity && record.state !== "complete" ? { at: end, because: "failure" } : undefined;
}

/** Why this task is named among the reasons; undefined where it is none. */
export function unhealthyText(task: TaskRecord, health: AllocationHealth & { readonly healthy: false }, format: (ms: number) => string): string | undefined {
  const isDone = task.hook === "prestart" && !task.sidecar && task.state === "dead" && !task.failed && (endedAt(task) ?? 0) <= health.at;
  if (isDone) return undefined;
  if (health.because === "failure") return task.failed ? "Unhealthy because of failed task" : task.state === "dead" ? "Unhealthy because of dead task" : undefined;
  const ran = runsOf(task).some(([start, end]) => start <= health.at && health.at < end) || (task.startedAt ?? Infinity) <= health.at;
  return ran ? `Task not running for min_healthy_time of ${format(health.minHealthyMs)} by healthy_deadline of ${format(health.deadlineMs)}` : `Task not running by healthy_deadline of ${format(health.deadlineMs)}`;
}
