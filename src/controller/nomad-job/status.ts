/** @module The status of a NomadJob as a value: Nomad's state and counts, the deployment, conditions, findings. Pure; the writer adds times. */
import type { Finding } from "../../api/exec-task.ts";
import type { GroupCounts, NomadJob, NomadJobStatus } from "../../api/nomad-job.ts";
import type { Refusal } from "../../mapping/refusal.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { jobModifyIndex } from "../../mapping/stored-job.ts";
import { isActive } from "../plan/deployment-state.ts";
import type { GroupSummary, JobAllocation, JobPlan } from "../plan/types.ts";
import type { ConditionIntent } from "../status.ts";
import type { AcceptedJob } from "./accepted-job.ts";
import { deploymentOf, type JobMemory, keepDeployment } from "./memory.ts";

/** Everything but times of conditions. A field that is not there is taken from the object. */
export type JobStatusIntent = Omit<NomadJobStatus, "conditions" | "memory" | "deployment"> & {
  readonly conditions: readonly ConditionIntent[];
  readonly memory?: JobMemory;
  readonly deployment?: NomadJobStatus["deployment"];
};

const MAX_ALLOCATIONS = 10;
const MAX_FINDINGS = 20;
/** An API server's own words may quote a whole object; a condition takes 32 KiB. */
const MAX_MESSAGE = 4096;
const MAX_DESCRIPTION = 1024;

