/**
 * @module What a pod's record proves happened to one of its tasks, as Nomad's task events with Nomad's words. Used by nomad-allocation.ts.
 * Source: what a Nomad 1.11 agent answers.
 */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { PastRun } from "../contract/launcher-document.ts";
import { readTaskMarks } from "../contract/task-marks.ts";
import { epochMs } from "../lib/epoch.ts";
import { formatDuration } from "../lib/duration.ts";
import type { NomadTaskEvent } from "../nomad/api-types.ts";
import { SIGNAL_NUMBERS } from "../nomad/driver/signals.ts";
import { multierror } from "../nomad/jobspec/validation/multierror.ts";
import { LEADER_TASK_DEAD, LEADER_TASK_IN_GROUP_DEAD, MAIN_TASKS_DEAD } from "../nomad/texts.ts";
import type { RunEnd } from "./container-record.ts";
import { type AllocationHealth, unhealthyText } from "./allocation-health.ts";
import { taskEvent } from "./nomad-task-event.ts";
import { type AllocationRecord, endedAt, failedTask, type TaskRecord } from "./pod-status.ts";
import { rulesOf } from "./pod-tasks.ts";

const NS_PER_MS = 1_000_000;
const SIGKILL = 9;
const KILLED = 128 + SIGKILL;

export type EventSource = { readonly pod: Pod; readonly record: AllocationRecord; readonly task: TaskRecord; /** Of the allocation, where it is known. */ readonly health?: AllocationHealth };

/** As many as Nomad keeps of a task. */
const MAX_EVENTS = 10;

/** Oldest first. */
export function taskEvents(source: EventSource): readonly NomadTaskEvent[] {
  const events = [...setupEvents(source), ...imageEvents(source), ...endEvents(source), ...siblingEvents(source), ...startEvents(source), ...userEvents(source), ...healthEvents(source)];
  return apart(events.toSorted((a, b) => a.Time - b.Time)).slice(-MAX_EVENTS);
}

/**
 * Kubernetes' times have whole seconds, and two events of Nomad's never have one time: clients that follow a task take what is not later than
 * the event before it for one that they have shown. Numbers of this size are 256 ns apart.
 */
const APART_NS = 1000;

function apart(events: readonly NomadTaskEvent[]): readonly NomadTaskEvent[] {
  let last = -Infinity;
  return events.map((each) => {
    last = Math.max(each.Time, last + APART_NS);
    return last === each.Time ? each : { ...each, Time: last };
  });
}

const event = (Type: string, ms: number, DisplayMessage: string, Details: Record<string, string> = {}): NomadTaskEvent => taskEvent(Type, { time: ms * NS_PER_MS, text: DisplayMessage, details: Details });

const createdAt = ({ pod }: EventSource): number => epochMs(pod.metadata.creationTimestamp) ?? 0;

const SETUP = "Building Task Directory";

function setupEvents(source: EventSource): readonly NomadTaskEvent[] {
  const { pod, task } = source;
  const created = createdAt(source);
  const events = [event("Received", created, "Task received by client")];
  const wasFetching = task.fetch !== undefined && (task.fetch.startedAt !== undefined || task.fetch.failures.length > 0);
  // Kubelet makes the volumes of the task's directory before it starts the first container that sees them.
  if (wasFetching || task.startedAt !== undefined || task.lastEnd !== undefined) {
    events.push(event("Task Setup", epochMs(pod.status?.startTime) ?? created, SETUP, { message: SETUP }));
  }
  return [...events, ...downloadEvents(source)];
}

/** Each try that is known of, and what followed from its failure. */
function downloadEvents({ pod, task }: EventSource): readonly NomadTaskEvent[] {
  if (task.fetch === undefined) return [];
  const { failures, givenUp, startedAt } = task.fetch;
  const failed = failures.flatMap(({ startedMs, finishedMs, message, restartInMs, beyond = false }) => [
    downloading(startedMs),
    event("Failed Artifact Download", finishedMs, message, { download_error: message }),
    ...(restartInMs === undefined ? [] : [restarting(finishedMs, restartInMs, beyond)]),
  ]);
  const last = failures.at(-1);
  const end = givenUp && last !== undefined ? spent(pod, task, last.finishedMs) : [];
  return [...failed, ...end, ...(startedAt === undefined ? [] : [downloading(startedAt)])];
}

const downloading = (at: number) => event("Downloading Artifacts", at, "Client is downloading artifacts");

const IMAGE_FAULT = /^(?:ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|ImageInspectError): /;

/** On Nomad the driver gives up and the restart policy counts; kubelet goes on trying. */
function imageEvents(source: EventSource): readonly NomadTaskEvent[] {
  const waiting = source.task.waiting ?? "";
  if (!IMAGE_FAULT.test(waiting)) return [];
  const at = epochMs(source.pod.status?.startTime) ?? createdAt(source);
  const text = `Failed to pull the image: ${waiting.replace(IMAGE_FAULT, "")}`;
  return [event("Driver", at, "Downloading image"), event("Driver Failure", at, text, { driver_error: text })];
}

