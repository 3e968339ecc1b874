/**
 * @module Evaluations as Nomad's clients read them. Nothing of them is stored: each follows from a version of a job, or from a request, from
 * what the controller has observed, and from the scheduler's word on the pods. Used by the bridge.
 */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { Job } from "../nomad/job.ts";
import { isObserved, parentOf, requestsOf, type JobRecord, versionOf } from "./job-record.ts";
import { deploymentOf, deploymentStates } from "./kept-deployments.ts";
import { deploymentId, evaluationId, type EvaluationCause, knownCauses, podCauses } from "./nomad-ids.ts";
import { type FollowUp, followUpOf, madeUpFor } from "./rescheduling.ts";
import { indexOf } from "./nomad-job.ts";
import type { Sha256 } from "./object-names.ts";
import type { JobVersion } from "./stored-job.ts";
import { portsOf } from "./job/allocated-ports.ts";
import { leftOutOf } from "./job/placement/left-out.ts";
import { type PlacementFailure, placementFailure, refusedPlacement } from "./placement-failure.ts";
import { epochMs } from "../lib/epoch.ts";
import { groupNameOf, groupOf, versionOfPod } from "./pod-group.ts";

const NS_PER_MS = 1_000_000;
export const ZERO_TIME = "0001-01-01T00:00:00Z";

/** How long a job may have been observed without a pod, or an allocation stopped without its successor, before the evaluation counts as over all the same. */
const FIRST_POD_MS = 10_000;

export type EvaluatedJob = {
  readonly sha256: Sha256;
  readonly job: JobRecord;
  /** Its present version. */
  readonly asNomad: Job;
  readonly versions: readonly Pick<JobVersion, "version" | "modifyIndex" | "submittedAt" | "stop" | "spec">[];
  readonly pods: readonly Pod[];
  /** Epoch ms. */
  readonly now: number;
};

/** With what is asked of its pods, found out once: a job of many failed allocations has two evaluations for each. All keys are allocation IDs. */
export type EvaluationSource = EvaluatedJob & {
  readonly podsById: ReadonlyMap<string, Pod>;
  /** By the failed allocation's. */
  readonly successors: ReadonlyMap<string, Pod>;
  readonly followUps: ReadonlyMap<string, FollowUp>;
};

export function evaluationSourceOf(job: EvaluatedJob): EvaluationSource {
  const { pods, versions, asNomad } = job;
  const followUp = (pod: Pod) => followUpOf(pod, versions.find(({ version }) => version === versionOfPod(pod))?.spec ?? asNomad);
  const followUps = pods.flatMap((pod) => {
    const found = followUp(pod);
    return found === undefined ? [] : [[pod.metadata.uid ?? "", found] as const];
  });
  return {
    ...job,
    podsById: new Map(pods.map((pod) => [pod.metadata.uid ?? "", pod])),
    successors: new Map(pods.toReversed().flatMap((pod) => (madeUpFor(pod) === undefined ? [] : [[madeUpFor(pod) ?? "", pod] as const]))),
    followUps: new Map(followUps),
  };
}

type Outcome = {
  readonly Status: "pending" | "complete" | "failed" | "blocked";
  readonly StatusDescription: string;
  readonly failures: Readonly<Record<string, PlacementFailure>>;
};

export type NomadEvaluation = ReturnType<typeof nomadEvaluation>;

