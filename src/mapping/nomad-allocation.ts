/** @module A pod of ours as the Nomad allocation that it is: the allocation's ID is the pod's UID. Used by the bridge. */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { readTaskMarks } from "../contract/task-marks.ts";
import type { NomadAllocation, NomadAllocationStub, NomadTaskState } from "../nomad/api-types.ts";
import type { Job, Resources, TaskGroup } from "../nomad/job.ts";
import { jobAsRead } from "../nomad/jobspec/read-job.ts";
import { indexOf, NO_RESOURCES } from "./nomad-job.ts";
import { epochMs } from "../lib/epoch.ts";
import { allocationHealth, type AllocationHealth, isDeployed } from "./allocation-health.ts";
import { allocatedPorts } from "./job/allocated-ports.ts";
import { type JobRecord, requestsOf } from "./job-record.ts";
import { placedMetric } from "./placement-failure.ts";
import { evaluationOf } from "./nomad-evaluation.ts";
import { deploymentId, evaluationId } from "./nomad-ids.ts";
import { followUpOf, reschedulesOf, rescheduleTimesOf } from "./rescheduling.ts";
import { delayAfter, reschedulePolicy } from "../nomad/rescheduling.ts";
import { placeOfPod, type Sha256 } from "./object-names.ts";
import { type AllocationRecord, allocationRecord, endedAt, type TaskRecord } from "./pod-status.ts";
import { allocationName } from "./task-environment.ts";
import { type EventSource, taskEvents } from "./task-events.ts";
import { groupNameOf, groupOf, versionOfPod } from "./pod-group.ts";

const NS_PER_MS = 1_000_000;
export type AllocationSource = {
  readonly pod: Pod;
  /** As it was at the pod's version, where that is still known. */
  readonly job: Job;
  /** As the job is now. */
  readonly record: JobRecord;
  readonly sha256: Sha256;
  /** The one that took its place, where there is one. */
  readonly next?: string;
  /** UID of the pod's node; undefined while it has none, or the node is gone. */
  readonly nodeId: string | undefined;
  /** Epoch ms. */
  readonly now: number;
};

/** Nomad places an allocation and makes it in one step: what waits for a node is queued, and no allocation yet. */
export const isPlaced = ({ spec }: Pod): boolean => spec.nodeName !== undefined;

export function allocationStub(source: AllocationSource): NomadAllocationStub {
  const { pod, job, nodeId } = source;
  const group = groupNameOf(pod) ?? "";
  const record = allocationRecord(pod, source.now);
  const status = clientStatus(record);
  const health = allocationHealth(source, record);
  const created = epochMs(pod.metadata.creationTimestamp) ?? 0;
  const stopped = pod.metadata.annotations?.[ANNOTATION.stopped];
  return {
    ID: pod.metadata.uid ?? "",
    EvalID: evaluationOf(source.sha256, source.record, pod),
    Name: allocationName({ jobId: job.ID, group, index: placeOfPod(pod.metadata.name).index }),
    Namespace: job.Namespace,
    NodeID: nodeId ?? "",
    NodeName: pod.spec.nodeName ?? "",
    JobID: job.ID,
    JobType: job.Type,
    JobVersion: versionOfPod(pod),
    TaskGroup: group,
    // One that failed is given up when another has taken its place.
    DesiredStatus: record.state === "stopping" || stopped !== undefined || source.next !== undefined ? "stop" : "run",
    DesiredDescription: stopped ?? "",
    ClientStatus: status,
    ClientDescription: DESCRIPTION[status],
    TaskStates: Object.fromEntries(record.tasks.map((each) => [each.task, taskState({ pod, record, task: each, ...(health === undefined ? {} : { health }) })])),
    DeploymentStatus: deploymentStatus(source, health),
    FollowupEvalID: followUpOf(pod, job) === undefined ? "" : evaluationId(source.sha256, source.record.uid, { kind: "retry", allocId: pod.metadata.uid ?? "" }),
    NextAllocation: source.next ?? "",
    DesiredTransition: desiredTransition(source, health),
    RescheduleTracker: rescheduleTracker(source),
    PreemptedAllocations: null,
    PreemptedByAllocation: "",
    CreateIndex: Number(pod.metadata.annotations?.[ANNOTATION.createIndex]) || indexOf(pod),
    ModifyIndex: indexOf(pod),
    CreateTime: created * NS_PER_MS,
    ModifyTime: (record.endedAt ?? record.readySince ?? created) * NS_PER_MS,
  };
}

const NO_TRANSITION = { Migrate: null, Reschedule: null, ForceReschedule: null, NoShutdownDelay: null, MigrateDisablePlacement: null } as const;