const clipped = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`);

export type PlannedJob = {
  readonly accepted: AcceptedJob;
  readonly allocations: readonly JobAllocation[];
  readonly plan: JobPlan;
  /** What is carried from one status to the next. */
  readonly kept: Pick<NomadJobStatus, "jobModifyIndex" | "createIndex" | "stableVersion"> & { readonly memory: JobMemory };
  /** A write that the API server refused. */
  readonly problem?: Refusal;
};

export function plannedStatus(job: NomadJob, { accepted, allocations, plan, kept, problem }: PlannedJob): JobStatusIntent {
  const counts = countsOf(allocations, plan);
  const deployment = keepDeployment(deploymentOf(job.status ?? {}), plan, indexOf(job));
  return {
    observedGeneration: job.metadata.generation ?? 0,
    ...kept,
    state: plan.status,
    description: "",
    summary: `${counts.ready}/${counts.desired}`,
    groups: Object.fromEntries(Object.values(plan.groups).map(({ group, summary }) => [group, groupCounts(summary)])),
    ...(deployment === undefined ? {} : { deployment }),
    allocations: liveIds(allocations),
    conditions: [
      problem === undefined ? acceptedCondition(accepted) : refusedCondition(problem),
      readyCondition(job, counts, allocations),
      progressCondition(plan),
    ],
    findings: findingsOf(accepted),
  };
}

/** Pods of a job that is refused now are left as they are: a mistake in a new version must not end the old one. */
export function refusedStatus(job: NomadJob, refusal: Refusal, allocations: readonly JobAllocation[]): JobStatusIntent {
  const { conditions: _, ...before } = job.status ?? {};
  const running = allocations.filter(isLive).length;
  const older = running === 0 ? "" : `; ${running} ${running === 1 ? "allocation runs" : "allocations run"} on as before`;
  return {
    ...before,
    observedGeneration: job.metadata.generation ?? 0,
    // Of this version, which has its index whether it runs or not: "-check-index" compares it.
    jobModifyIndex: String(jobModifyIndex(job)),
    createIndex: before.createIndex ?? String(jobModifyIndex(job)),
    // One that is stopped and has nothing left is over, whatever is wrong with it: it would never be collected otherwise.
    state: job.spec.stop === true && running === 0 ? "dead" : (before.state ?? "pending"),
    description: clipped(refusal.message, MAX_DESCRIPTION),
    allocations: liveIds(allocations),
    conditions: [
      refusedCondition(refusal),
      { type: "Ready", status: "False", reason: refusal.reason, message: `the job is not accepted${older}` },
      { type: "Progressing", status: "False", reason: refusal.reason, message: `nothing is changed while the job is not accepted${older}` },
    ],
    findings: [],
  };
}

const isLive = ({ state }: JobAllocation) => state === "pending" || state === "running";

const liveIds = (allocations: readonly JobAllocation[]) =>
  allocations
    .filter(isLive)
    .toSorted((a, b) => a.group.localeCompare(b.group, "en") || a.index - b.index || a.serial - b.serial)
    .slice(0, MAX_ALLOCATIONS)
    .map(({ uid }) => uid);

export const groupCounts = (summary: GroupSummary): GroupCounts => ({
  queued: summary.Queued,
  starting: summary.Starting,
  running: summary.Running,
  complete: summary.Complete,
  failed: summary.Failed,
  lost: summary.Lost,
  unknown: summary.Unknown,
});

type Counts = { readonly ready: number; readonly desired: number; readonly failed: number; readonly waiting: number };

/** What a batch job has done counts as ready: nothing is missing. */
function countsOf(allocations: readonly JobAllocation[], plan: JobPlan): Counts {
  const groups = Object.values(plan.groups);
  const done = groups.reduce((sum, { completed, summary }) => sum + (completed === undefined ? 0 : summary.Complete), 0);
  return {
    ready: allocations.filter((each) => isLive(each) && each.readySince !== undefined).length + done,
    desired: groups.reduce((sum, { desired }) => sum + desired, 0),
    failed: groups.reduce((sum, { summary }) => sum + summary.Failed, 0),
    waiting: allocations.filter(({ state }) => state === "pending").length,
  };
}

const acceptedCondition = ({ groups }: AcceptedJob): ConditionIntent => {
  const profiles = [...new Set(groups.map(({ profile }) => `"${profile.name}"`))];
  return { type: "Accepted", status: "True", reason: "Accepted", message: `runs under ${profiles.length === 1 ? "profile" : "profiles"} ${profiles.join(", ")}` };
};

const refusedCondition = ({ reason, message }: Refusal): ConditionIntent => ({ type: "Accepted", status: "False", reason, message: clipped(message, MAX_MESSAGE) });

function readyCondition({ spec }: NomadJob, { ready, desired, failed, waiting }: Counts, allocations: readonly JobAllocation[]): ConditionIntent {
  if (spec.stop === true) return { type: "Ready", status: "False", reason: "Stopped", message: "the job is stopped" };
  if (ready >= desired) return { type: "Ready", status: "True", reason: "AllReady", message: `${ready} of ${desired} allocations are ready` };
  const reason = failed > 0 && waiting === 0 ? "AllocationsFailed" : "AllocationsPending";
  return { type: "Ready", status: "False", reason, message: `${ready} of ${desired} allocations are ready, ${waiting} pending, ${failed} failed${newestProblem(allocations)}` };
}

const MAX_PROBLEM_CHARS = 500;

function newestProblem(allocations: readonly JobAllocation[]): string {
  const newest = allocations.filter(({ problem }) => problem !== undefined).toSorted((a, b) => b.createdAt - a.createdAt || b.serial - a.serial)[0];
  return newest?.problem === undefined ? "" : `; allocation ${newest.group}[${newest.index}]: ${clipped(newest.problem, MAX_PROBLEM_CHARS)}`;
}

function progressCondition({ groups, deployment }: JobPlan): ConditionIntent {
  const all = Object.values(groups);
  if (deployment !== undefined && isActive(deployment)) return { type: "Progressing", status: "True", reason: "Deploying", message: deployment.statusDescription };
  if (all.some(({ updating }) => updating)) return { type: "Progressing", status: "True", reason: "RollingUpdate", message: "allocations of an older version are being replaced" };
  if (all.some(({ create, summary }) => create.length > 0 || summary.Queued + summary.Starting > 0)) return { type: "Progressing", status: "True", reason: "Placing", message: "allocations are being placed" };
  if (deployment?.status === "failed") return { type: "Progressing", status: "False", reason: "DeploymentFailed", message: deployment.statusDescription };
  return { type: "Progressing", status: "False", reason: "Settled", message: "nothing is left to do for this version" };
}

/** The most serious first, whichever group they are of. */
function findingsOf({ groups, mapped }: AcceptedJob): readonly Finding[] {
  const ofGroups = groups.flatMap((group, i) => [...(mapped.groups[i]?.findings ?? []), ...(i === 0 ? group.findings : [])]);
  const order = ["lost", "decision", "weaker", "equivalent", "same"];
  return [...mapped.findings, ...ofGroups].toSorted((a, b) => order.indexOf(a.level) - order.indexOf(b.level)).slice(0, MAX_FINDINGS);
}

/** Of a periodic or parameterized job, which runs nothing itself. */
export function parentStatus(job: NomadJob, kept: Pick<NomadJobStatus, "jobModifyIndex" | "createIndex" | "children" | "lastLaunch"> & { readonly memory: JobMemory }): JobStatusIntent {
  const isStopped = job.spec.stop === true;
  const deployment = deploymentOf(job.status ?? {});
  return {
    observedGeneration: job.metadata.generation ?? 0,
    ...kept,
    state: isStopped ? "dead" : "running",
    description: "",
    summary: "",
    ...(deployment === undefined ? {} : { deployment }),
    allocations: [],
    conditions: [
      { type: "Accepted", status: "True", reason: "Accepted", message: "its children run under the profiles of the namespace" },
      { type: "Ready", status: isStopped ? "False" : "True", reason: isStopped ? "Stopped" : "Waiting", message: isStopped ? "the job is stopped" : "the job waits for the next launch or dispatch" },
      { type: "Progressing", status: "False", reason: "Settled", message: "a parent runs nothing itself" },
    ],
    findings: [],
  };
}