/** The runs that are known of, the last end, what led to it, and what follows from it. */
function endEvents(source: EventSource): readonly NomadTaskEvent[] {
  const end = source.task.lastEnd;
  if (end === undefined) return [];
  const at = end.finishedAt ?? createdAt(source);
  const earlier = end.before.flatMap((run) => runEvents(run));
  if (end.message?.reason === "start-failed") return [...earlier, ...startFailedEvents(source, at, end.message.message)];
  const started = end.startedAt === undefined ? [] : [event("Started", end.startedAt, STARTED)];
  const wasStopped = end.message?.reason === "stopped";
  const asked = Math.min(at, end.askedAt ?? askedToStopAt(source.pod) ?? at);
  const before = wasStopped ? [...groupEvents(asked, end), killing(source, asked), ...skippedEvents(source, asked, end)] : [];
  // A stop between two runs ends nothing.
  const isRun = end.startedAt !== undefined || !wasStopped;
  const after = wasStopped ? [event("Killed", at, "Task successfully killed")] : restartEvents(source, end, at);
  return [...earlier, ...started, ...before, ...(isRun ? [terminated(at, end), ...after] : [])];
}

/** An end without words of its own. */
function endedBy({ exitCode, signal: name, oomKilled = false }: Pick<PastRun, "exitCode" | "signal" | "oomKilled">, at: number): NomadTaskEvent {
  const signal = name === undefined ? 0 : (SIGNAL_NUMBERS[name] ?? 0);
  return event("Terminated", at, terminatedText(exitCode, signal), { exit_code: String(exitCode), oom_killed: String(oomKilled), signal: String(signal) });
}

function runEvents(run: PastRun): readonly NomadTaskEvent[] {
  const { startedMs, finishedMs, restartInMs, beyond = false } = run;
  const restart = restartInMs === undefined ? [] : [restarting(finishedMs, restartInMs, beyond)];
  return [event("Started", startedMs, STARTED), endedBy(run, finishedMs), ...restart];
}

const TEMPLATE_FAILED = "Template failed: ";
const CONFIG_FAILED = "failed to parse config: ";

/** What Nomad calls a start that failed goes by what failed: a template, the driver's config, or the driver itself. */
function startFailedEvents(source: EventSource, at: number, message: string): readonly NomadTaskEvent[] {
  if (message.startsWith(TEMPLATE_FAILED)) return [event("Killing", at, message, { fails_task: "true" })];
  const attempts = rulesOf(source.pod, source.task.container)?.attempts;
  const end = notRestarting(at, attempts === 0 ? "Policy allows no restarts" : "Error was unrecoverable");
  if (message.startsWith(CONFIG_FAILED)) {
    const text = configErrors(message.slice(CONFIG_FAILED.length));
    return [event("Failed Validation", at, text, { validation_error: text }), end];
  }
  const text = isNotFound(message) ? `failed to launch command with executor: rpc error: code = Unknown desc = ${message}` : message;
  return [event("Driver Failure", at, text, { driver_error: text }), end];
}

/** As Nomad lists several errors, with an empty first one. */
const configErrors = (diagnostic: string) => multierror([CONFIG_FAILED, diagnostic.replace("; ", ": ")]);

const isNotFound = (message: string): boolean => message.startsWith("file ") && message.includes(" not found under path");

const STARTED = "Task started by client";

const terminatedText = (exitCode: number, signal: number): string => (signal === 0 ? `Exit Code: ${exitCode}` : `Exit Code: ${exitCode}, Signal: ${signal}`);

function terminated(at: number, end: RunEnd): NomadTaskEvent {
  const { exitCode, oomKilled, message } = end;
  const signal = signalOf(end);
  // Why a group ended its task is an event of its own.
  const words = message === undefined || message.reason === "stopped" ? "" : message.message;
  return event("Terminated", at, `${terminatedText(exitCode, signal)}${words === "" ? "" : `, Exit Message: "${words}"`}`, {
    exit_code: String(exitCode),
    oom_killed: String(oomKilled),
    signal: String(signal),
    ...(words === "" ? {} : { exit_message: words }),
  });
}

/** Where the launcher died with its task, as at most ends by memory, nobody was left to tell the signal. */
function signalOf({ message, exitCode, oomKilled }: RunEnd): number {
  if (message?.signal !== undefined) return SIGNAL_NUMBERS[message.signal] ?? 0;
  return exitCode === KILLED && (oomKilled || message === undefined) ? SIGKILL : 0;
}

function groupEvents(at: number, { message }: RunEnd): readonly NomadTaskEvent[] {
  if (message?.message === LEADER_TASK_DEAD) return [event("Leader Task Dead", at, LEADER_TASK_IN_GROUP_DEAD)];
  return message?.message === MAIN_TASKS_DEAD ? [event("Main Tasks Dead", at, MAIN_TASKS_DEAD)] : [];
}

