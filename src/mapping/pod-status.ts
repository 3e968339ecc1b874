/**
 * @module What a pod's record says of its allocation and of each of its tasks. Used by the controller's plan and by the bridge's Nomad
 * objects.
 */
import type { ContainerStatus, Pod } from "../api/pod.ts";
import { ANNOTATION, type PodTask } from "../contract/pod-metadata.ts";
import { epochMs } from "../lib/epoch.ts";
import { type ContainerRecord, containerRecord, delayedStart, type SetupRecord, setupRecord } from "./container-record.ts";
import { fetchContainer, isSetup, tasksOfPod } from "./pod-tasks.ts";
import { type FetchRecord, fetchRecord } from "./setup/fetch-record.ts";

/** One task of the group. `startedAt` is the task's own start: a launcher may wait before it, and then it is absent. */
export type TaskRecord = PodTask &
  ContainerRecord & {
    /** Nomad's word. A task between two starts is pending. */
    readonly state: "pending" | "running" | "dead";
    readonly failed: boolean;
    /** Of its artifacts; absent where there are none, or nothing is known of them yet. */
    readonly fetch?: FetchRecord;
  };

export type AllocationRecord = {
  readonly state: "pending" | "running" | "spent" | "failed" | "complete" | "stopping";
  /** Epoch ms since when it has been ready, at the latest; absent while it is not. */
  readonly readySince?: number;
  /** Epoch ms at which a restart delay is over and it counts as ready, if nothing happens before: no event will tell. */
  readonly readyFrom?: number;
  readonly endedAt?: number;
  /** In the group's order, never empty. */
  readonly tasks: readonly TaskRecord[];
  /** What runs before the first task. */
  readonly setup: readonly SetupRecord[];
};

type RawTask = PodTask & ContainerRecord & Pick<TaskRecord, "fetch">;
type Fate = Pick<AllocationRecord, "state" | "readySince" | "readyFrom" | "endedAt">;

/** @param now epoch ms: a task that waits out its restart delay is not ready, although its container is */
export function allocationRecord(pod: Pod, now: number): AllocationRecord {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const raw = tasksOfPod(pod).map((task, position) => withFetch({ ...task, ...containerRecord(statusOf(statuses, task.container)) }, statusOf(statuses, fetchContainer(position)), now));
  const fate = fateOf(pod, raw, now);
  return { ...fate, tasks: raw.map((task) => taskRecord(task, { raw, fate, now })), setup: statuses.filter(({ name }) => isSetup(name, raw)).map(setupRecord) };
}

const statusOf = (statuses: readonly ContainerStatus[], container: string) => statuses.find(({ name }) => name === container);

/** As on Nomad, where a task that cannot have its artifacts is restarted and given up like one that ended. */
function withFetch(task: RawTask, status: ContainerStatus | undefined, now: number): RawTask {
  if (status === undefined) return task;
  const fetch = fetchRecord(status, now);
  return { ...task, fetch, restarts: task.restarts + fetch.restarts, givenUp: task.givenUp || fetch.givenUp };
}

const isMain = ({ hook }: PodTask) => hook === "";

/** It will not be started again. A task that is stopped from outside is, unless its launcher said that the group is over. */
function isOver({ hook, sidecar, givenUp, lastEnd, startedAt }: RawTask): boolean {
  if (givenUp || lastEnd?.message?.reason === "completed") return true;
  if (lastEnd?.message?.reason === "stopped" && lastEnd.message.message !== "") return true;
  return hook === "prestart" && !sidecar && startedAt === undefined && lastEnd?.exitCode === 0;
}

const mainsAreOver = (tasks: readonly RawTask[]) => tasks.filter(isMain).every(isOver);

/** A poststop task that fails when all else is over takes nothing away any more. */
const isSpent = (tasks: readonly RawTask[]) => tasks.some((task) => task.givenUp && !(task.hook === "poststop" && mainsAreOver(tasks)));

function fateOf(pod: Pod, tasks: readonly RawTask[], now: number): Fate {
  if (pod.metadata.deletionTimestamp !== undefined) return { state: "stopping" };
  if (pod.metadata.annotations?.[ANNOTATION.stopped] !== undefined) return stoppedFate(pod, tasks);
  if (pod.status?.phase === "Failed") return { state: "failed", endedAt: endOf(pod, tasks) };
  if (pod.status?.phase === "Succeeded") return { state: "complete", endedAt: endOf(pod, tasks) };
  if (isSpent(tasks)) return { state: "spent" };
  const ready = readyTime(pod, tasks, now);
  if (ready === undefined) return { state: "pending" };
  return ready > now ? { state: "pending", readyFrom: ready } : { state: "running", readySince: ready };
}

/**
 * Kubernetes says that such a pod failed, as it came to its deadline; on Nomad what was stopped is complete. A kubelet may say so while it
 * still ends the containers, and only then tells how they ended.
 */
function stoppedFate(pod: Pod, tasks: readonly RawTask[]): Fate {
  const isAtItsEnd = pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded";
  const hasEnded = isAtItsEnd && tasks.every(({ startedAt }) => startedAt === undefined);
  return hasEnded ? { state: "complete", endedAt: endOf(pod, tasks) } : { state: "stopping" };
}