/** What a user's stop asks of it, or its deployment, which lets those that it gave up be placed again. */
function desiredTransition(source: AllocationSource, health: AllocationHealth | undefined): NomadAllocationStub["DesiredTransition"] {
  const stop = requestsOf(source.record).stop?.[source.pod.metadata.uid ?? ""];
  const { Attempts = 0, Unlimited = false } = taskGroup(source)?.ReschedulePolicy ?? {};
  if (stop === undefined) return health?.healthy === false && (Attempts > 0 || Unlimited) ? { ...NO_TRANSITION, Reschedule: true } : NO_TRANSITION;
  return { ...NO_TRANSITION, Migrate: true, Reschedule: stop.reschedule === true, NoShutdownDelay: stop.noShutdownDelay === true };
}

/** The whole allocation. What is empty of it is left out where Nomad leaves it out. */
export function nomadAllocation(source: AllocationSource): NomadAllocation {
  const { JobType: _type, JobVersion: version, DesiredTransition, ...stub } = allocationStub(source);
  const { DesiredDescription, FollowupEvalID, NextAllocation, PreemptedAllocations: _, PreemptedByAllocation: __, RescheduleTracker, ...rest } = stub;
  const previous = source.pod.metadata.annotations?.[ANNOTATION.previousAllocation] ?? "";
  const deployment = isDeployed(source) ? deploymentId(source.sha256, source.record.uid, version) : "";
  return {
    ...rest,
    ...withoutEmpty({ DesiredDescription, FollowupEvalID, NextAllocation, PreviousAllocation: previous, DeploymentID: deployment }),
    ...(RescheduleTracker === null ? {} : { RescheduleTracker }),
    ...(DesiredTransition === NO_TRANSITION ? {} : { DesiredTransition }),
    Job: jobAsRead({ ...source.job, Version: version }),
    ...allocationResources(source, Object.keys(stub.TaskStates)),
    Metrics: placedMetric(source.job.NodePool),
    NetworkStatus: allocatedPorts(source.pod, taskGroup(source)?.Networks[0]).status,
    AllocModifyIndex: stub.ModifyIndex,
  };
}

const withoutEmpty = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));

/** What it has, in the four places where Nomad says so. */
function allocationResources(source: AllocationSource, names: readonly string[]): Pick<NomadAllocation, "Resources" | "SharedResources" | "TaskResources" | "AllocatedResources"> {
  const tasks = groupTasks(source, names);
  const sum = (of: (resources: Resources) => number) => tasks.reduce((total, { Resources: each }) => total + of(each), 0);
  const { ports, networks } = allocatedPorts(source.pod, taskGroup(source)?.Networks[0]);
  const shared = { ...NO_RESOURCES, Devices: null, DiskMB: taskGroup(source)?.EphemeralDisk.SizeMB ?? 0, Networks: nullIfEmpty(networks) };
  const total = { CPU: sum(({ CPU }) => CPU), Cores: sum(({ Cores }) => Cores), MemoryMB: sum(({ MemoryMB }) => MemoryMB) };
  return {
    Resources: { ...shared, ...total, MemoryMaxMB: sum(({ MemoryMB, MemoryMaxMB }) => Math.max(MemoryMB, MemoryMaxMB)) },
    SharedResources: shared,
    TaskResources: Object.fromEntries(tasks.map(({ Name, Resources: each }) => [Name, { ...each, Networks: nullIfEmpty(each.Networks), Devices: nullIfEmpty(each.Devices) }])),
    AllocatedResources: {
      Tasks: Object.fromEntries(tasks.map(({ Name, Resources: { CPU, MemoryMB, MemoryMaxMB } }) => [Name, { Cpu: { CpuShares: CPU, ReservedCores: null }, Memory: { MemoryMB, MemoryMaxMB }, Networks: null, Devices: null }])),
      TaskLifecycles: Object.fromEntries(tasks.map(({ Name, Lifecycle }) => [Name, Lifecycle])),
      Shared: { DiskMB: shared.DiskMB, Networks: nullIfEmpty(networks), Ports: nullIfEmpty(ports) },
    },
  };
}

const nullIfEmpty = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);

/** Of one that took the place of a failed one. Only the newest of those before it is known by name. */
function rescheduleTracker({ pod, job, nodeId }: AllocationSource): NomadAllocationStub["RescheduleTracker"] {
  const { annotations } = pod.metadata;
  const times = rescheduleTimesOf(pod);
  if (times.length === 0) return null;
  const previous = annotations?.[ANNOTATION.previousAllocation] ?? "";
  const policy = groupOf(job, pod)?.ReschedulePolicy ?? undefined;
  // Of more attempts than are remembered the oldest are gone.
  const before = Math.max(0, reschedulesOf(pod) - times.length);
  const delay = (index: number) => (policy === undefined ? 0 : delayAfter(before + index, reschedulePolicy(policy)) * NS_PER_MS);
  const isNewest = (index: number) => index === times.length - 1;
  const events = times.map((time, index) => ({ RescheduleTime: time * NS_PER_MS, PrevAllocID: isNewest(index) ? previous : "", PrevNodeID: isNewest(index) ? (nodeId ?? "") : "", Delay: delay(index) }));
  return { Events: events, LastReschedule: "ok" };
}

