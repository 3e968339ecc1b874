/** @module /v1/client/allocation/:id/{stats,restart,signal,checks,gc}: what an allocation uses, and what can be done to it while it runs. */
import type { EndedRun, Operation, UsageMessage } from "../../contract/frames.ts";
import type { TaskMark } from "../../contract/task-marks.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { NO_TASK_OF_THAT_NAME, NOT_ELIGIBLE_FOR_GC, noTaskRunner, PERMISSION_DENIED, RESTART_OF_ENDED_ALLOCATION, signalsFailed, TASK_NAME_AND_ALL_TASKS, TASK_NOT_RUNNING, unknownAllocation } from "../../nomad/texts.ts";
import { isTrue, textOf } from "../body.ts";
import { serviceChecks } from "../../mapping/job/service-checks.ts";
import { sourceOf } from "../read-handlers.ts";
import { allocationFacts, profileOf } from "../exec-facts.ts";
import { json, type Reply, text } from "../reply.ts";
import { allocationUsage } from "./allocation-usage.ts";
import { beginOperation, findTarget, type Refusal, type Target } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";
import { parsed, refusal } from "./file-handlers.ts";
import { collect } from "./stream-body.ts";
import { hasEndedSince } from "./ended-since.ts";

/** Of one that runs nothing there is nothing to be measured, which is no error. */
export async function readStats(context: ClientContext): Promise<Reply> {
  const target = findTarget(context, "stats");
  if (!target.ok) return refusal(target.error);
  const measured = await Promise.all(runningTasks(target.value).map(async (task) => await usageOf(context, target.value, task)));
  const failed = measured.find((each) => !each.ok);
  if (failed !== undefined && !failed.ok) return refusal(failed.error);
  const profile = profileOf(target.value.allocation.pod, context.cluster.config());
  const usages = measured.flatMap((each) => (each.ok && each.value !== undefined ? [each.value] : []));
  return json(allocationUsage(usages, { mhzPerCore: profile?.mhzPerCore ?? 1000, now: context.client.now() }));
}

/** None of an allocation that has ended. */
export async function readChecks(context: ClientContext): Promise<Reply> {
  const target = findTarget(context, "stats");
  if (!target.ok) return refusal(target.error);
  const now = context.client.now();
  const source = runningTasks(target.value).length === 0 ? undefined : sourceOf({ cluster: context.cluster, now }, target.value.allocation, new Map());
  return json(source === undefined ? {} : serviceChecks(source));
}

export async function restartTasks(context: ClientContext): Promise<Reply> {
  const target = findTarget(context, "restart");
  if (!target.ok) return refusal(target.error);
  const task = textOf(context.body, "TaskName");
  if (task !== "" && isTrue(context.body, "AllTasks")) return text(500, TASK_NAME_AND_ALL_TASKS);
  if (task !== "" && !target.value.facts.tasks.has(task)) return text(500, noTaskRunner(task));
  if (task === "" && hasEnded(target.value.facts.clientStatus)) return text(500, RESTART_OF_ENDED_ALLOCATION);
  const at = context.client.now();
  const whom = task !== "" ? "task" : isTrue(context.body, "AllTasks") ? "all" : "running";
  const mark = (name: string, answer: Buffer): TaskMark => ({ task: name, kind: "restart", at, done: context.client.now(), whom, ...endedRun(answer) });
  return await inTasks(context, target.value, { operation: { operation: "restart" }, task, mark });
}

/** Nomad's CLI sends SIGKILL unless it is told otherwise. */
export async function signalTasks(context: ClientContext): Promise<Reply> {
  const target = findTarget(context, "signal");
  if (!target.ok) return refusal(target.error);
  const task = textOf(context.body, "Task");
  if (task !== "" && !target.value.facts.tasks.has(task)) return text(500, NO_TASK_OF_THAT_NAME);
  if (task === "" && runningTasks(target.value).length === 0) return text(500, signalsFailed([...target.value.facts.tasks.keys()]));
  const signal = textOf(context.body, "Signal") || "SIGKILL";
  const at = context.client.now();
  return await inTasks(context, target.value, { operation: { operation: "signal", signal }, task, mark: (name) => ({ task: name, kind: "signal", at, signal }) });
}

