/**
 * @module Nomad's job as its HTTP API has it: every field of `api.Job`, after canonicalising. Go field names; durations in ns, times in
 * Unix ns; `Payload` is base64. A list or a map that was never written is empty here and null on the wire only where clients ask for it.
 * Source: github.com/hashicorp/nomad/api (MPL-2.0), jobs.go, tasks.go, resources.go, services.go; job-schema.ts has the same as data
 */

export type Strings = Readonly<Record<string, string>>;

export type Constraint = { readonly LTarget: string; readonly RTarget: string; readonly Operand: string };
export type Affinity = Constraint & { readonly Weight: number };
export type Spread = { readonly Attribute: string; readonly Weight: number; readonly SpreadTarget: readonly { readonly Value: string; readonly Percent: number }[] };

export type UpdateStrategy = {
  readonly Stagger: number;
  readonly MaxParallel: number;
  readonly HealthCheck: string;
  readonly MinHealthyTime: number;
  readonly HealthyDeadline: number;
  readonly ProgressDeadline: number;
  readonly Canary: number;
  readonly AutoRevert: boolean;
  readonly AutoPromote: boolean;
};

export type ReschedulePolicy = {
  readonly Attempts: number;
  readonly Interval: number;
  readonly Delay: number;
  readonly DelayFunction: string;
  readonly MaxDelay: number;
  readonly Unlimited: boolean;
};

export type RestartPolicy = { readonly Attempts: number; readonly Interval: number; readonly Delay: number; readonly Mode: string; readonly RenderTemplates: boolean };
export type MigrateStrategy = { readonly MaxParallel: number; readonly HealthCheck: string; readonly MinHealthyTime: number; readonly HealthyDeadline: number };

export type DisconnectStrategy = {
  readonly LostAfter: number | null;
  readonly StopOnClientAfter: number | null;
  readonly Replace: boolean | null;
  readonly Reconcile: string | null;
};

export type PeriodicConfig = {
  readonly Enabled: boolean;
  readonly Spec: string;
  readonly Specs: readonly string[];
  readonly SpecType: string;
  readonly ProhibitOverlap: boolean;
  readonly TimeZone: string;
};

export type ParameterizedJobConfig = { readonly Payload: string; readonly MetaRequired: readonly string[]; readonly MetaOptional: readonly string[] };

export type Port = { readonly Label: string; readonly Value: number; readonly To: number; readonly HostNetwork: string; readonly IgnoreCollision: boolean };

export type NetworkResource = {
  readonly Mode: string;
  readonly Device: string;
  readonly CIDR: string;
  readonly IP: string;
  readonly DNS: { readonly Servers: readonly string[]; readonly Searches: readonly string[]; readonly Options: readonly string[] } | null;
  readonly ReservedPorts: readonly Port[];
  readonly DynamicPorts: readonly Port[];
  readonly Hostname: string;
  readonly MBits: number | null;
  readonly CNI: { readonly Args: Strings } | null;
};

export type CheckRestart = { readonly Limit: number; readonly Grace: number | null; readonly IgnoreWarnings: boolean };

export type ServiceCheck = {
  readonly Name: string;
  readonly Type: string;
  readonly Command: string;
  readonly Args: readonly string[];
  readonly Path: string;
  readonly Protocol: string;
  readonly PortLabel: string;
  readonly Expose: boolean;
  readonly AddressMode: string;
  readonly Advertise: string;
  readonly Interval: number;
  readonly Timeout: number;
  readonly InitialStatus: string;
  readonly Notes: string;
  readonly TLSServerName: string;
  readonly TLSSkipVerify: boolean;
  readonly Header: Readonly<Record<string, readonly string[]>>;
  readonly Method: string;
  readonly CheckRestart: CheckRestart | null;
  readonly GRPCService: string;
  readonly GRPCUseTLS: boolean;
  readonly TaskName: string;
  readonly SuccessBeforePassing: number;
  readonly FailuresBeforeCritical: number;
  readonly FailuresBeforeWarning: number;
  readonly Body: string;
  readonly OnUpdate: string;
};