/** Nothing is said of those that are neither healthy nor unhealthy yet, but that they are canaries. */
function deploymentStatus(source: AllocationSource, health: AllocationHealth | undefined): NomadAllocationStub["DeploymentStatus"] {
  const isCanary = source.pod.metadata.annotations?.[ANNOTATION.canary] === "true";
  if (health === undefined && !(isCanary && isDeployed(source))) return null;
  return { Healthy: health?.healthy ?? null, Timestamp: timeText(health?.at), Canary: isCanary, ModifyIndex: indexOf(source.pod) };
}

/** Of the pod's tasks as the job has them: a task that a newer version has no more is left out. */
const groupTasks = (source: AllocationSource, names: readonly string[]) => (taskGroup(source)?.Tasks ?? []).filter(({ Name }) => names.includes(Name));

const taskGroup = ({ pod, job }: AllocationSource): TaskGroup | undefined => groupOf(job, pod);

export type ClientStatus = "pending" | "running" | "complete" | "failed";

const DESCRIPTION: Readonly<Record<ClientStatus, string>> = {
  pending: "No tasks have started",
  running: "Tasks are running",
  complete: "All tasks have completed",
  failed: "Failed tasks",
};

/**
 * A pod that is being stopped still runs, as far as Nomad's clients are concerned, until it is gone; one of whose tasks runs is running. One whose
 * tasks are all dead runs until Kubernetes says of its pod that it is over, a little later: its job learns of it then, and on Nomad both know at once.
 */
export function clientStatus({ state, tasks }: Pick<AllocationRecord, "state" | "tasks">): ClientStatus {
  const runs = tasks.some((task) => task.state === "running");
  const areDead = tasks.length > 0 && tasks.every((task) => task.state === "dead");
  switch (state) {
    case "pending":
      return runs || areDead ? "running" : "pending";
    case "running":
      return "running";
    case "stopping":
      return runs ? "running" : "complete";
    case "complete":
      return "complete";
    case "spent":
    case "failed":
      return "failed";
  }
}

/** Whether it has something of its node still. */
export const isLiveStatus = (status: ClientStatus): boolean => status === "pending" || status === "running";

/** @param now epoch ms */
export const isOnItsNode = (pod: Pod, now: number): boolean => isLiveStatus(clientStatus(allocationRecord(pod, now)));

function taskState(source: EventSource): NomadTaskState {
  const { task, record, pod } = source;
  const { marks, restarts } = readTaskMarks(pod.metadata.annotations?.[ANNOTATION.taskMarks]);
  const inPlace = marks.findLast((mark) => mark.task === task.task && mark.kind === "restart")?.at;
  // Of the restarts by Kubernetes and those in place, the later.
  const lastRestart = Math.max(inPlace ?? 0, task.restarts > 0 ? (restartedAt(task) ?? 0) : 0);
  const startedAt = task.startedAt === undefined ? undefined : Math.max(task.startedAt, inPlace ?? 0);
  return {
    State: task.state,
    Failed: task.failed,
    Restarts: task.restarts + (restarts[task.task] ?? 0),
    LastRestart: timeText(lastRestart > 0 ? lastRestart : undefined),
    StartedAt: timeText(startedAt ?? task.lastEnd?.startedAt ?? task.lastEnd?.before.at(-1)?.startedMs),
    FinishedAt: task.state === "dead" ? timeText(endedAt(task) ?? finishedBy(task, record)) : null,
    Paused: "",
    Events: taskEvents(source),
  };
}

/** When the task last ended to be started again: as Nomad counts, a restart is decided at the end of a run. */
function restartedAt({ startedAt, lastEnd, fetch }: TaskRecord): number | undefined {
  if (lastEnd === undefined && fetch !== undefined && fetch.restarts > 0) return fetch.failures.findLast(({ restartInMs }) => restartInMs !== undefined)?.finishedMs;
  if (lastEnd?.message?.restartInMs !== undefined) return lastEnd.finishedAt;
  return lastEnd?.before.findLast(({ restartInMs }) => restartInMs !== undefined)?.finishedMs ?? startedAt ?? lastEnd?.startedAt;
}

/** A task of which no end is known ended with its pod at the latest. */
const finishedBy = ({ waiting }: TaskRecord, { endedAt }: AllocationRecord) => (waiting === undefined ? endedAt : undefined);

const timeText = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
