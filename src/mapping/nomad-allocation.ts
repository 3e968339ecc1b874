/** @module A pod of ours as the Nomad allocation that it is: the allocation's ID is the pod's UID. Used by the bridge. */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { readTaskMarks } from "../contract/task-marks.ts";
import type { NomadAllocation, NomadAllocationStub, NomadTaskState } from "../nomad/api-types.ts";
import type { Job, Resources, TaskGroup } from "../nomad/job.ts";
import { indexOf, NO_RESOURCES } from "./nomad-job.ts";
import { epochMs } from "../lib/epoch.ts";
import { allocatedPorts } from "./job/allocated-ports.ts";
import type { JobRecord } from "./job-record.ts";
import { evaluationOf } from "./nomad-evaluation.ts";
import { deploymentId } from "./nomad-ids.ts";
import { placeOfPod, type Sha256 } from "./object-names.ts";
import { type AllocationRecord, allocationRecord, type TaskRecord } from "./pod-status.ts";
import { allocationName } from "./task-environment.ts";
import { type EventSource, taskEvents } from "./task-events.ts";

const NS_PER_MS = 1_000_000;
const ZERO_TIME = "0001-01-01T00:00:00Z";

export type AllocationSource = {
  readonly pod: Pod;
  /** As it was at the pod's version, where that is still known. */
  readonly job: Job;
  /** As the job is now. */
  readonly record: JobRecord;
  readonly sha256: Sha256;
  /** The one that took its place, where that is known. */
  readonly next?: string;
  /** UID of the pod's node; undefined while it has none, or the node is gone. */
  readonly nodeId: string | undefined;
  /** Epoch ms. */
  readonly now: number;
};

export function allocationStub(source: AllocationSource): NomadAllocationStub {
  const { pod, job, nodeId } = source;
  const group = groupOf(pod);
  const record = allocationRecord(pod, source.now);
  const status = clientStatus(record);
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
    JobVersion: jobVersion(pod),
    TaskGroup: group,
    DesiredStatus: record.state === "stopping" || stopped !== undefined ? "stop" : "run",
    DesiredDescription: stopped ?? "",
    ClientStatus: status,
    ClientDescription: DESCRIPTION[status],
    TaskStates: Object.fromEntries(record.tasks.map((each) => [each.task, taskState({ pod, record, task: each })])),
    DeploymentStatus: deploymentStatus(source, record),
    FollowupEvalID: "",
    NextAllocation: source.next ?? "",
    CreateIndex: indexOf(pod),
    ModifyIndex: indexOf(pod),
    CreateTime: created * NS_PER_MS,
    ModifyTime: (record.endedAt ?? record.readySince ?? created) * NS_PER_MS,
  };
}

/** The whole allocation. */
export function nomadAllocation(source: AllocationSource): NomadAllocation {
  const { JobType: _type, JobVersion: version, ...stub } = allocationStub(source);
  const resources = taskResources(source, Object.keys(stub.TaskStates));
  const all = Object.values(resources);
  const sum = (field: "CPU" | "Cores" | "MemoryMB" | "MemoryMaxMB") => all.reduce((total, each) => total + each[field], 0);
  const { ports, networks, status: network } = allocatedPorts(source.pod, taskGroup(source)?.Networks[0]);
  const disk = taskGroup(source)?.EphemeralDisk.SizeMB ?? 0;
  return {
    ...stub,
    Job: { ...source.job, Version: version },
    Resources: { ...NO_RESOURCES, CPU: sum("CPU"), Cores: sum("Cores"), MemoryMB: sum("MemoryMB"), MemoryMaxMB: sum("MemoryMaxMB"), DiskMB: disk },
    TaskResources: resources,
    AllocatedResources: {
      Tasks: Object.fromEntries(
        Object.entries(resources).map(([task, { CPU, MemoryMB, MemoryMaxMB }]) => [task, { Cpu: { CpuShares: CPU }, Memory: { MemoryMB, MemoryMaxMB } }]),
      ),
      Shared: { DiskMB: disk, Networks: networks, Ports: ports },
    },
    Metrics: { NodesEvaluated: 1 },
    NetworkStatus: network,
    PreviousAllocation: source.pod.metadata.annotations?.[ANNOTATION.previousAllocation] ?? "",
    DeploymentID: isDeployed(source) ? deploymentId(source.sha256, source.record.uid, version) : "",
    AllocModifyIndex: stub.ModifyIndex,
  };
}

