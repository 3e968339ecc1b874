/** @module Canonical Nomad jobs from what a test cares about, and the object that holds one. */
import { configOf, sha256 } from "../mapping-fixtures.ts";
import type { BridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { Node } from "../../../../src/api/pod.ts";
import type { NomadJob } from "../../../../src/api/nomad-job.ts";
import { jobGroups, refusalOf } from "../../../../src/mapping/job/job-groups.ts";
import { type AcceptedGroup, acceptGroup, type Refusal } from "../../../../src/mapping/pod-for-task.ts";
import type { JobSpec, JobType, NetworkResource, Port, RestartPolicy, Service, ServiceCheck, Task, TaskArtifact, TaskGroup, Template, VolumeMount, VolumeRequest } from "../../../../src/nomad/job.ts";

const SECOND = 1_000_000_000;
const MINUTE = 60 * SECOND;

type Loose<T> = T extends readonly (infer U)[] ? readonly Loose<U>[] : T extends object ? { readonly [K in keyof T]?: Loose<T[K]> | undefined } : T;
export type LooseTask = Loose<Omit<Task, "Config">> & { readonly Config?: Readonly<Record<string, unknown>> };
export type LooseGroup = Loose<Omit<TaskGroup, "Tasks">> & { readonly Tasks?: readonly LooseTask[] };
export type LooseJob = Loose<Omit<JobSpec, "TaskGroups">> & { readonly TaskGroups?: readonly LooseGroup[] };

const restartOf = (type: JobType): RestartPolicy =>
  type === "service" || type === "system"
    ? { Attempts: 2, Interval: 30 * MINUTE, Delay: 15 * SECOND, Mode: "fail", RenderTemplates: false }
    : { Attempts: 3, Interval: 24 * 60 * MINUTE, Delay: 15 * SECOND, Mode: "fail", RenderTemplates: false };

const ARTIFACT: TaskArtifact = { GetterSource: "", GetterOptions: {}, GetterHeaders: {}, GetterMode: "any", GetterInsecure: false, RelativeDest: "local/", Chown: false };
const MOUNT: VolumeMount = { Volume: "", Destination: "", ReadOnly: false, PropagationMode: "private", SELinuxLabel: "" };
const VOLUME: VolumeRequest = { Name: "", Type: "host", Source: "", ReadOnly: false, Sticky: false, AccessMode: "", AttachmentMode: "", MountOptions: null, PerAlloc: false };
const PORT: Port = { Label: "", Value: 0, To: 0, HostNetwork: "default", IgnoreCollision: false };
const TEMPLATE: Template = {
  SourcePath: "", DestPath: "", EmbeddedTmpl: "", ChangeMode: "restart", ChangeScript: null, ChangeSignal: "", Once: false, Splay: 5 * SECOND, Perms: "0644", Uid: null, Gid: null,
  LeftDelim: "{{", RightDelim: "}}", Envvars: false, VaultGrace: 0, Wait: null, ErrMissingKey: false,
};
const CHECK: ServiceCheck = {
  Name: "", Type: "", Command: "", Args: [], Path: "", Protocol: "", PortLabel: "", Expose: false, AddressMode: "", Advertise: "", Interval: 10 * SECOND, Timeout: 2 * SECOND, InitialStatus: "",
  Notes: "", TLSServerName: "", TLSSkipVerify: false, Header: {}, Method: "", CheckRestart: null, GRPCService: "", GRPCUseTLS: false, TaskName: "", SuccessBeforePassing: 0,
  FailuresBeforeCritical: 0, FailuresBeforeWarning: 0, Body: "", OnUpdate: "require_healthy",
};
const SERVICE: Service = {
  Name: "", Tags: [], CanaryTags: [], EnableTagOverride: false, PortLabel: "", AddressMode: "auto", Address: "", Checks: [], CheckRestart: null, Connect: null, Meta: {}, CanaryMeta: {},
  TaggedAddresses: {}, TaskName: "", OnUpdate: "require_healthy", Identity: null, Weights: null, Provider: "nomad", Cluster: "default", Kind: "",
};
const NETWORK: NetworkResource = { Mode: "host", Device: "", CIDR: "", IP: "", DNS: null, ReservedPorts: [], DynamicPorts: [], Hostname: "", MBits: 0, CNI: null };

const serviceOf = (service: Loose<Service>): Service => ({ ...SERVICE, ...service, Checks: (service.Checks ?? []).map((check) => ({ ...CHECK, ...check })) }) as Service;
const networkOf = (network: Loose<NetworkResource>): NetworkResource =>
  ({
    ...NETWORK,
    ...network,
    ReservedPorts: (network.ReservedPorts ?? []).map((port) => ({ ...PORT, ...port })),
    DynamicPorts: (network.DynamicPorts ?? []).map((port) => ({ ...PORT, ...port })),
  }) as NetworkResource;

function taskOf(task: LooseTask, type: JobType): Task {
  const defaults: Task = {
    Name: "web", Driver: "exec", User: "", Lifecycle: null, Config: { command: "sleep" }, Constraints: [], Affinities: [], Env: {}, Services: [], RestartPolicy: restartOf(type), Meta: {},
    Resources: { CPU: 100, Cores: 0, MemoryMB: 300, MemoryMaxMB: 0, DiskMB: 0, Networks: [], Devices: [], NUMA: null, SecretsMB: 0, IOPS: 0 }, KillTimeout: 5 * SECOND,
    LogConfig: { MaxFiles: 10, MaxFileSizeMB: 10, Disabled: false }, Artifacts: [], Vault: null, Consul: null, Templates: [], DispatchPayload: null, VolumeMounts: [], CSIPluginConfig: null,
    Leader: false, ShutdownDelay: 0, KillSignal: "", Kind: "", ScalingPolicies: [], Secrets: [], Identity: null, Identities: [], Actions: [], Schedule: null,
  };
  return {
    ...defaults,
    ...task,
    Services: (task.Services ?? []).map(serviceOf),
    RestartPolicy: { ...defaults.RestartPolicy, ...task.RestartPolicy },
    LogConfig: { ...defaults.LogConfig, ...task.LogConfig },
    Resources: { ...defaults.Resources, ...task.Resources, Networks: (task.Resources?.Networks ?? []).map(networkOf) },
    Artifacts: (task.Artifacts ?? []).map((each) => ({ ...ARTIFACT, ...each })),
    Templates: (task.Templates ?? []).map((each) => ({ ...TEMPLATE, ...each })),
    VolumeMounts: (task.VolumeMounts ?? []).map((each) => ({ ...MOUNT, ...each })),
  } as Task;
}

function groupOf(group: LooseGroup, type: JobType): TaskGroup {
  const defaults = {
    Name: "web", Count: 1, Constraints: [], Affinities: [], Spreads: [], RestartPolicy: restartOf(type), Disconnect: null, ReschedulePolicy: null,
    EphemeralDisk: { Sticky: false, Migrate: false, SizeMB: 300 }, Update: null, Migrate: null, Meta: {}, ShutdownDelay: null, MaxRunDuration: null, StopAfterClientDisconnect: null,
    MaxClientDisconnect: null, Scaling: null, Consul: null, PreventRescheduleOnLost: null,
  };
  return {
    ...defaults,
    ...group,
    EphemeralDisk: { ...defaults.EphemeralDisk, ...group.EphemeralDisk },
    Tasks: (group.Tasks ?? [{}]).map((task) => taskOf(task, type)),
    Networks: (group.Networks ?? []).map(networkOf),
    Services: (group.Services ?? []).map(serviceOf),
    Volumes: Object.fromEntries(Object.entries(group.Volumes ?? {}).map(([name, volume]) => [name, { ...VOLUME, Name: name, ...volume }])),
  } as TaskGroup;
}

/** With Nomad's defaults for all that is left out; one group "web" with one task "web". */
export function jobOf(job: LooseJob = {}): JobSpec {
  const type = job.Type ?? "service";
  const defaults = {
    Region: "global", Namespace: "team", ID: "web", Type: type, Priority: 50, AllAtOnce: false, Datacenters: ["*"], NodePool: "default", Constraints: [], Affinities: [], Update: null,
    Multiregion: null, Spreads: [], Periodic: null, ParameterizedJob: null, Reschedule: null, Migrate: null, Meta: {}, UI: null, ParentID: "", Dispatched: false, DispatchIdempotencyToken: "",
    Payload: null, ConsulNamespace: "", VaultNamespace: "",
  };
  return { ...defaults, Name: job.ID ?? "web", ...job, TaskGroups: (job.TaskGroups ?? [{}]).map((group) => groupOf(group, type)) } as JobSpec;
}

export const objectOf = (job: JobSpec, spec: Partial<NomadJob["spec"]> = {}): NomadJob => ({
  apiVersion: "nomad-bridge.dev/v1alpha1",
  kind: "NomadJob",
  metadata: { name: "web-1234", namespace: "team", uid: "job-uid", generation: 3 },
  spec: { id: job.ID, type: job.Type, job, ...spec },
});

/** What the job is refused with, at its mapping or at one of its groups. */
export function refusedText(job: JobSpec, config: BridgeConfigSpec = configOf()): string | undefined {
  const mapped = jobGroups(objectOf(job), job, config);
  const refusal = refusalOf(mapped) ?? mapped.groups.map(({ group }) => (group.ok ? refusedBy(group.value, config) : undefined)).find((each) => each !== undefined);
  return refusal?.message;
}

function refusedBy(group: Parameters<typeof acceptGroup>[0], config: BridgeConfigSpec): Refusal | undefined {
  const accepted = acceptGroup(group, config, sha256);
  return accepted.ok ? undefined : accepted.error;
}

/** The groups of a job that must be fine. */
export function acceptedGroups(job: JobSpec, config: BridgeConfigSpec = configOf(), spec: Partial<NomadJob["spec"]> = {}): readonly AcceptedGroup[] {
  return jobGroups(objectOf(job, spec), job, config).groups.map(({ group }) => {
    if (!group.ok) throw new Error(group.error.message);
    const accepted = acceptGroup(group.value, config, sha256);
    if (!accepted.ok) throw new Error(accepted.error.message);
    return accepted.value;
  });
}

/** A ready node of four cores; its name is its host name's label, too. */
export const nodeOf = (metadata: Partial<Node["metadata"]> = {}, more: Partial<Pick<Node, "spec" | "status">> = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  ...more,
  metadata: { name: "node-1", uid: `uid-${metadata.name ?? "node-1"}`, ...metadata, labels: { "kubernetes.io/hostname": metadata.name ?? "node-1", ...metadata.labels } },
  status: {
    conditions: [{ type: "Ready", status: "True" }],
    capacity: { cpu: "4", memory: "8Gi" },
    nodeInfo: { architecture: "amd64", operatingSystem: "linux", kernelVersion: "6.1.0-13-amd64", osImage: "Debian GNU/Linux 12 (bookworm)" },
    ...more.status,
  },
});