export function nomadEvaluation(source: EvaluationSource, cause: EvaluationCause) {
  const { sha256, job, asNomad } = source;
  const outcome = outcomeOf(source, cause);
  const version = versionOfCause(source, cause);
  const kept = source.versions.find((each) => each.version === version);
  const modifyIndex = kept?.modifyIndex ?? asNomad.JobModifyIndex;
  const createdAt = createdAtOf(source, cause) ?? kept?.submittedAt ?? asNomad.SubmitTime / NS_PER_MS;
  const isWaiting = (cause.kind === "version" || cause.kind === "asked") && Object.keys(outcome.failures).length > 0 && outcome.Status === "complete";
  return {
    ID: evaluationId(sha256, job.uid, cause),
    Priority: requestsOf(job).priorities?.[String(version)] ?? asNomad.Priority,
    Type: asNomad.Type,
    TriggeredBy: triggerOf(source, cause),
    Namespace: job.namespace,
    JobID: job.jobId,
    JobModifyIndex: isOfNoWrite(source, cause) ? 0 : modifyIndex,
    NodeID: "",
    DeploymentID: isYetToCome(cause, outcome) ? "" : deploymentIn(source, cause, { version, isPending: outcome.Status === "pending" }),
    Status: outcome.Status,
    StatusDescription: outcome.StatusDescription,
    Wait: 0,
    WaitUntil: cause.kind === "retry" ? waitUntil(source, cause.allocId) : ZERO_TIME,
    NextEval: "",
    PreviousEval: previousOf(source, cause),
    BlockedEval: isWaiting ? evaluationId(sha256, job.uid, { kind: "blocked", version }) : "",
    RelatedEvals: null as readonly object[] | null,
    FailedTGAllocs: metricsOf(outcome),
    ClassEligibility: null,
    EscapedComputedClass: false,
    QuotaLimitReached: "",
    AnnotatePlan: false,
    QueuedAllocations: isQuiet(cause) || isYetToCome(cause, outcome) ? {} : queuedOf(asNomad, outcome),
    ...indexesOf(source, { cause, modifyIndex, outcome }),
    CreateTime: createdAt * NS_PER_MS,
    ModifyTime: createdAt * NS_PER_MS,
  };
}

/** Whether no write of the job is behind it, also where somebody has registered just what was there. */
function isOfNoWrite({ job }: EvaluationSource, cause: EvaluationCause): boolean {
  return cause.kind === "deployment" || cause.kind === "failure" || (cause.kind === "asked" && askedAt(job, cause.at)?.trigger === "job-register");
}

const askedAt = (job: JobRecord, at: number) => requestsOf(job).evaluations?.find((each) => each.at === at);

/** Such have no deployment and no figures. */
const isQuiet = ({ kind }: EvaluationCause): boolean => kind === "purge" || kind === "blocked";

const queuedOf = ({ TaskGroups }: Job, { failures }: Outcome) => Object.fromEntries(TaskGroups.map(({ Name }) => [Name, failures[Name]?.count ?? 0]));

function metricsOf({ failures }: Outcome) {
  const failed = Object.entries(failures);
  return failed.length === 0 ? null : Object.fromEntries(failed.map(([group, { metric }]) => [group, metric]));
}

type Indexed = { readonly cause: EvaluationCause; readonly modifyIndex: number; readonly outcome: Outcome };

/** They move only when what the evaluation says does: clients look again at each that has moved. It has moved once when it is over, and with what it waits for. */
function indexesOf(source: EvaluationSource, { cause, modifyIndex, outcome }: Indexed) {
  const created = createIndexOf(source, cause) ?? modifyIndex;
  const waiting = Object.keys(outcome.failures).length === 0 ? [] : source.pods.filter((pod) => failsToPlace(pod) && versionOfPod(pod) === source.asNomad.Version).map(indexOf);
  return { SnapshotIndex: created, CreateIndex: created, ModifyIndex: outcome.Status === "pending" ? created : Math.max(created + 1, ...waiting) };
}

/** Undefined: that of its version. */
function createIndexOf(source: EvaluationSource, cause: EvaluationCause): number | undefined {
  const { job } = source;
  if (cause.kind === "failure" || cause.kind === "retry") {
    const pod = source.podsById.get(cause.allocId) ?? source.successors.get(cause.allocId);
    return pod === undefined ? undefined : indexOf(pod) + (cause.kind === "retry" ? 1 : 0);
  }
  if (cause.kind === "asked") return askedAt(job, cause.at)?.index;
  if (cause.kind === "stop") return requestsOf(job).stop?.[cause.allocId]?.index ?? indexOf(job.object);
  if (cause.kind === "deployment") return deploymentOf(job, cause.version)?.modifyIndex ?? indexOf(job.object);
  return cause.kind === "version" || cause.kind === "blocked" ? undefined : indexOf(job.object);
}

/** A retry that waits for its time has nothing to say yet. */
const isYetToCome = ({ kind }: EvaluationCause, { Status }: Outcome): boolean => kind === "retry" && Status === "pending";