/** Whether the allocation's version has a deployment: a service's that is updated step by step. */
const isDeployed = (source: AllocationSource): boolean =>
  source.record.object.kind === "NomadJob" && source.job.Type === "service" && (taskGroup(source)?.Update?.MaxParallel ?? 0) > 0;

/** Healthy from when it has been ready for as long as its group asks for; failed ones are not, and of the others nobody knows yet. */
function deploymentStatus(source: AllocationSource, { readySince, state }: AllocationRecord): NomadAllocationStub["DeploymentStatus"] {
  if (!isDeployed(source)) return null;
  const minHealthyMs = (taskGroup(source)?.Update?.MinHealthyTime ?? 0) / NS_PER_MS;
  const isHealthy = readySince !== undefined && source.now - readySince >= minHealthyMs;
  const isUnhealthy = state === "failed" || state === "spent";
  return {
    Healthy: isHealthy ? true : isUnhealthy ? false : null,
    Timestamp: timeText(isHealthy ? readySince + minHealthyMs : undefined),
    Canary: source.pod.metadata.annotations?.[ANNOTATION.canary] === "true",
    ModifyIndex: indexOf(source.pod),
  };
}

/** Of the pod's tasks as the job has them: a task that a newer version has no more is left out. */
function taskResources(source: AllocationSource, names: readonly string[]): Readonly<Record<string, Resources>> {
  const tasks = (taskGroup(source)?.Tasks ?? []).filter(({ Name }) => names.includes(Name));
  return Object.fromEntries(tasks.map(({ Name, Resources: resources }) => [Name, resources]));
}

const taskGroup = ({ pod, job }: AllocationSource): TaskGroup | undefined => job.TaskGroups.find(({ Name }) => Name === groupOf(pod));

/** Our controller wrote it, and nobody else can change it. */
const groupOf = (pod: Pod): string => pod.metadata.annotations?.[ANNOTATION.group] ?? "";

export type ClientStatus = "pending" | "running" | "complete" | "failed";

const DESCRIPTION: Readonly<Record<ClientStatus, string>> = {
  pending: "No tasks have started",
  running: "Tasks are running",
  complete: "All tasks have completed",
  failed: "Failed tasks",
};

/** A pod that is being stopped still runs, as far as Nomad's clients are concerned, until it is gone; one of whose tasks runs is running. */
export function clientStatus({ state, tasks }: Pick<AllocationRecord, "state" | "tasks">): ClientStatus {
  const runs = tasks.some((task) => task.state === "running");
  switch (state) {
    case "pending":
      return runs ? "running" : "pending";
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

const jobVersion = (pod: Pod) => Number(pod.metadata.annotations?.[ANNOTATION.jobVersion] ?? 0) || 0;

function taskState(source: EventSource): NomadTaskState {
  const { task, record, pod } = source;
  const { marks, restarts } = readTaskMarks(pod.metadata.annotations?.[ANNOTATION.taskMarks]);
  const inPlace = marks.findLast((mark) => mark.task === task.task && mark.kind === "restart")?.at;
  // Of the restarts by Kubernetes and those in place, the later.
  const lastRestart = Math.max(inPlace ?? 0, task.restarts > 0 ? (task.startedAt ?? task.lastEnd?.finishedAt ?? 0) : 0);
  const startedAt = task.startedAt === undefined ? undefined : Math.max(task.startedAt, inPlace ?? 0);
  return {
    State: task.state,
    Failed: task.failed,
    Restarts: task.restarts + (restarts[task.task] ?? 0),
    LastRestart: lastRestart > 0 ? timeText(lastRestart) : ZERO_TIME,
    StartedAt: timeText(startedAt ?? (task.state === "dead" ? task.lastEnd?.startedAt : undefined)),
    FinishedAt: task.state === "dead" ? timeText(task.lastEnd?.finishedAt ?? finishedBy(task, record)) : ZERO_TIME,
    Events: taskEvents(source),
  };
}

/** A task of which no end is known ended with its pod at the latest. */
const finishedBy = ({ waiting }: TaskRecord, { endedAt }: AllocationRecord) => (waiting === undefined ? endedAt : undefined);

const timeText = (ms: number | undefined) => (ms === undefined ? ZERO_TIME : new Date(ms).toISOString());
