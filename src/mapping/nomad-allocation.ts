/** @module A pod of ours as the Nomad allocation that it is: the allocation's ID is the pod's UID. Used by the bridge. */
import { execTaskSpec, type ExecTask } from "../api/exec-task.ts";
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import type { NomadAllocation, NomadAllocationStub, NomadJob, NomadTaskEvent, NomadTaskState } from "../nomad/api-types.ts";
import { indexOf, nomadResources } from "./nomad-job.ts";
import { epochMs } from "../lib/epoch.ts";
import { placeOfPod } from "./object-names.ts";
import { identityOf } from "./pod-for-task.ts";
import { type AllocationRecord, allocationRecord, delayedStart } from "./pod-status.ts";
import { allocationName } from "./task-environment.ts";

const NS_PER_MS = 1_000_000;
const ZERO_TIME = "0001-01-01T00:00:00Z";

export type AllocationSource = {
  readonly pod: Pod;
  readonly task: ExecTask;
  /** UID of the pod's node; undefined while it has none, or the node is gone. */
  readonly nodeId: string | undefined;
  /** Epoch ms. */
  readonly now: number;
};

export function allocationStub(source: AllocationSource): NomadAllocationStub {
  const { pod, task, nodeId } = source;
  const identity = identityOf(task);
  const record = allocationRecord(pod, source.now);
  const status = clientStatus(record);
  const created = epochMs(pod.metadata.creationTimestamp) ?? 0;
  return {
    ID: pod.metadata.uid ?? "",
    EvalID: "",
    Name: allocationName({ ...identity, index: placeOfPod(pod.metadata.name).index }),
    Namespace: identity.namespace,
    NodeID: nodeId ?? "",
    NodeName: pod.spec.nodeName ?? "",
    JobID: identity.jobId,
    JobType: "service",
    JobVersion: jobVersion(pod),
    TaskGroup: identity.group,
    DesiredStatus: record.state === "stopping" ? "stop" : "run",
    DesiredDescription: "",
    ClientStatus: status,
    ClientDescription: DESCRIPTION[status],
    TaskStates: { [identity.task]: taskState(record, created) },
    DeploymentStatus: null,
    FollowupEvalID: "",
    NextAllocation: "",
    CreateIndex: indexOf(pod),
    ModifyIndex: indexOf(pod),
    CreateTime: created * NS_PER_MS,
    ModifyTime: (record.endedAt ?? record.readySince ?? created) * NS_PER_MS,
  };
}

/** The whole allocation. `job` is the job as it is now: older versions are not kept in this release. */
export function nomadAllocation(source: AllocationSource, job: NomadJob): NomadAllocation {
  const { JobType: _type, JobVersion: version, ...stub } = allocationStub(source);
  const spec = execTaskSpec.parse(source.task.spec);
  const resources = nomadResources(spec);
  const task = identityOf(source.task).task;
  return {
    ...stub,
    Job: { ...job, Version: version },
    Resources: resources,
    TaskResources: { [task]: resources },
    AllocatedResources: {
      Tasks: { [task]: { Cpu: { CpuShares: resources.CPU }, Memory: { MemoryMB: resources.MemoryMB, MemoryMaxMB: resources.MemoryMaxMB } } },
      Shared: { DiskMB: resources.DiskMB, Networks: [], Ports: [] },
    },
    Metrics: { NodesEvaluated: 1 },
    PreviousAllocation: "",
    DeploymentID: "",
    AllocModifyIndex: stub.ModifyIndex,
  };
}

export type ClientStatus = "pending" | "running" | "complete" | "failed";

const DESCRIPTION: Readonly<Record<ClientStatus, string>> = {
  pending: "No tasks have started",
  running: "Tasks are running",
  complete: "All tasks have completed",
  failed: "Failed tasks",
};

/** A pod that is being stopped still runs, as far as Nomad's clients are concerned, until it is gone. */
export function clientStatus({ state, task }: AllocationRecord): ClientStatus {
  switch (state) {
    case "pending":
      return "pending";
    case "running":
      return "running";
    case "stopping":
      return task.startedAt === undefined ? "complete" : "running";
    case "complete":
      return "complete";
    case "spent":
    case "failed":
      return "failed";
  }
}

const jobVersion = (pod: Pod) => Number(pod.metadata.annotations?.[ANNOTATION.jobVersion] ?? 0) || 0;

function taskState(record: AllocationRecord, createdMs: number): NomadTaskState {
  const { task } = record;
  const running = record.state === "running" || (record.state === "stopping" && task.startedAt !== undefined);
  const dead = record.state === "failed" || record.state === "spent" || record.state === "complete";
  return {
    State: running ? "running" : dead ? "dead" : "pending",
    Failed: record.state === "failed" || record.state === "spent",
    Restarts: task.restarts,
    LastRestart: task.restarts > 0 ? timeText(task.startedAt) : ZERO_TIME,
    StartedAt: timeText(task.startedAt ?? (dead ? task.lastEnd?.startedAt : undefined)),
    FinishedAt: dead ? timeText(record.endedAt) : ZERO_TIME,
    Events: taskEvents(record, createdMs),
  };
}

const STARTED = "Task started by client";

/** What the pod's record proves happened, oldest first, with Nomad's words. */
function taskEvents({ task }: AllocationRecord, createdMs: number): readonly NomadTaskEvent[] {
  const events = [event("Received", createdMs, "Task received by client")];
  const { lastEnd } = task;
  if (lastEnd !== undefined) {
    const notStarted = lastEnd.message?.reason === "start-failed" ? lastEnd.message : undefined;
    if (notStarted === undefined && lastEnd.startedAt !== undefined) events.push(event("Started", lastEnd.startedAt, STARTED));
    const text = notStarted === undefined ? `Exit Code: ${lastEnd.exitCode}` : notStarted.message;
    const type = notStarted === undefined ? "Terminated" : "Driver Failure";
    events.push(event(type, lastEnd.finishedAt ?? createdMs, text, { exit_code: String(lastEnd.exitCode), oom_killed: String(lastEnd.oomKilled) }));
  }
  const due = delayedStart(task);
  if (due !== undefined && task.startedAt !== undefined && lastEnd?.message?.restartInMs !== undefined) {
    events.push(event("Restarting", lastEnd.finishedAt ?? createdMs, `Task restarting in ${lastEnd.message.restartInMs / 1000}s`));
  }
  if (task.startedAt !== undefined) events.push(event("Started", Math.max(task.startedAt, due ?? 0), STARTED));
  return events;
}

const event = (Type: string, ms: number, DisplayMessage: string, Details: Record<string, string> = {}): NomadTaskEvent => ({
  Type,
  Time: ms * NS_PER_MS,
  DisplayMessage,
  Details,
});

const timeText = (ms: number | undefined) => (ms === undefined ? ZERO_TIME : new Date(ms).toISOString());
