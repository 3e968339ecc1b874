/** @module What a container's status and the launcher's termination message say, before the other containers of the pod are looked at. Used by pod-status.ts. */
import type { ContainerStatus, Terminated } from "../api/pod.ts";
import { EXIT_NO_RESTART, type TerminationMessage } from "../contract/launcher-document.ts";
import { epochMs } from "../lib/epoch.ts";

/** One end of a container, with what the launcher said of it. Times are epoch ms. */
export type RunEnd = {
  readonly exitCode: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly oomKilled: boolean;
  readonly message?: TerminationMessage;
};

export type ContainerRecord = {
  readonly restarts: number;
  /** Epoch ms of the container's present start; absent while it does not run. */
  readonly startedAt?: number;
  readonly lastEnd?: RunEnd;
  /** Its launcher has said that this task must not be started again. */
  readonly givenUp: boolean;
  /** Why it waits, in Kubernetes' words ("ErrImagePull: …"); absent while it runs. */
  readonly waiting?: string;
};

export function containerRecord(status: ContainerStatus | undefined): ContainerRecord {
  const end = tellingEnd(status);
  const startedAt = epochMs(status?.state?.running?.startedAt);
  const waiting = status?.state?.waiting;
  return {
    restarts: status?.restartCount ?? 0,
    givenUp: end !== undefined && isGivenUp(end),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(end === undefined ? {} : { lastEnd: runEnd(end) }),
    ...(waiting === undefined ? {} : { waiting: [waiting.reason, waiting.message].filter((part) => part !== undefined).join(": ") }),
  };
}

/** The newest end, but for a launcher that had given up before and was only killed since: what it said then still holds. */
function tellingEnd(status: ContainerStatus | undefined): Terminated | undefined {
  const [now, before] = [status?.state?.terminated, status?.lastState?.terminated];
  if (now === undefined || before === undefined) return now ?? before;
  return !isGivenUp(now) && isGivenUp(before) ? before : now;
}

function isGivenUp(end: Terminated): boolean {
  if (end.exitCode !== EXIT_NO_RESTART) return false;
  const reason = parseTermination(end)?.reason;
  return reason === "attempts-spent" || reason === "start-failed";
}

function runEnd(end: Terminated): RunEnd {
  const startedAt = epochMs(end.startedAt);
  const finishedAt = epochMs(end.finishedAt);
  const message = parseTermination(end);
  return {
    exitCode: message?.exitCode ?? end.exitCode,
    oomKilled: end.reason === "OOMKilled" || message?.oomKilled === true,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(message === undefined ? {} : { message }),
  };
}

/** A task may overwrite what its launcher left: a wait beyond a month is not believed. */
const MAX_RESTART_MS = 31 * 24 * 3_600_000;

/** Undefined where the launcher left nothing readable, or nothing that fits how it ended: it was killed, and the task may have written the file. */
function parseTermination({ message: text, exitCode }: Terminated): TerminationMessage | undefined {
  const message = parsed(text);
  return isTermination(message) && fitsExit(message, exitCode) ? message : undefined;
}

/** Whether a launcher that left this message would end with this code; see `decideRestart` in launcher/restart.go. */
function fitsExit({ reason, exitCode, message }: TerminationMessage, own: number): boolean {
  if (reason === "attempts-spent" || reason === "start-failed") return own === EXIT_NO_RESTART;
  if (reason === "completed" || (reason === "stopped" && message !== "")) return own === 0;
  return own === exitCode || (own === 1 && (exitCode === 0 || exitCode === EXIT_NO_RESTART));
}

function parsed(text: string | undefined): unknown {
  // What most containers leave; an exception for each would be most of what a list of allocations costs.
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer here: nothing of ours was left behind.
    return undefined;
  }
}

function isTermination(value: unknown): value is TerminationMessage {
  if (typeof value !== "object" || value === null) return false;
  const { version, reason, exitCode, message, restartInMs, signal } = value as Partial<TerminationMessage>;
  const delayIsSane = restartInMs === undefined || (Number.isFinite(restartInMs) && restartInMs >= 0 && restartInMs <= MAX_RESTART_MS);
  const signalIsText = signal === undefined || typeof signal === "string";
  return version === 1 && typeof reason === "string" && Number.isInteger(exitCode) && typeof message === "string" && delayIsSane && signalIsText;
}

/** When the launcher starts the task again after its delay, in epoch ms. */
export function delayedStart({ lastEnd }: Pick<ContainerRecord, "lastEnd">): number | undefined {
  const delay = lastEnd?.message?.restartInMs;
  return delay === undefined || lastEnd?.finishedAt === undefined ? undefined : lastEnd.finishedAt + delay;
}

/** A container that prepares the pod. */
export type SetupRecord = {
  readonly container: string;
  /** When its present or last run began, in epoch ms; absent until it has run. */
  readonly startedAt?: number;
  /** Its last run failed, and kubelet tries again: what it said, and when, in epoch ms. */
  readonly failure?: { readonly text: string; readonly at?: number };
  readonly waiting?: string;
};

export function setupRecord(status: ContainerStatus): SetupRecord {
  const { state, lastState, name } = status;
  const end = state?.terminated ?? lastState?.terminated;
  const startedAt = epochMs(state?.running?.startedAt ?? end?.startedAt);
  const waiting = containerRecord(status).waiting;
  return {
    container: name,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(end === undefined || end.exitCode === 0 ? {} : { failure: setupFailure(end) }),
    ...(waiting === undefined ? {} : { waiting }),
  };
}

const MAX_SETUP_TEXT = 1024;

/** Either a message as launchers leave it, or plain words. */
function setupFailure(end: Terminated): NonNullable<SetupRecord["failure"]> {
  const said = parsed(end.message) as { readonly message?: unknown } | null | undefined;
  const text = typeof said === "object" && typeof said?.message === "string" ? said.message : (end.message ?? "").trim();
  const at = epochMs(end.finishedAt);
  return { text: text === "" ? `Exit Code: ${end.exitCode}` : text.slice(0, MAX_SETUP_TEXT).toWellFormed(), ...(at === undefined ? {} : { at }) };
}
