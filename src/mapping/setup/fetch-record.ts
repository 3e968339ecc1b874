/**
 * @module What the container that fetches a task's artifacts says of its tries. As on Nomad a download that fails is a failed start of the task, which
 * the restart policy counts; fetch/restart.go does the counting. Used by pod-status.ts.
 */
import type { ContainerStatus, Terminated } from "../../api/pod.ts";
import { EXIT_NO_RESTART, type FetchMessage, type PastDownload } from "../../contract/launcher-document.ts";
import { epochMs } from "../../lib/epoch.ts";

export type FetchRecord = {
  /** Oldest first, four at most. */
  readonly failures: readonly PastDownload[];
  /** Epoch ms of the try that has not failed; absent before the first, and while a delay is waited out. */
  readonly startedAt?: number;
  /** Tries after the first one. */
  readonly restarts: number;
  /** There is no further try: the task has failed. */
  readonly givenUp: boolean;
};

/** @param now epoch ms: a try that is put off has not begun, although its container has */
export function fetchRecord(status: ContainerStatus, now: number): FetchRecord {
  const end = tellingEnd(status);
  const said = end === undefined ? undefined : parseMessage(end);
  const failures = said?.failures ?? (end === undefined ? [] : untoldFailure(end, said));
  const givenUp = end?.exitCode === EXIT_NO_RESTART && said?.reason === "attempts-spent";
  // After the last try a container only holds its place.
  const startedAt = givenUp ? undefined : ownStart(status, failures.at(-1), now);
  return { failures, restarts: said?.restarts ?? 0, givenUp, ...(startedAt === undefined ? {} : { startedAt }) };
}

/** The newest end that says something: one that was killed while it only held its place leaves what was said before. */
function tellingEnd({ state, lastState }: ContainerStatus): Terminated | undefined {
  const ends = [state?.terminated, lastState?.terminated].filter((end) => end !== undefined);
  return ends.find(({ exitCode }) => exitCode === EXIT_NO_RESTART) ?? ends[0];
}

function ownStart({ state }: ContainerStatus, last: PastDownload | undefined, now: number): number | undefined {
  const begun = epochMs(state?.running?.startedAt ?? (state?.terminated?.exitCode === 0 ? state.terminated.startedAt : undefined));
  if (begun === undefined) return undefined;
  const due = Math.max(begun, last === undefined ? 0 : last.finishedMs + (last.restartInMs ?? 0));
  return due > now ? undefined : due;
}

/** Of an end that tells of no failures but is one: a message of words, one without room for them, or none at all. */
function untoldFailure(end: Terminated, said: FetchMessage | undefined): readonly PastDownload[] {
  const finishedMs = epochMs(end.finishedAt);
  if (end.exitCode === 0 || said?.reason === "stopped" || finishedMs === undefined) return [];
  const words = (said?.message ?? end.message ?? "").trim();
  const message = words === "" ? `Exit Code: ${end.exitCode}` : words.slice(0, MAX_TEXT).toWellFormed();
  return [{ startedMs: epochMs(end.startedAt) ?? finishedMs, finishedMs, message }];
}

const MAX_TEXT = 2048;
const MAX_FAILURES = 4;
/** The last moment that a date can say. */
const MAX_TIME_MS = 8.64e15;
const REASONS: readonly unknown[] = ["exited", "attempts-spent", "completed", "stopped"] satisfies readonly FetchMessage["reason"][];

function parseMessage({ message }: Terminated): FetchMessage | undefined {
  if (message === undefined || !message.startsWith("{")) return undefined;
  try {
    const said: unknown = JSON.parse(message);
    return isFetchMessage(said) ? said : undefined;
  } catch {
    // Not JSON is an answer here: the container ended without its own words.
    return undefined;
  }
}

function isFetchMessage(value: unknown): value is FetchMessage {
  if (typeof value !== "object" || value === null) return false;
  const { version, reason, message, restarts, failures } = value as Partial<FetchMessage>;
  return version === 1 && REASONS.includes(reason) && typeof message === "string" && Number.isSafeInteger(restarts) && areFailures(failures);
}

const areFailures = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length <= MAX_FAILURES && value.every(isFailure));
const isTime = (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= MAX_TIME_MS;

function isFailure(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { startedMs, finishedMs, message, restartInMs } = value as Partial<PastDownload>;
  return isTime(startedMs) && isTime(finishedMs) && typeof message === "string" && (restartInMs === undefined || isTime(restartInMs));
}