function previousOf({ sha256, job }: EvaluationSource, cause: EvaluationCause): string {
  if (cause.kind === "blocked") return evaluationId(sha256, job.uid, { kind: "version", version: cause.version });
  return cause.kind === "retry" ? evaluationId(sha256, job.uid, { kind: "failure", allocId: cause.allocId }) : "";
}

/** Where the failed one is no longer there, the time when the next one was made is all that is known. */
function waitUntil(source: EvaluationSource, allocId: string): string {
  const at = source.followUps.get(allocId)?.dueAt ?? epochMs(source.successors.get(allocId)?.metadata.creationTimestamp);
  return at === undefined ? ZERO_TIME : new Date(at).toISOString();
}

/** A version that needs none, such as the job's stop, is within the deployment before it. */
function deploymentIn({ sha256, job }: EvaluationSource, cause: EvaluationCause, { version, isPending }: { readonly version: number; readonly isPending: boolean }): string {
  // While it is pending, its own may be yet to come.
  const isWithin = ({ jobVersion }: { readonly jobVersion: number }) => jobVersion === version || (jobVersion < version && !(isPending && cause.kind === "version"));
  const deployment = isQuiet(cause) ? undefined : deploymentStates(job).find(isWithin);
  return deployment === undefined ? "" : deploymentId(sha256, job.uid, deployment.jobVersion);
}

/** What is always in the JSON of an evaluation; of the others Nomad leaves out what is empty. */
const ALWAYS: ReadonlySet<string> = new Set(["ID", "Priority", "Type", "TriggeredBy", "Namespace", "JobID", "Status", "SnapshotIndex", "CreateIndex", "ModifyIndex", "CreateTime", "ModifyTime"]);

/** As Nomad's API writes it. */
export const shownEvaluation = (evaluation: NomadEvaluation): object => Object.fromEntries(Object.entries(evaluation).filter(([key, value]) => ALWAYS.has(key) || !isEmpty(value)));

const isEmpty = (value: unknown): boolean =>
  value === "" || value === 0 || value === false || value === null || value === ZERO_TIME || (typeof value === "object" && Object.keys(value).length === 0);

/** Of the job and of its pods, each once. */
export function causesOf(source: EvaluationSource): readonly EvaluationCause[] {
  const retries = new Map(source.pods.flatMap(podCauses).map((cause) => [evaluationId(source.sha256, source.job.uid, cause), cause]));
  return [...knownCauses(source.job), ...retries.values()];
}

/** Of a job, newest first: one for each kept version, those of requests and of its deployments, and the blocked one while something waits. */
export function nomadEvaluations(source: EvaluationSource): readonly NomadEvaluation[] {
  const isKept = (version: number) => source.versions.some((each) => each.version === version);
  return causesOf(source)
    .filter((cause) => hasHappened(source, cause) && (!("version" in cause) || isKept(cause.version)))
    .map((cause) => nomadEvaluation(source, cause))
    .filter(({ TriggeredBy, Status }) => TriggeredBy !== "queued-allocs" || Status === "blocked")
    .toSorted((a, b) => b.CreateTime - a.CreateTime || b.CreateIndex - a.CreateIndex);
}

/** A parent runs nothing, so that none of its versions has an evaluation. */
function hasHappened(source: EvaluationSource, cause: EvaluationCause): boolean {
  const { job, asNomad } = source;
  if (cause.kind === "failure" || cause.kind === "retry") return source.successors.has(cause.allocId) || source.followUps.has(cause.allocId);
  if (cause.kind === "purge") return false;
  if (cause.kind === "version" || cause.kind === "blocked") return asNomad.Periodic === null && (asNomad.ParameterizedJob === null || asNomad.Dispatched);
  return cause.kind !== "deployment" || wasSaid(job, cause);
}

function wasSaid(job: JobRecord, { version, verb }: Extract<EvaluationCause, { readonly kind: "deployment" }>): boolean {
  const state = deploymentOf(job, version);
  const said = requestsOf(job).deployment;
  if (state === undefined) return false;
  if (verb === "end") return state.status === "successful" || state.status === "failed";
  return verb === "promote" && state.jobVersion === deploymentStates(job)[0]?.jobVersion && (said?.promote ?? []).length > 0 && Object.values(state.groups).some(({ promoted }) => promoted);
}