/** When the pod was deleted: its deletion time is when it has to be gone. */
function askedToStopAt({ metadata }: Pod): number | undefined {
  const gone = epochMs(metadata.deletionTimestamp);
  return gone === undefined ? undefined : gone - (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
}

function killing({ pod, task }: EventSource, at: number): NomadTaskEvent {
  const timeout = rulesOf(pod, task.container)?.killTimeoutMs;
  if (timeout === undefined) return event("Killing", at, "Sent interrupt");
  return event("Killing", at, `Sent interrupt. Waiting ${formatDuration(timeout)} before force killing`, { kill_timeout: formatDuration(timeout) });
}

function skippedEvents({ pod, task }: EventSource, at: number, { delaySkipped }: RunEnd): readonly NomadTaskEvent[] {
  const delay = delaySkipped === true ? (rulesOf(pod, task.container)?.shutdownDelayMs ?? 0) : 0;
  return delay === 0 ? [] : [event("Skipping shutdown delay", at, `Skipping shutdown_delay of ${formatDuration(delay)} before killing the task.`)];
}

function restartEvents({ pod, task }: EventSource, end: RunEnd, at: number): readonly NomadTaskEvent[] {
  if (task.givenUp) return spent(pod, task, at);
  const rules = rulesOf(pod, task.container);
  const delay = end.message?.restartInMs;
  if (delay === undefined) return [];
  const isBeyond = rules?.mode === "delay" && (end.message?.attempt ?? 0) > rules.attempts;
  return [restarting(at, delay, isBeyond)];
}

/** The restart policy allows no further start. */
function spent(pod: Pod, { container }: TaskRecord, at: number): readonly NomadTaskEvent[] {
  const rules = rulesOf(pod, container);
  if (rules === undefined) return [];
  const { attempts, intervalMs, mode } = rules;
  return [notRestarting(at, attempts === 0 ? "Policy allows no restarts" : `Exceeded allowed attempts ${attempts} in interval ${formatDuration(intervalMs)} and mode is "${mode}"`)];
}

function restarting(at: number, delayMs: number, isBeyond: boolean): NomadTaskEvent {
  const reason = isBeyond ? "Exceeded allowed attempts, applying a delay" : "Restart within policy";
  const text = `Task restarting in ${formatDuration(delayMs)}`;
  return event("Restarting", at, isBeyond ? `${reason} - ${text}` : text, { restart_reason: reason, start_delay: String(Math.round(delayMs * NS_PER_MS)) });
}

const notRestarting = (at: number, reason: string) => event("Not Restarting", at, reason, { restart_reason: reason, fails_task: "true" });

/** The pod of a task that failed is ended, and the tasks beside it with it. */
function siblingEvents(source: EventSource): readonly NomadTaskEvent[] {
  const { record, task } = source;
  const failed = failedTask(record);
  if ((record.state !== "spent" && record.state !== "failed") || failed === undefined || !failed.givenUp || failed === task || task.givenUp) return [];
  const at = endedAt(failed) ?? createdAt(source);
  const wasOverBefore = task.state === "dead" && (task.lastEnd?.finishedAt ?? Infinity) < at;
  if (wasOverBefore) return [];
  // One that has run is told to end, which its own end tells of.
  const told = task.lastEnd === undefined && task.startedAt === undefined ? [killing(source, at)] : [];
  return [event("Sibling Task Failed", at, `Task's sibling "${failed.task}" failed`, { failed_sibling: failed.task }), ...told];
}

/** The present run, and the stop that it was told of. */
function startEvents(source: EventSource): readonly NomadTaskEvent[] {
  const { pod, task } = source;
  if (task.startedAt === undefined) return [];
  const asked = askedToStopAt(pod);
  return [event("Started", task.startedAt, STARTED), ...(asked === undefined ? [] : [killing(source, Math.max(asked, task.startedAt))])];
}

/** The deployment has given it up. */
function healthEvents({ task, health }: EventSource): readonly NomadTaskEvent[] {
  const text = health?.healthy === false ? unhealthyText(task, health, formatDuration) : undefined;
  return text === undefined ? [] : [event("Alloc Unhealthy", health?.at ?? 0, text, { message: text })];
}

const WHOM = { task: "task", running: "running tasks", all: "all tasks" } as const;

/** What users have done to it in place. A node's clock may be another than ours: the end of the run before is between the two times that we know. */
function userEvents({ pod, task }: EventSource): readonly NomadTaskEvent[] {
  const { marks } = readTaskMarks(pod.metadata.annotations?.[ANNOTATION.taskMarks]);
  return marks.filter((mark) => mark.task === task.task).flatMap((mark) => {
    if (mark.kind === "signal") return [event("Signaling", mark.at, "Task being sent a signal", { signal: mark.signal })];
    const reason = `User requested ${WHOM[mark.whom]} to restart`;
    const ended = mark.ended === undefined ? [] : [endedBy(mark.ended, Math.min(mark.done, Math.max(mark.at, mark.ended.finishedMs)))];
    return [
      event("Restart Signaled", mark.at, reason, { restart_reason: reason }),
      ...ended,
      event("Restarting", mark.done, "Task restarting in 0s", { start_delay: "0", restart_reason: "" }),
      event("Started", mark.done, STARTED),
    ];
  });
}