export type Service = {
  readonly Name: string;
  readonly Tags: readonly string[];
  readonly CanaryTags: readonly string[];
  readonly EnableTagOverride: boolean;
  readonly PortLabel: string;
  readonly AddressMode: string;
  readonly Address: string;
  readonly Checks: readonly ServiceCheck[];
  readonly CheckRestart: CheckRestart | null;
  /** Consul's service mesh; kept, never mapped. */
  readonly Connect: Readonly<Record<string, unknown>> | null;
  readonly Meta: Strings;
  readonly CanaryMeta: Strings;
  readonly TaggedAddresses: Strings;
  readonly TaskName: string;
  readonly OnUpdate: string;
  readonly Identity: WorkloadIdentity | null;
  readonly Weights: { readonly Passing: number; readonly Warning: number } | null;
  readonly Provider: string;
  readonly Cluster: string;
  readonly Kind: string;
};

export type WorkloadIdentity = {
  readonly Name: string;
  readonly Audience: readonly string[];
  readonly ChangeMode: string;
  readonly ChangeSignal: string;
  readonly Env: boolean;
  readonly File: boolean;
  readonly Filepath: string;
  readonly ServiceName: string;
  readonly TTL: number;
  readonly ExtraClaims: readonly string[];
};

export type RequestedDevice = { readonly Name: string; readonly Count: number; readonly Constraints: readonly Constraint[]; readonly Affinities: readonly Affinity[] };

export type Resources = {
  readonly CPU: number;
  readonly Cores: number;
  readonly MemoryMB: number;
  readonly MemoryMaxMB: number;
  readonly DiskMB: number;
  readonly Networks: readonly NetworkResource[];
  readonly Devices: readonly RequestedDevice[];
  readonly NUMA: { readonly Affinity: string; readonly Devices: readonly string[] } | null;
  readonly SecretsMB: number;
  readonly IOPS: number;
};

export type LogConfig = { readonly MaxFiles: number; readonly MaxFileSizeMB: number; readonly Disabled: boolean };

export type TaskArtifact = {
  readonly GetterSource: string;
  readonly GetterOptions: Strings;
  readonly GetterHeaders: Strings;
  readonly GetterMode: string;
  readonly GetterInsecure: boolean;
  readonly RelativeDest: string;
  readonly Chown: boolean;
};

export type Template = {
  readonly SourcePath: string;
  readonly DestPath: string;
  readonly EmbeddedTmpl: string;
  readonly ChangeMode: string;
  readonly ChangeScript: { readonly Command: string; readonly Args: readonly string[]; readonly Timeout: number; readonly FailOnError: boolean; readonly RunOnFirstRender: boolean } | null;
  readonly ChangeSignal: string;
  readonly Once: boolean;
  readonly Splay: number;
  readonly Perms: string;
  readonly Uid: number | null;
  readonly Gid: number | null;
  readonly LeftDelim: string;
  readonly RightDelim: string;
  readonly Envvars: boolean;
  readonly VaultGrace: number;
  readonly Wait: { readonly Min: number | null; readonly Max: number | null } | null;
  readonly ErrMissingKey: boolean;
};

export type VolumeMount = { readonly Volume: string; readonly Destination: string; readonly ReadOnly: boolean; readonly PropagationMode: string; readonly SELinuxLabel: string };

export type VolumeRequest = {
  readonly Name: string;
  readonly Type: string;
  readonly Source: string;
  readonly ReadOnly: boolean;
  readonly Sticky: boolean;
  readonly AccessMode: string;
  readonly AttachmentMode: string;
  readonly MountOptions: { readonly FSType: string; readonly MountFlags: readonly string[] } | null;
  readonly PerAlloc: boolean;
};

export type ScalingPolicy = {
  readonly Min: number | null;
  readonly Max: number | null;
  readonly Policy: Readonly<Record<string, unknown>> | null;
  readonly Enabled: boolean;
  readonly Type: string;
  readonly ID: string;
  readonly Namespace: string;
  readonly Target: Strings;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
};

export type Action = { readonly Name: string; readonly Command: string; readonly Args: readonly string[] };

