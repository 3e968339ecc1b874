/**
 * @module Nomad's HTTP API objects, as far as this release fills them. Go field names; durations in ns, times in Unix ns.
 * Source: developer.hashicorp.com/nomad/api-docs, and what Nomad's Go client decodes.
 */

/** The Nomad release whose API we speak; clients of it and before it meet no surprise. */
export const NOMAD_VERSION = "2.0.5";

export type NomadTask = {
  readonly Name: string;
  readonly Driver: string;
  readonly User: string;
  /** Null: a main task. */
  readonly Lifecycle: { readonly Hook: string; readonly Sidecar: boolean } | null;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly Env: Readonly<Record<string, string>>;
  readonly Meta: Readonly<Record<string, string>>;
  readonly Resources: NomadResources;
  readonly RestartPolicy: NomadRestartPolicy;
  readonly Artifacts: readonly NomadArtifact[];
  readonly Templates: readonly NomadTemplate[];
  readonly VolumeMounts: readonly NomadVolumeMount[];
  readonly DispatchPayload: { readonly File: string } | null;
  readonly KillTimeout: number;
  readonly KillSignal: string;
  readonly ShutdownDelay: number;
  readonly LogConfig: { readonly MaxFiles: number; readonly MaxFileSizeMB: number; readonly Disabled: boolean };
  readonly Leader: boolean;
};

export type NomadRestartPolicy = {
  readonly Attempts: number;
  readonly Interval: number;
  readonly Delay: number;
  readonly Mode: string;
  readonly RenderTemplates: boolean;
};

export type NomadArtifact = {
  readonly GetterSource: string;
  readonly GetterOptions: Readonly<Record<string, string>>;
  readonly GetterHeaders: Readonly<Record<string, string>>;
  readonly GetterMode: string;
  readonly GetterInsecure: boolean;
  readonly RelativeDest: string;
  readonly Chown: boolean;
};

export type NomadTemplate = {
  readonly SourcePath: string;
  readonly DestPath: string;
  readonly EmbeddedTmpl: string;
  readonly ChangeMode: string;
  readonly ChangeSignal: string;
  readonly Splay: number;
  readonly Perms: string;
  readonly Uid: number | null;
  readonly Gid: number | null;
  readonly LeftDelim: string;
  readonly RightDelim: string;
  readonly Envvars: boolean;
  readonly Once: boolean;
  readonly ErrMissingKey: boolean;
};

export type NomadVolumeMount = { readonly Volume: string; readonly Destination: string; readonly ReadOnly: boolean; readonly PropagationMode: string };

export type NomadVolume = { readonly Name: string; readonly Type: string; readonly Source: string; readonly ReadOnly: boolean };

export type NomadResources = {
  readonly CPU: number;
  readonly Cores: number;
  readonly MemoryMB: number;
  readonly MemoryMaxMB: number;
  readonly DiskMB: number;
};

export type NomadTaskGroup = {
  readonly Name: string;
  readonly Count: number;
  readonly RestartPolicy: NomadRestartPolicy;
  readonly Volumes: Readonly<Record<string, NomadVolume>>;
  readonly EphemeralDisk: { readonly SizeMB: number; readonly Sticky: boolean; readonly Migrate: boolean };
  readonly Tasks: readonly NomadTask[];
};

export type NomadJob = {
  readonly ID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly Region: string;
  readonly Type: string;
  readonly Priority: number;
  readonly Datacenters: readonly string[];
  readonly NodePool: string;
  readonly TaskGroups: readonly NomadTaskGroup[];
  readonly Meta: Readonly<Record<string, string>>;
  readonly Stop: boolean;
  readonly Status: string;
  readonly StatusDescription: string;
  readonly Stable: boolean;
  readonly Version: number;
  readonly SubmitTime: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly JobModifyIndex: number;
};

type GroupSummary = {
  readonly Queued: number;
  readonly Complete: number;
  readonly Failed: number;
  readonly Running: number;
  readonly Starting: number;
  readonly Lost: number;
  readonly Unknown: number;
};