type Deed = { readonly operation: Operation; /** Empty: all that run. */ readonly task: string; readonly mark: (task: string, answer: Buffer) => TaskMark };

/** Each task is asked; the first that fails is the answer. What was done before that has been done. */
async function inTasks(context: ClientContext, target: Target, { operation, task, mark }: Deed): Promise<Reply> {
  const running = runningTasks(target);
  const chosen = task === "" ? running : running.filter((name) => name === task);
  if (chosen.length === 0) return text(500, TASK_NOT_RUNNING);
  const outcomes = await Promise.all(chosen.map(async (name) => ({ name, answer: await answerOf(context, target, { operation, task: name }) })));
  const done = outcomes.flatMap(({ name, answer }) => (answer.ok ? [mark(name, answer.value)] : []));
  if (done.length > 0) await context.client.markTasks(target.allocation.pod, done);
  const failed = outcomes.find(({ answer }) => !answer.ok)?.answer;
  return failed === undefined || failed.ok ? json({ Index: context.cluster.index() }) : refusal(failed.error);
}

/** What the launcher says of the run before a restart; nothing where it does not say it. */
function endedRun(answer: Buffer): { readonly ended?: EndedRun } {
  const { finishedMs, exitCode, signal } = (parsed(answer) ?? {}) as Partial<EndedRun>;
  if (!Number.isFinite(finishedMs) || !Number.isInteger(exitCode)) return {};
  return { ended: { finishedMs: Number(finishedMs), exitCode: Number(exitCode), ...(typeof signal === "string" ? { signal: signal.slice(0, 16) } : {}) } };
}

const runningTasks = ({ facts }: Target): readonly string[] => [...facts.tasks].flatMap(([name, { state }]) => (state === "running" ? [name] : []));

const hasEnded = (clientStatus: string): boolean => clientStatus === "complete" || clientStatus === "failed" || clientStatus === "lost";

type Asked = { readonly operation: Operation; readonly task: string };

async function answerOf(context: ClientContext, target: Target, { operation, task }: Asked): Promise<Result<Buffer, Refusal>> {
  const reader = await beginOperation(context, target, { operation, task, in: task });
  if (!reader.ok) return reader;
  const whole = await collect(reader.value);
  return whole.ok ? whole : err({ message: whole.error.message, code: whole.error.status });
}

type TaskUsage = { readonly task: string; readonly usage: UsageMessage };

/** Undefined: the task has ended meanwhile. */
async function usageOf(context: ClientContext, target: Target, task: string): Promise<Result<TaskUsage | undefined, Refusal>> {
  const answer = await answerOf(context, target, { operation: { operation: "stats" }, task });
  if (!answer.ok) return (await hasEndedSince(context, target, task)) ? ok(undefined) : answer;
  const usage = parsed(answer.value);
  return isUsage(usage) ? ok({ task, usage }) : err({ message: "the pod's answer is not what was asked for", code: 500 });
}

const USAGE_MEMBERS = ["rss", "cache", "swap", "usage", "maxUsage", "userPercent", "systemPercent", "timestamp"] as const;

function isUsage(value: unknown): value is UsageMessage {
  return typeof value === "object" && value !== null && USAGE_MEMBERS.every((name) => Number.isFinite((value as Record<string, unknown>)[name]));
}

/**
 * The files of an allocation that has ended went with its containers, so nothing is left to be collected but its record, which the controller keeps as
 * long as it says. One that has not ended cannot be collected, as on Nomad.
 */
export async function collectGarbage({ cluster, client, allocId, allowsNamespace }: ClientContext): Promise<Reply> {
  const allocation = cluster.allocation(allocId);
  if (allocation === undefined) return text(404, unknownAllocation(allocId));
  if (!allowsNamespace(allocation.job.namespace)) return text(403, PERMISSION_DENIED);
  const { clientStatus } = allocationFacts(allocation, undefined, client.now());
  return hasEnded(clientStatus) ? json({}) : text(500, NOT_ELIGIBLE_FOR_GC);
}