/** One task. What is `unknown`-valued below belongs to Vault, Consul or Enterprise: kept as it came. */
export type Task = {
  readonly Name: string;
  readonly Driver: string;
  readonly User: string;
  readonly Lifecycle: { readonly Hook: string; readonly Sidecar: boolean } | null;
  /** The driver's own block, free in form. */
  readonly Config: Readonly<Record<string, unknown>>;
  readonly Constraints: readonly Constraint[];
  readonly Affinities: readonly Affinity[];
  readonly Env: Strings;
  readonly Services: readonly Service[];
  readonly Resources: Resources;
  readonly RestartPolicy: RestartPolicy;
  readonly Meta: Strings;
  readonly KillTimeout: number;
  readonly LogConfig: LogConfig;
  readonly Artifacts: readonly TaskArtifact[];
  readonly Vault: Readonly<Record<string, unknown>> | null;
  readonly Consul: Readonly<Record<string, unknown>> | null;
  readonly Templates: readonly Template[];
  readonly DispatchPayload: { readonly File: string } | null;
  readonly VolumeMounts: readonly VolumeMount[];
  readonly CSIPluginConfig: Readonly<Record<string, unknown>> | null;
  readonly Leader: boolean;
  readonly ShutdownDelay: number;
  readonly KillSignal: string;
  readonly Kind: string;
  readonly ScalingPolicies: readonly ScalingPolicy[];
  readonly Secrets: readonly Readonly<Record<string, unknown>>[];
  readonly Identity: WorkloadIdentity | null;
  readonly Identities: readonly WorkloadIdentity[];
  readonly Actions: readonly Action[];
  readonly Schedule: Readonly<Record<string, unknown>> | null;
};

export type TaskGroup = {
  readonly Name: string;
  readonly Count: number;
  readonly Constraints: readonly Constraint[];
  readonly Affinities: readonly Affinity[];
  readonly Tasks: readonly Task[];
  readonly Spreads: readonly Spread[];
  readonly Volumes: Readonly<Record<string, VolumeRequest>>;
  readonly RestartPolicy: RestartPolicy;
  readonly Disconnect: DisconnectStrategy | null;
  /** Null for system and sysbatch jobs. */
  readonly ReschedulePolicy: ReschedulePolicy | null;
  readonly EphemeralDisk: { readonly Sticky: boolean; readonly Migrate: boolean; readonly SizeMB: number };
  /** Null for batch and sysbatch jobs. */
  readonly Update: UpdateStrategy | null;
  readonly Migrate: MigrateStrategy | null;
  readonly Networks: readonly NetworkResource[];
  readonly Meta: Strings;
  readonly Services: readonly Service[];
  readonly ShutdownDelay: number | null;
  readonly MaxRunDuration: number | null;
  readonly StopAfterClientDisconnect: number | null;
  readonly MaxClientDisconnect: number | null;
  readonly Scaling: ScalingPolicy | null;
  readonly Consul: Readonly<Record<string, unknown>> | null;
  readonly PreventRescheduleOnLost: boolean | null;
};

export type JobType = "service" | "batch" | "system" | "sysbatch";

/** What a job file says, canonical: what a NomadJob stores. */
export type JobSpec = {
  readonly Region: string;
  readonly Namespace: string;
  readonly ID: string;
  readonly Name: string;
  readonly Type: JobType;
  readonly Priority: number;
  readonly AllAtOnce: boolean;
  readonly Datacenters: readonly string[];
  readonly NodePool: string;
  readonly Constraints: readonly Constraint[];
  readonly Affinities: readonly Affinity[];
  readonly TaskGroups: readonly TaskGroup[];
  readonly Update: UpdateStrategy | null;
  readonly Multiregion: Readonly<Record<string, unknown>> | null;
  readonly Spreads: readonly Spread[];
  readonly Periodic: PeriodicConfig | null;
  readonly ParameterizedJob: ParameterizedJobConfig | null;
  readonly Reschedule: ReschedulePolicy | null;
  readonly Migrate: MigrateStrategy | null;
  readonly Meta: Strings;
  readonly UI: { readonly Description: string; readonly Links: readonly { readonly Label: string; readonly URL: string }[] } | null;
  readonly ParentID: string;
  readonly Dispatched: boolean;
  readonly DispatchIdempotencyToken: string;
  /** Base64; null where there is none. A stored job never has one: it is in the job's Secret. */
  readonly Payload: string | null;
  readonly ConsulNamespace: string;
  readonly VaultNamespace: string;
};

/** A job as it is read back: the spec, and what the cluster knows of it. */
export type Job = JobSpec & {
  readonly Stop: boolean;
  readonly NomadTokenID: string;
  readonly Status: "pending" | "running" | "dead";
  readonly StatusDescription: string;
  readonly Stable: boolean;
  readonly Version: number;
  readonly SubmitTime: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly JobModifyIndex: number;
  readonly VersionTag: { readonly Name: string; readonly Description: string; readonly TaggedTime: number } | null;
};