export type NomadJobStub = {
  readonly ID: string;
  readonly ParentID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly Datacenters: readonly string[];
  readonly NodePool: string;
  readonly Type: string;
  readonly Priority: number;
  readonly Periodic: boolean;
  readonly ParameterizedJob: boolean;
  readonly Stop: boolean;
  readonly Status: string;
  readonly StatusDescription: string;
  readonly JobSummary: {
    readonly JobID: string;
    readonly Namespace: string;
    readonly Summary: Readonly<Record<string, GroupSummary>>;
    readonly Children: { readonly Pending: number; readonly Running: number; readonly Dead: number };
    readonly CreateIndex: number;
    readonly ModifyIndex: number;
  };
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly JobModifyIndex: number;
  readonly SubmitTime: number;
};

export type NomadTaskEvent = {
  readonly Type: string;
  readonly Time: number;
  readonly DisplayMessage: string;
  readonly Details: Readonly<Record<string, string>>;
};

export type NomadTaskState = {
  readonly State: "pending" | "running" | "dead";
  readonly Failed: boolean;
  readonly Restarts: number;
  readonly LastRestart: string;
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Events: readonly NomadTaskEvent[];
};

export type NomadAllocationStub = {
  readonly ID: string;
  readonly EvalID: string;
  readonly Name: string;
  readonly Namespace: string;
  readonly NodeID: string;
  readonly NodeName: string;
  readonly JobID: string;
  readonly JobType: string;
  readonly JobVersion: number;
  readonly TaskGroup: string;
  readonly DesiredStatus: string;
  readonly DesiredDescription: string;
  readonly ClientStatus: string;
  readonly ClientDescription: string;
  readonly TaskStates: Readonly<Record<string, NomadTaskState>>;
  readonly DeploymentStatus: null;
  readonly FollowupEvalID: string;
  readonly NextAllocation: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly CreateTime: number;
  readonly ModifyTime: number;
};

export type NomadAllocation = Omit<NomadAllocationStub, "JobType" | "JobVersion"> & {
  readonly Job: NomadJob;
  readonly Resources: NomadResources;
  readonly TaskResources: Readonly<Record<string, NomadResources>>;
  readonly AllocatedResources: {
    readonly Tasks: Readonly<Record<string, { readonly Cpu: { readonly CpuShares: number }; readonly Memory: { readonly MemoryMB: number; readonly MemoryMaxMB: number } }>>;
    readonly Shared: { readonly DiskMB: number; readonly Networks: readonly unknown[]; readonly Ports: readonly unknown[] };
  };
  readonly Metrics: { readonly NodesEvaluated: number };
  readonly PreviousAllocation: string;
  readonly DeploymentID: string;
  readonly AllocModifyIndex: number;
};

export type NomadNode = {
  readonly ID: string;
  readonly Name: string;
  readonly Datacenter: string;
  readonly NodeClass: string;
  readonly NodePool: string;
  /** Always empty: a client that is given an address tries it first and waits a second for it. */
  readonly HTTPAddr: "";
  readonly TLSEnabled: boolean;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly Meta: Readonly<Record<string, string>>;
  readonly Status: "ready" | "down";
  readonly StatusDescription: string;
  readonly SchedulingEligibility: "eligible" | "ineligible";
  readonly Drain: boolean;
  readonly Drivers: Readonly<Record<string, { readonly Detected: boolean; readonly Healthy: boolean; readonly Attributes: Readonly<Record<string, string>> }>>;
  readonly NodeResources: { readonly Cpu: { readonly CpuShares: number; readonly TotalCpuCores: number }; readonly Memory: { readonly MemoryMB: number }; readonly Disk: { readonly DiskMB: number } };
  readonly ReservedResources: { readonly Cpu: { readonly CpuShares: number }; readonly Memory: { readonly MemoryMB: number }; readonly Disk: { readonly DiskMB: number } };
  readonly Resources: NomadResources;
  readonly Reserved: NomadResources;
  readonly Links: Readonly<Record<string, string>>;
  readonly Events: readonly unknown[];
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
};