/** The evaluation that an allocation was placed by: a stop or the failure of the one before it, or its job's version. */
export function evaluationOf(sha256: Sha256, job: JobRecord, pod: Pod): string {
  const previous = pod.metadata.annotations?.[ANNOTATION.previousAllocation] ?? "";
  const stop = requestsOf(job).stop?.[previous];
  const failed = madeUpFor(pod);
  const other: EvaluationCause = failed === undefined ? { kind: "version", version: versionOfPod(pod) } : { kind: "retry", allocId: failed };
  return evaluationId(sha256, job.uid, stop === undefined ? other : { kind: "stop", allocId: previous, at: stop.at });
}

/** Whether the allocation was placed by the evaluation of that cause, or in its deployment. */
export function concerns(source: Pick<EvaluationSource, "sha256" | "job">, cause: EvaluationCause, pod: Pod): boolean {
  if (cause.kind === "deployment" || cause.kind === "blocked") return versionOfPod(pod) === cause.version;
  if (cause.kind === "purge") return false;
  if (cause.kind === "reschedule") return (epochMs(pod.metadata.creationTimestamp) ?? 0) >= cause.at - 1000 && versionOfPod(pod) === versionOf(source.job);
  return evaluationOf(source.sha256, source.job, pod) === evaluationId(source.sha256, source.job.uid, cause);
}

const isStop = ({ versions }: EvaluationSource, version: number): boolean => versions.find((each) => each.version === version)?.stop === true;

function createdAtOf(source: EvaluationSource, cause: EvaluationCause): number | undefined {
  const { job } = source;
  if ("at" in cause) return cause.at;
  if (cause.kind === "failure" || cause.kind === "retry") return source.followUps.get(cause.allocId)?.failedAt ?? epochMs(source.successors.get(cause.allocId)?.metadata.creationTimestamp);
  return cause.kind === "deployment" && cause.verb === "end" ? deploymentOf(job, cause.version)?.modifiedAt : undefined;
}

function versionOfCause(source: EvaluationSource, cause: EvaluationCause): number {
  if ("version" in cause) return cause.version;
  if (cause.kind === "asked") return askedAt(source.job, cause.at)?.version ?? versionOf(source.job);
  const about = "allocId" in cause ? source.podsById.get(cause.allocId) : undefined;
  return about === undefined ? versionOf(source.job) : versionOfPod(about);
}

function triggerOf(source: EvaluationSource, cause: EvaluationCause): string {
  switch (cause.kind) {
    case "blocked":
      return "queued-allocs";
    case "stop":
      return "alloc-stop";
    case "reschedule":
      return "job-register";
    case "asked":
      return askedAt(source.job, cause.at)?.trigger ?? "job-register";
    case "failure":
      return "alloc-failure";
    case "retry":
      return "alloc-reschedule";
    case "deployment":
      return "deployment-watcher";
    case "purge":
      return "job-deregister";
    case "version":
      return versionTrigger(source.job, isStop(source, cause.version), cause.version);
  }
}

function versionTrigger(job: JobRecord, isStop: boolean, version: number): string {
  const noted = requestsOf(job).triggers?.[String(version)];
  if (noted !== undefined) return noted;
  if (isStop) return "job-deregister";
  return version === 0 && parentOf(job) !== "" && job.jobId.startsWith(`${parentOf(job)}/periodic-`) ? "periodic-job" : "job-register";
}

const done = (failures: Outcome["failures"] = {}): Outcome => ({ Status: "complete", StatusDescription: "", failures });
const PENDING: Outcome = { Status: "pending", StatusDescription: "", failures: {} };

function outcomeOf(source: EvaluationSource, cause: EvaluationCause): Outcome {
  if (cause.kind === "stop") return hasStopped(source, cause.allocId) && !isAboutToReplace(source, cause) ? done() : PENDING;
  if (cause.kind === "retry") return isWaiting(source, cause.allocId) ? { ...PENDING, StatusDescription: "created for delayed rescheduling" } : done();
  if (cause.kind !== "version" && cause.kind !== "blocked" && cause.kind !== "asked") return done();
  if (versionOfCause(source, cause) !== versionOf(source.job)) return done();
  const outcome = versionOutcome(source);
  if (cause.kind !== "blocked") return outcome;
  const isBlocked = outcome.Status === "complete" && Object.keys(outcome.failures).length > 0;
  return isBlocked ? { ...outcome, Status: "blocked", StatusDescription: "created to place remaining allocations" } : done();
}

