/** @module An ExecTask as the Nomad job that it is. Used by the bridge. */
import { type ExecTask, type ExecTaskSpec, execTaskSpec } from "../api/exec-task.ts";
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import { durationMs } from "../lib/duration.ts";
import { epochMs } from "../lib/epoch.ts";
import type { NomadJob, NomadJobStub, NomadResources, NomadTask, NomadTaskGroup } from "../nomad/api-types.ts";
import { identityOf } from "./pod-for-task.ts";
import type { AllocationRecord } from "./pod-status.ts";

const NS_PER_MS = 1_000_000;
/** Nomad's default for ephemeral_disk. */
const DISK_MB = 300;

export type ClusterNames = Pick<BridgeConfigSpec, "region" | "datacenter">;

const nanoseconds = (text: string): number => Math.round(durationMs(text) * NS_PER_MS);

/** Undefined for a stored object that no longer passes the schema: it is not served, and its condition says why. */
export function nomadJob(task: ExecTask, names: ClusterNames, running: boolean): NomadJob | undefined {
  const parsed = execTaskSpec.safeParse(task.spec);
  if (!parsed.success) return undefined;
  const { namespace, jobId } = identityOf(task);
  const index = indexOf(task);
  return {
    ID: jobId,
    Name: jobId,
    Namespace: namespace,
    Region: names.region,
    Type: "service",
    Priority: 50,
    Datacenters: [names.datacenter],
    NodePool: "default",
    TaskGroups: [taskGroup(task, parsed.data)],
    Meta: {},
    Stop: false,
    Status: running ? "running" : "pending",
    StatusDescription: "",
    Stable: running,
    Version: (task.metadata.generation ?? 1) - 1,
    SubmitTime: submitTime(task),
    CreateIndex: index,
    ModifyIndex: index,
    JobModifyIndex: index,
  };
}

export function nomadJobStub(job: NomadJob, records: readonly AllocationRecord[]): NomadJobStub {
  const { ID, Name, Namespace, Datacenters, NodePool, Type, Priority, Stop, Status, StatusDescription, CreateIndex, ModifyIndex, JobModifyIndex, SubmitTime } = job;
  return {
    ID,
    ParentID: "",
    Name,
    Namespace,
    Datacenters,
    NodePool,
    Type,
    Priority,
    Periodic: false,
    ParameterizedJob: false,
    Stop,
    Status,
    StatusDescription,
    JobSummary: {
      JobID: ID,
      Namespace,
      Summary: Object.fromEntries(job.TaskGroups.map((group) => [group.Name, groupSummary(group, records)])),
      Children: { Pending: 0, Running: 0, Dead: 0 },
      CreateIndex,
      ModifyIndex,
    },
    CreateIndex,
    ModifyIndex,
    JobModifyIndex,
    SubmitTime,
  };
}

function groupSummary(group: NomadTaskGroup, records: readonly AllocationRecord[]) {
  const count = (...states: AllocationRecord["state"][]) => records.filter((record) => states.includes(record.state)).length;
  const running = count("running");
  const starting = count("pending");
  return {
    Queued: Math.max(0, group.Count - running - starting),
    Complete: count("complete", "stopping"),
    Failed: count("failed", "spent"),
    Running: running,
    Starting: starting,
    Lost: 0,
    Unknown: 0,
  };
}

function taskGroup(task: ExecTask, spec: ExecTaskSpec): NomadTaskGroup {
  const { restart } = spec;
  return {
    Name: identityOf(task).group,
    Count: spec.count,
    RestartPolicy: { Attempts: restart.attempts, Interval: nanoseconds(restart.interval), Delay: nanoseconds(restart.delay), Mode: restart.mode },
    EphemeralDisk: { SizeMB: DISK_MB, Sticky: false, Migrate: false },
    Tasks: [nomadTask(identityOf(task).task, spec)],
  };
}

function nomadTask(name: string, spec: ExecTaskSpec): NomadTask {
  return {
    Name: name,
    Driver: "exec",
    User: spec.user,
    Config: driverConfig(spec),
    Env: spec.env,
    Meta: spec.meta,
    Resources: nomadResources(spec),
    KillTimeout: nanoseconds(spec.killTimeout),
    KillSignal: spec.killSignal,
    LogConfig: { MaxFiles: 10, MaxFileSizeMB: 10, Disabled: false },
    Leader: false,
  };
}

function driverConfig(spec: ExecTaskSpec): Record<string, unknown> {
  return {
    command: spec.command,
    args: spec.args,
    ...(spec.capAdd.length > 0 ? { cap_add: spec.capAdd } : {}),
    ...(spec.capDrop.length > 0 ? { cap_drop: spec.capDrop } : {}),
    ...(spec.pidMode === undefined ? {} : { pid_mode: spec.pidMode }),
    ...(spec.ipcMode === undefined ? {} : { ipc_mode: spec.ipcMode }),
    ...(spec.workDir === "" ? {} : { work_dir: spec.workDir }),
  };
}

export function nomadResources({ resources }: ExecTaskSpec): NomadResources {
  return {
    CPU: resources.cpu,
    Cores: resources.cores ?? 0,
    MemoryMB: resources.memory,
    MemoryMaxMB: resources.memoryMax ?? 0,
    DiskMB: DISK_MB,
  };
}

/** A resourceVersion is etcd's revision: it only grows, as Nomad's index does. At least 1, as clients take 0 for "never". */
export function indexOf(object: { readonly metadata: { readonly resourceVersion?: string } }): number {
  return Math.max(1, Number(object.metadata.resourceVersion ?? 1) || 1);
}

const submitTime = (task: ExecTask) => (epochMs(task.metadata.creationTimestamp) ?? 0) * NS_PER_MS;
