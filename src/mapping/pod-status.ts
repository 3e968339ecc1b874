/**
 * @module What a pod's record says of its allocation: the one place that reads container statuses and the launcher's termination
 * message. Used by the controller's plan and by the bridge's Nomad objects.
 */
import type { ContainerStatus, Pod, Terminated } from "../api/pod.ts";
import { epochMs } from "../lib/epoch.ts";
import { EXIT_NO_RESTART, type TerminationMessage } from "../contract/launcher-document.ts";

export type TaskRecord = {
  readonly restarts: number;
  /** Epoch ms of the present run's start; absent while the task does not run. */
  readonly startedAt?: number;
  /** The last end of the container, with what the launcher said of it. */
  readonly lastEnd?: {
    readonly exitCode: number;
    readonly startedAt?: number;
    readonly finishedAt?: number;
    readonly oomKilled: boolean;
    readonly message?: TerminationMessage;
  };
  /** Why it waits, in Kubernetes' words ("ContainerCreating: …"); absent while it runs. */
  readonly waiting?: string;
};

export type AllocationRecord = {
  readonly state: "pending" | "running" | "spent" | "failed" | "complete" | "stopping";
  /** Epoch ms since when it has been ready; absent while it is not. */
  readonly readySince?: number;
  /** Epoch ms at which a restart delay is over and it counts as ready, if nothing happens before: no event will tell. */
  readonly readyFrom?: number;
  readonly endedAt?: number;
  readonly task: TaskRecord;
};

/** @param now epoch ms: a task that waits out its restart delay is not ready, although its container is */
export function allocationRecord(pod: Pod, now: number): AllocationRecord {
  const status = pod.status?.containerStatuses?.[0];
  const task = taskRecord(status);
  const endedAt = task.lastEnd?.finishedAt ?? epochMs(pod.metadata.creationTimestamp) ?? 0;
  if (pod.metadata.deletionTimestamp !== undefined) return { state: "stopping", task };
  if (pod.status?.phase === "Failed") return { state: "failed", endedAt, task };
  if (pod.status?.phase === "Succeeded") return { state: "complete", endedAt, task };
  if (isSpent(status)) return { state: "spent", task };
  const ready = readyTime(pod, task);
  if (ready === undefined) return { state: "pending", task };
  return ready > now ? { state: "pending", readyFrom: ready, task } : { state: "running", readySince: ready, task };
}

/** What a person must know of an allocation that failed or does not start: Nomad's text where the launcher left one. */
export function problemOf(pod: Pod, { state, task }: AllocationRecord): string | undefined {
  if (state === "failed" || state === "spent") return failureText(pod, task);
  if (state !== "pending") return undefined;
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  return scheduled?.status === "False" ? scheduled.message : task.waiting;
}

function failureText(pod: Pod, { lastEnd }: TaskRecord): string | undefined {
  if (lastEnd === undefined) return pod.status?.message ?? pod.status?.reason;
  const { message, exitCode, oomKilled } = lastEnd;
  if (message !== undefined && message.message !== "") return message.message;
  return oomKilled ? "OOM Killed" : `Exit Code: ${exitCode}`;
}

/** The launcher has said that this task must not be started again. */
function isSpent(status: ContainerStatus | undefined): boolean {
  const end = status?.state?.terminated ?? status?.lastState?.terminated;
  if (end?.exitCode !== EXIT_NO_RESTART) return false;
  const reason = parseTermination(end)?.reason;
  return reason === "attempts-spent" || reason === "start-failed";
}

/** In the future while the launcher waits out the restart delay. */
function readyTime(pod: Pod, task: TaskRecord): number | undefined {
  const ready = pod.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready?.status !== "True") return undefined;
  return Math.max(epochMs(ready.lastTransitionTime) ?? 0, delayedStart(task) ?? 0);
}

/** When the launcher starts the task again after its delay, in epoch ms. */
export function delayedStart({ lastEnd }: TaskRecord): number | undefined {
  const delay = lastEnd?.message?.restartInMs;
  return delay === undefined || lastEnd?.finishedAt === undefined ? undefined : lastEnd.finishedAt + delay;
}

function taskRecord(status: ContainerStatus | undefined): TaskRecord {
  const end = status?.state?.terminated ?? status?.lastState?.terminated;
  const startedAt = epochMs(status?.state?.running?.startedAt);
  const waiting = status?.state?.waiting;
  return {
    restarts: status?.restartCount ?? 0,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(end === undefined ? {} : { lastEnd: lastEnd(end) }),
    ...(waiting === undefined ? {} : { waiting: [waiting.reason, waiting.message].filter((part) => part !== undefined).join(": ") }),
  };
}

function lastEnd(end: Terminated): NonNullable<TaskRecord["lastEnd"]> {
  const startedAt = epochMs(end.startedAt);
  const finishedAt = epochMs(end.finishedAt);
  const message = parseTermination(end);
  return {
    exitCode: message?.exitCode ?? end.exitCode,
    oomKilled: end.reason === "OOMKilled",
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(message === undefined ? {} : { message }),
  };
}

/** A task may overwrite what its launcher left: a wait beyond a month is not believed. */
const MAX_RESTART_MS = 31 * 24 * 3_600_000;

/** Undefined where the launcher left nothing readable: it was killed, or the task overwrote the file. */
function parseTermination(end: Terminated): TerminationMessage | undefined {
  try {
    const message: unknown = JSON.parse(end.message ?? "");
    return isTermination(message) ? message : undefined;
  } catch {
    // Not JSON is an answer here: nothing of ours was left behind.
    return undefined;
  }
}

function isTermination(value: unknown): value is TerminationMessage {
  if (typeof value !== "object" || value === null) return false;
  const { version, reason, exitCode, message, restartInMs } = value as Partial<TerminationMessage>;
  const delayIsSane = restartInMs === undefined || (Number.isFinite(restartInMs) && restartInMs >= 0 && restartInMs <= MAX_RESTART_MS);
  return version === 1 && typeof reason === "string" && Number.isInteger(exitCode) && typeof message === "string" && delayIsSane;
}