/** A newer version makes an end of the waiting. What failed with its deployment waits for its time, and stays failed. */
function isWaiting(source: EvaluationSource, allocId: string): boolean {
  const [pod, next] = [source.podsById.get(allocId), source.followUps.get(allocId)];
  if (pod === undefined || next === undefined || source.successors.has(allocId) || source.asNomad.Stop || versionOfPod(pod) !== source.asNomad.Version) return false;
  return source.now < next.dueAt || deploymentOf(source.job, versionOfPod(pod))?.status !== "failed";
}

function hasStopped({ podsById }: EvaluationSource, allocId: string): boolean {
  const pod = podsById.get(allocId);
  return pod === undefined || isOver(pod);
}

function isOver({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined || metadata.annotations?.[ANNOTATION.stopped] !== undefined) return true;
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}

/** On Nomad one plan stops the allocation and places another, and the CLI asks once, when the evaluation is over, what it has placed. */
function isAboutToReplace({ pods, podsById, asNomad, job, now }: EvaluationSource, { allocId, at }: Extract<EvaluationCause, { readonly kind: "stop" }>): boolean {
  const stopped = podsById.get(allocId);
  if (stopped === undefined || asNomad.Stop || now - at > FIRST_POD_MS || refusalOf(job) !== undefined) return false;
  if (pods.some(({ metadata }) => metadata.annotations?.[ANNOTATION.previousAllocation] === allocId)) return false;
  const live = pods.filter((pod) => groupNameOf(pod) === groupNameOf(stopped) && !isOver(pod));
  return live.length < (groupOf(asNomad, stopped)?.Count ?? 0);
}

/** The condition that says why; undefined for a job that is accepted, or not looked at yet. */
const refusalOf = ({ object }: JobRecord) => object.status?.conditions?.find(({ type, status }) => type === "Accepted" && status === "False");

function versionOutcome(source: EvaluationSource): Outcome {
  const { job, asNomad } = source;
  if (!isObserved(job.object)) return PENDING;
  const refusal = refusalOf(job);
  if (refusal !== undefined) {
    const failures = Object.fromEntries(asNomad.TaskGroups.map(({ Name, Count }) => [Name, refusedPlacement(refusal.message, Count)]));
    return { Status: "failed", StatusDescription: refusal.message, failures };
  }
  if (asNomad.Stop) return done();
  const pods = source.pods.filter((pod) => versionOfPod(pod) === asNomad.Version && pod.metadata.deletionTimestamp === undefined);
  if (pods.length === 0) return isAboutToPlace(source) ? PENDING : done();
  return pods.some(isUndecided) ? PENDING : done(failuresOf(pods));
}

/** The controller has seen the job, and has written so before its first pod was there. */
function isAboutToPlace({ job, versions, now }: EvaluationSource): boolean {
  const { object } = job;
  const submittedAt = versions.find(({ version }) => version === versionOf(job))?.submittedAt ?? 0;
  if (object.kind !== "NomadJob" || now - submittedAt > FIRST_POD_MS) return false;
  return Object.values(object.status?.groups ?? {}).some(({ queued, starting }) => queued + starting > 0);
}

const scheduled = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === "PodScheduled");

const failsToPlace = (pod: Pod): boolean => pod.spec.nodeName === undefined && scheduled(pod)?.status === "False";

const isUndecided = (pod: Pod): boolean => pod.spec.nodeName === undefined && scheduled(pod) === undefined;

const failureOf = (pod: Pod, count: number): PlacementFailure => placementFailure(scheduled(pod)?.message ?? "", count, leftOutOf(pod), portsOf(pod));

function failuresOf(pods: readonly Pod[]): Outcome["failures"] {
  const waiting = pods.filter(failsToPlace);
  const groups = Map.groupBy(waiting, (pod) => groupNameOf(pod) ?? "");
  return Object.fromEntries([...groups].map(([group, all]) => [group, failureOf(all[0] as Pod, all.length)]));
}
