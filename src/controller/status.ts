/** @module The status of an ExecTask as a value: counts, conditions, findings. Pure; reconcile hands it to the writer. */
import type { ExecTask, Finding } from "../api/exec-task.ts";
import { LABEL } from "../contract/pod-metadata.ts";
import type { AcceptedTask, Refusal } from "../mapping/pod-for-task.ts";
import type { AllocationView } from "./plan/types.ts";

export type ConditionIntent = {
  readonly type: "Accepted" | "Ready" | "Progressing";
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
};

/** Everything but times: the writer keeps lastTransitionTime of what has not changed. */
export type StatusIntent = {
  readonly observedGeneration: number;
  readonly summary: string;
  readonly desired: number;
  readonly ready: number;
  readonly running: number;
  readonly failed: number;
  readonly allocations: readonly string[];
  readonly selector?: string;
  readonly conditions: readonly ConditionIntent[];
  readonly findings: readonly Finding[];
};

const MAX_ALLOCATIONS = 10;
const MAX_FINDINGS = 20;
const MAX_FINDING_CHARS = 1024;
/** An API server's own words may quote a whole object; a condition takes 32 KiB. */
const MAX_MESSAGE = 4096;

export function acceptedStatus(
  accepted: AcceptedTask,
  views: readonly AllocationView[],
  progress: { readonly updating: boolean; readonly problem?: Refusal },
): StatusIntent {
  const desired = accepted.spec.count;
  const counts = countsOf(views, desired);
  const problem = progress.problem;
  return {
    observedGeneration: accepted.task.metadata.generation ?? 0,
    ...counts,
    selector: selectorOf(accepted.groupName),
    conditions: [
      problem === undefined
        ? { type: "Accepted", status: "True", reason: "Accepted", message: `runs under profile "${accepted.profile.name}"` }
        : notAccepted(problem),
      readyCondition(counts, views),
      progressCondition(counts, progress.updating),
    ],
    findings: [...nodeFindings(accepted), ...accepted.findings].slice(0, MAX_FINDINGS),
  };
}

const MAX_PATHS = 10;

/** Nomad leaves such paths out too, and says nothing. */
function nodeFindings({ skippedPaths, profile }: AcceptedTask): readonly Finding[] {
  if (skippedPaths.length === 0) return [];
  const more = skippedPaths.length > MAX_PATHS ? ` and ${skippedPaths.length - MAX_PATHS} more` : "";
  const message = `left out of the task's root, because a node of profile "${profile.name}" has no such directory or file: ${skippedPaths.slice(0, MAX_PATHS).join(", ")}${more}`;
  return [{ level: "equivalent", path: "chroot", message: message.slice(0, MAX_FINDING_CHARS).toWellFormed() }];
}

export function refusedStatus(task: ExecTask, refusal: Refusal, views: readonly AllocationView[]): StatusIntent {
  const desired = task.spec.count ?? 1;
  const counts = countsOf(views, desired);
  const { running } = counts;
  const older = running === 0 ? "" : `; ${running} ${running === 1 ? "allocation runs" : "allocations run"} on with the rights of before; delete the pods to end that`;
  return {
    observedGeneration: task.metadata.generation ?? 0,
    ...counts,
    conditions: [
      notAccepted(refusal),
      readyCondition(counts, views),
      { type: "Progressing", status: "False", reason: refusal.reason, message: `nothing is changed while the task is not accepted${older}` },
    ],
    findings: [],
  };
}

const notAccepted = ({ reason, message }: Refusal): ConditionIntent => ({
  type: "Accepted",
  status: "False",
  reason,
  message: message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE).toWellFormed()}…`,
});

const selectorOf = (groupName: string) => `${LABEL.task}=${groupName}`;

type Counts = Pick<StatusIntent, "summary" | "desired" | "ready" | "running" | "failed" | "allocations">;

function countsOf(views: readonly AllocationView[], desired: number): Counts {
  const live = views.filter((each) => each.state === "pending" || each.state === "running");
  const ready = views.filter((each) => each.readySince !== undefined).length;
  return {
    summary: `${ready}/${desired}`,
    desired,
    ready,
    running: live.length,
    failed: views.filter((each) => each.state === "failed" || each.state === "spent").length,
    allocations: live
      .toSorted((a, b) => a.index - b.index)
      .slice(0, MAX_ALLOCATIONS)
      .map((each) => each.uid),
  };
}

function readyCondition({ ready, desired, failed }: Counts, views: readonly AllocationView[]): ConditionIntent {
  if (ready >= desired) return { type: "Ready", status: "True", reason: "AllReady", message: `${ready} of ${desired} allocations are ready${restartsOf(views)}` };
  const waiting = views.filter((each) => each.state === "pending").length;
  const reason = failed > 0 && waiting === 0 ? "AllocationsFailed" : "AllocationsPending";
  const message = `${ready} of ${desired} allocations are ready, ${waiting} pending, ${failed} failed${restartsOf(views)}${newestProblem(views)}`;
  return { type: "Ready", status: "False", reason, message };
}

/** In place, of the allocations that live. */
function restartsOf(views: readonly AllocationView[]): string {
  const restarts = views.filter(({ state }) => state === "pending" || state === "running").reduce((sum, each) => sum + each.restarts, 0);
  return restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"} of their tasks`;
}

const MAX_PROBLEM_CHARS = 500;

/** One example says more than a count; the newest is the one that still holds. */
function newestProblem(views: readonly AllocationView[]): string {
  const newest = views.filter((each) => each.problem !== undefined).toSorted((a, b) => b.createdAt - a.createdAt || b.serial - a.serial)[0];
  return newest?.problem === undefined ? "" : `; allocation ${newest.index}: ${newest.problem.slice(0, MAX_PROBLEM_CHARS)}`;
}

function progressCondition({ ready, desired }: Counts, updating: boolean): ConditionIntent {
  if (updating) return { type: "Progressing", status: "True", reason: "RollingUpdate", message: "a new version replaces one allocation at a time" };
  if (ready < desired) return { type: "Progressing", status: "True", reason: "Placing", message: "allocations are being placed" };
  return { type: "Progressing", status: "False", reason: "Settled", message: "every allocation runs the present version" };
}
