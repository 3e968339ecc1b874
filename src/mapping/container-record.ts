/** @module What a container's status and the launcher's termination message say, before the other containers of the pod are looked at. Used by pod-status.ts. */
import type { ContainerStatus, Terminated } from "../api/pod.ts";
import { EXIT_NO_RESTART, type PastRun, type TerminationMessage } from "../contract/launcher-document.ts";
import { epochMs } from "../lib/epoch.ts";

/** One end of a container, with what the launcher said of it. Times are epoch ms: the task's own, where the launcher has told them. */
export type RunEnd = {
  readonly exitCode: number;
  /** Absent where the task itself did not run. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** When it was told to end, where that is known. */
  readonly askedAt?: number;
  /** Runs before this end, oldest first. */
  readonly before: readonly PastRun[];
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
    restarts: Math.max(0, (status?.restartCount ?? 0) - (isHeld(status, end) ? 1 : 0)),
    givenUp: end !== undefined && isGivenUp(end),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(end === undefined ? {} : { lastEnd: runEnd(end) }),
    ...(waiting === undefined ? {} : { waiting: [waiting.reason, waiting.message].filter((part) => part !== undefined).join(": ") }),
  };
}

/** The newest end, but for a launcher that was done with its task before and has only held its place since: what it said then still holds. */
function tellingEnd(status: ContainerStatus | undefined): Terminated | undefined {
  const [now, before] = [status?.state?.terminated, status?.lastState?.terminated];
  if (now === undefined || before === undefined) return now ?? before;
  return isOver(parseTermination(before)) ? before : now;
}

/** What a launcher says of a task that it will not start again. */
function isOver(said: TerminationMessage | undefined): boolean {
  if (said === undefined) return false;
  return said.reason === "stopped" ? said.message !== "" : said.reason !== "exited";
}

/** Its launcher came up once more only to hold the place of a task that is over: that is no restart of the task. */
function isHeld(status: ContainerStatus | undefined, end: Terminated | undefined): boolean {
  if (end === undefined) return false;
  const { state, lastState } = status ?? {};
  const said = parseTermination(end);
  if (tellsItsLastRun(said) && endedBefore(said, end)) return true;
  // Where the kubelet had no time to start it once more, it says that the container is over, and of no start.
  const cameUp = state?.running !== undefined || epochMs(state?.terminated?.startedAt) !== undefined;
  return end === lastState?.terminated && cameUp && isOver(said);
}

function isGivenUp(end: Terminated): boolean {
  if (end.exitCode !== EXIT_NO_RESTART) return false;
  const reason = parseTermination(end)?.reason;
  return reason === "attempts-spent" || reason === "start-failed";
}

function runEnd(end: Terminated): RunEnd {
  const message = parseTermination(end);
  const { own, before } = runsOf(end, message);
  const startedAt = own?.startedMs ?? (isKnownNotToHaveRun(message) ? undefined : epochMs(end.startedAt));
  const finishedAt = own?.finishedMs ?? epochMs(end.finishedAt);
  return {
    exitCode: message?.exitCode ?? end.exitCode,
    oomKilled: end.reason === "OOMKilled" || message?.oomKilled === true,
    before,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(own?.askedMs === undefined ? {} : { askedAt: own.askedMs }),
    ...(message === undefined ? {} : { message }),
  };
}

const isKnownNotToHaveRun = (message: TerminationMessage | undefined): boolean => message?.reason === "start-failed" || Array.isArray(message?.runs);

/** Its launcher says that the task never began. */
export const neverRan = ({ message, startedAt, before }: RunEnd): boolean => startedAt === undefined && before.length === 0 && isKnownNotToHaveRun(message);

/** Of the runs that a launcher tells of, the one that this end is of: it ended while the container ran, or the launcher only repeats it. */
function runsOf(end: Terminated, message: TerminationMessage | undefined): { readonly own?: PastRun; readonly before: readonly PastRun[] } {
  const runs = message?.runs ?? [];
  const last = runs.at(-1);
  if (last === undefined || message?.reason === "start-failed") return { before: runs };
  if (!tellsItsLastRun(message) && endedBefore(message, end)) return { before: runs };
  return { own: last, before: runs.slice(0, -1) };
}

/** Only an end of the task itself is told in these words, and told again by a launcher that holds its place. */
const tellsItsLastRun = (message: TerminationMessage | undefined): boolean => message?.reason === "attempts-spent" || message?.reason === "completed";

/** Its last run ended before the container came up. Kubernetes' times have whole seconds. */
const endedBefore = (message: TerminationMessage | undefined, { startedAt }: Terminated): boolean => (message?.runs?.at(-1)?.finishedMs ?? Infinity) < (epochMs(startedAt) ?? 0);

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
  const { version, reason, exitCode, message, restartInMs, signal, runs } = value as Partial<TerminationMessage>;
  const isEnd = typeof reason === "string" && Number.isInteger(exitCode) && typeof message === "string";
  return version === 1 && isEnd && isDelay(restartInMs) && isOptionalText(signal) && areRuns(runs);
}

const isDelay = (value: unknown): boolean => value === undefined || (isCount(value) && value <= MAX_RESTART_MS);
const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === "string";
const isCount = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0;

const MAX_RUNS = 8;
/** The last moment that a date can say. */
const MAX_TIME_MS = 8.64e15;

function areRuns(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) && value.length <= MAX_RUNS && value.every(isRun);
}

function isRun(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { startedMs, finishedMs, exitCode, signal, restartInMs, askedMs } = value as Partial<PastRun>;
  const times = [startedMs, finishedMs, askedMs ?? 0];
  return times.every((time) => isCount(time) && time <= MAX_TIME_MS) && Number.isInteger(exitCode) && isOptionalText(signal) && isDelay(restartInMs);
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