function endOf(pod: Pod, tasks: readonly RawTask[]): number {
  const ends = tasks.flatMap((task) => endedAt(task) ?? []);
  return ends.length > 0 ? Math.max(...ends) : (epochMs(pod.metadata.creationTimestamp) ?? 0);
}

/** When the task last ended or, where it never ran, failed to get its artifacts; undefined while neither has happened. */
export function endedAt({ lastEnd, fetch, givenUp }: Pick<TaskRecord, "lastEnd" | "fetch" | "givenUp">): number | undefined {
  return lastEnd === undefined && givenUp ? fetch?.failures.at(-1)?.finishedMs : lastEnd?.finishedAt;
}

/** In the future while a main task's launcher waits out the restart delay. */
function readyTime(pod: Pod, tasks: readonly RawTask[], now: number): number | undefined {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready?.status !== "True") return undefined;
  return Math.max(latest(epochMs(ready.lastTransitionTime) ?? 0, now), ...tasks.filter(isMain).map((task) => delayedStart(task) ?? 0));
}

/**
 * Kubernetes' times have whole seconds, and are up to one too early. A version that fails at once was taken for healthy by a
 * `min_healthy_time` that was counted from there, on a node that was slow to say so.
 */
const latest = (second: number, now: number): number => Math.max(second, Math.min(now, second + 999));

type Group = { readonly raw: readonly RawTask[]; readonly fate: Fate; readonly now: number };

function taskRecord(task: RawTask, group: Group): TaskRecord {
  const { startedAt: _, ...rest } = task;
  const hasEnded = group.fate.state === "failed" || group.fate.state === "complete";
  const over = hasEnded || isOver(task);
  const startedAt = over ? undefined : ownStart(task, group);
  const state = over ? "dead" : startedAt === undefined ? "pending" : "running";
  return { ...rest, state, failed: isFailed(task, group), ...(startedAt === undefined ? {} : { startedAt }) };
}

/** Where no launcher gave up, something from outside ended the pod, and the main tasks with it. */
function isFailed(task: RawTask, { raw, fate }: Group): boolean {
  return task.givenUp || (fate.state === "failed" && isMain(task) && !raw.some(({ givenUp }) => givenUp));
}

/** When the task itself started, which a launcher may put off until a delay is over or other tasks are ready or dead; undefined while it waits. */
function ownStart(task: RawTask, { raw, now }: Group): number | undefined {
  if (task.startedAt === undefined) return undefined;
  const mains = raw.filter(isMain);
  const hookTimes = task.hook === "poststart" ? mains.map(firstStart) : task.hook === "poststop" ? mains.map(finalEnd) : [];
  const due = delayedStart(task) ?? 0;
  // A node's clock may be ahead of ours: a container that runs has started, whatever it says.
  return due > now || hookTimes.includes(Infinity) ? undefined : Math.max(task.startedAt, due, ...hookTimes);
}

/** Infinity: it has not come to that yet. */
const firstStart = ({ startedAt, lastEnd }: RawTask): number => lastEnd?.startedAt ?? lastEnd?.finishedAt ?? startedAt ?? Infinity;
const finalEnd = (task: RawTask): number => (isOver(task) ? (task.lastEnd?.finishedAt ?? 0) : Infinity);

/** The task whose failure is the allocation's; undefined while nothing has failed, and where it was none of the tasks. */
export const failedTask = ({ tasks }: AllocationRecord): TaskRecord | undefined => tasks.find((task) => task.givenUp) ?? tasks.find((task) => task.failed && task.lastEnd !== undefined);

/** What a person must know of an allocation that failed or does not start: Nomad's text where the launcher left one. */
export function problemOf(pod: Pod, record: AllocationRecord): string | undefined {
  if (record.state === "failed" || record.state === "spent") return failureText(pod, record);
  if (record.state !== "pending") return undefined;
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  if (scheduled?.status === "False") return scheduled.message;
  const setup = record.setup.find(({ failure }) => failure !== undefined);
  return setup?.failure?.text ?? waitingText(record);
}

function failureText(pod: Pod, record: AllocationRecord): string | undefined {
  const task = failedTask(record);
  const download = task?.fetch?.givenUp === true ? task.fetch.failures.at(-1)?.message : undefined;
  if (download !== undefined) return download;
  if (task?.lastEnd === undefined) return pod.status?.message ?? pod.status?.reason ?? record.setup.find(({ failure }) => failure !== undefined)?.failure?.text;
  const { message, exitCode, oomKilled } = task.lastEnd;
  const text = message !== undefined && message.message !== "" ? message.message : oomKilled ? "OOM Killed" : `Exit Code: ${exitCode}`;
  return record.tasks.length === 1 ? text : `task "${task.task}": ${text}`;
}

/** Containers that only wait for others say nothing, where another says why. */
function waitingText({ setup, tasks }: AllocationRecord): string | undefined {
  const waits = [...setup, ...tasks].flatMap(({ waiting }) => (waiting === undefined ? [] : [waiting]));
  return waits.find((text) => text !== "PodInitializing") ?? waits[0];
}
