/** @module An ExecTask as the Nomad job that it is. Used by the bridge. */
import { type ExecTask, type ExecTaskSpec, execTaskSpec } from "../api/exec-task.ts";
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import { epochMs } from "../lib/epoch.ts";
import type { Job, Resources, TaskGroup, VolumeRequest } from "../nomad/job.ts";
import { nomadTask, restartPolicy } from "./nomad-task.ts";
import { identityOf } from "./accepted-task.ts";

const NS_PER_MS = 1_000_000;

export type ClusterNames = Pick<BridgeConfigSpec, "region" | "datacenter">;

/** Undefined for a stored object that no longer passes the schema: it is not served, and its condition says why. */
export function nomadJob(task: ExecTask, names: ClusterNames, running: boolean): Job | undefined {
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
    ...NOT_IN_A_JOB,
  };
}

/** What a job of Nomad may have and an ExecTask has not. */
const NOT_IN_A_JOB = {
  AllAtOnce: false,
  Constraints: [],
  Affinities: [],
  Update: null,
  Multiregion: null,
  Spreads: [],
  Periodic: null,
  ParameterizedJob: null,
  Reschedule: null,
  Migrate: null,
  UI: null,
  ParentID: "",
  Dispatched: false,
  DispatchIdempotencyToken: "",
  Payload: null,
  ConsulNamespace: "",
  VaultNamespace: "",
  NomadTokenID: "",
  VersionTag: null,
} as const satisfies Partial<Job>;

function taskGroup(task: ExecTask, spec: ExecTaskSpec): TaskGroup {
  const { group, task: own } = identityOf(task);
  const diskMb = spec.ephemeralDisk.size;
  return {
    Name: group,
    Count: spec.count,
    RestartPolicy: restartPolicy(spec.restart),
    Volumes: Object.fromEntries(spec.volumes.map(({ name, type, source, readOnly }) => [name, volumeRequest({ Name: name, Type: type, Source: source, ReadOnly: readOnly })])),
    EphemeralDisk: { SizeMB: diskMb, Sticky: false, Migrate: false },
    Tasks: [
      nomadTask({ name: own, spec, group: spec, resources: nomadResources(spec, diskMb) }),
      ...spec.tasks.map((each) => nomadTask({ name: each.name, spec: each, lifecycle: each.lifecycle, group: spec, resources: nomadResources(each, diskMb) })),
    ],
    ...NOT_IN_A_GROUP,
  };
}

const volumeRequest = (volume: Pick<VolumeRequest, "Name" | "Type" | "Source" | "ReadOnly">): VolumeRequest => ({
  ...volume,
  Sticky: false,
  AccessMode: "",
  AttachmentMode: "",
  MountOptions: null,
  PerAlloc: false,
});

/** What a group of Nomad may have and an ExecTask has not. */
const NOT_IN_A_GROUP = {
  Constraints: [],
  Affinities: [],
  Spreads: [],
  Disconnect: null,
  ReschedulePolicy: null,
  Update: null,
  Migrate: null,
  Networks: [],
  Meta: {},
  Services: [],
  ShutdownDelay: null,
  MaxRunDuration: null,
  StopAfterClientDisconnect: null,
  MaxClientDisconnect: null,
  Scaling: null,
  Consul: null,
  PreventRescheduleOnLost: null,
} as const satisfies Partial<TaskGroup>;

export const NO_RESOURCES: Resources = { CPU: 0, Cores: 0, MemoryMB: 0, MemoryMaxMB: 0, DiskMB: 0, Networks: [], Devices: [], NUMA: null, SecretsMB: 0, IOPS: 0 };

function nomadResources({ resources }: Pick<TaskSpec, "resources">, diskMb: number): Resources {
  return {
    ...NO_RESOURCES,
    CPU: resources.cpu,
    Cores: resources.cores ?? 0,
    MemoryMB: resources.memory,
    MemoryMaxMB: resources.memoryMax ?? 0,
    DiskMB: diskMb,
    SecretsMB: resources.secrets,
  };
}

/** A resourceVersion is etcd's revision: it only grows, as Nomad's index does. At least 1, as clients take 0 for "never". */
export function indexOf(object: { readonly metadata: { readonly resourceVersion?: string } }): number {
  return Math.max(1, Number(object.metadata.resourceVersion ?? 1) || 1);
}

const submitTime = (task: ExecTask) => (epochMs(task.metadata.creationTimestamp) ?? 0) * NS_PER_MS;
