/**
 * @module Nomad's HTTP API objects, as far as this release fills them. Go field names; durations in ns, times in Unix ns.
 * Source: developer.hashicorp.com/nomad/api-docs, and what Nomad's Go client decodes.
 */

import type { Resources } from "./job.ts";

/** The Nomad release whose API we speak; clients of it and before it meet no surprise. */
export const NOMAD_VERSION = "2.0.5";

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
  readonly Multiregion: null;
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
  readonly Meta?: Readonly<Record<string, string>>;
};

export type NomadTaskEvent = {
  readonly Type: string;
  readonly Time: number;
  readonly DisplayMessage: string;
  readonly Details: Readonly<Record<string, string>>;
  readonly Message: string;
  readonly FailsTask: boolean;
  readonly RestartReason: string;
  readonly SetupError: string;
  readonly DriverError: string;
  readonly ExitCode: number;
  readonly Signal: number;
  readonly KillReason: string;
  /** Nanoseconds. */
  readonly KillTimeout: number;
  readonly KillError: string;
  /** Nanoseconds. */
  readonly StartDelay: number;
  readonly DownloadError: string;
  readonly ValidationError: string;
  readonly DiskLimit: number;
  readonly FailedSibling: string;
  readonly VaultError: string;
  readonly TaskSignalReason: string;
  readonly TaskSignal: string;
  readonly DriverMessage: string;
  readonly GenericSource: string;
};

export type NomadTaskState = {
  readonly State: "pending" | "running" | "dead";
  readonly Failed: boolean;
  readonly Restarts: number;
  /** Null: there was none yet; so for all three. */
  readonly LastRestart: string | null;
  readonly StartedAt: string | null;
  readonly FinishedAt: string | null;
  readonly Paused: "";
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
  /** Null where the allocation belongs to no deployment, and while nothing is known of its health. */
  readonly DeploymentStatus: { readonly Healthy: boolean | null; readonly Timestamp: string | null; readonly Canary: boolean; readonly ModifyIndex: number } | null;
  readonly FollowupEvalID: string;
  readonly NextAllocation: string;
  readonly DesiredTransition: Readonly<Record<"Migrate" | "Reschedule" | "ForceReschedule" | "NoShutdownDelay" | "MigrateDisablePlacement", boolean | null>>;
  /** Null where nothing before it has failed. Times are Unix ns, delays ns. */
  readonly RescheduleTracker: {
    readonly Events: readonly { readonly RescheduleTime: number; readonly PrevAllocID: string; readonly PrevNodeID: string; readonly Delay: number }[];
    readonly LastReschedule: string;
  } | null;
  readonly PreemptedAllocations: null;
  readonly PreemptedByAllocation: "";
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly CreateTime: number;
  readonly ModifyTime: number;
};

/** Texts that Nomad leaves out where they are empty. */
type OptionalText = "DesiredDescription" | "FollowupEvalID" | "NextAllocation" | "PreviousAllocation" | "DeploymentID";

/** As an allocation has them: null where a job has an empty list. */
type AllocationShare = Omit<Resources, "Networks" | "Devices"> & { readonly Networks: readonly unknown[] | null; readonly Devices: readonly unknown[] | null };

type TaskShare = {
  readonly Cpu: { readonly CpuShares: number; readonly ReservedCores: null };
  readonly Memory: { readonly MemoryMB: number; readonly MemoryMaxMB: number };
  readonly Networks: null;
  readonly Devices: null;
};

type NotInWhole = "JobType" | "JobVersion" | "DesiredTransition" | "PreemptedAllocations" | "PreemptedByAllocation" | "RescheduleTracker";

export type NomadAllocation = Omit<NomadAllocationStub, NotInWhole | OptionalText> & { readonly [name in OptionalText]?: string } & {
  readonly RescheduleTracker?: NomadAllocationStub["RescheduleTracker"];
  readonly DesiredTransition?: NomadAllocationStub["DesiredTransition"];
  /** As a server gives it back. */
  readonly Job: object;
  readonly Resources: AllocationShare;
  readonly SharedResources: AllocationShare;
  readonly TaskResources: Readonly<Record<string, AllocationShare>>;
  readonly AllocatedResources: {
    readonly Tasks: Readonly<Record<string, TaskShare>>;
    readonly TaskLifecycles: Readonly<Record<string, { readonly Hook: string; readonly Sidecar: boolean } | null>>;
    readonly Shared: { readonly DiskMB: number; readonly Networks: readonly unknown[] | null; readonly Ports: readonly unknown[] | null };
  };
  readonly Metrics: object;
  /** Null while the pod has no address. */
  readonly NetworkStatus: unknown;
  readonly AllocModifyIndex: number;
};

export type NomadDriver = {
  readonly Detected: boolean;
  readonly Healthy: boolean;
  readonly HealthDescription: string;
  readonly UpdateTime: string;
  readonly Attributes: Readonly<Record<string, string>>;
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
  /** RFC 3339 times; durations in ns. Null: the node is not drained. */
  readonly DrainStrategy: { readonly Deadline: number; readonly IgnoreSystemJobs: boolean; readonly ForceDeadline: string; readonly StartedAt: string } | null;
  readonly LastDrain: { readonly StartedAt: string; readonly UpdatedAt: string; readonly Status: string; readonly AccessorID: string; readonly Meta: Readonly<Record<string, string>> } | null;
  /** Unix seconds. */
  readonly StatusUpdatedAt: number;
  readonly HostVolumes: Readonly<Record<string, { readonly Path: string; readonly ReadOnly: boolean; readonly ID: string }>>;
  readonly HostNetworks: Readonly<Record<string, unknown>>;
  readonly CSIControllerPlugins: Readonly<Record<string, unknown>>;
  readonly CSINodePlugins: Readonly<Record<string, unknown>>;
  readonly CgroupParent: string;
  readonly NodeMaxAllocs: number;
  readonly Drivers: Readonly<Record<string, NomadDriver>>;
  readonly NodeResources: {
    readonly Cpu: { readonly CpuShares: number; readonly TotalCpuCores: number; readonly ReservableCpuCores: readonly number[] };
    readonly Memory: { readonly MemoryMB: number };
    readonly Disk: { readonly DiskMB: number };
    readonly Networks: readonly unknown[];
    readonly Devices: readonly unknown[];
    readonly MinDynamicPort: number;
    readonly MaxDynamicPort: number;
  };
  readonly ReservedResources: {
    readonly Cpu: { readonly CpuShares: number };
    readonly Memory: { readonly MemoryMB: number };
    readonly Disk: { readonly DiskMB: number };
    readonly Networks: { readonly ReservedHostPorts: string };
  };
  readonly Resources: Resources;
  readonly Reserved: Resources;
  readonly Links: Readonly<Record<string, string>>;
  readonly Events: readonly unknown[];
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
};

/** What `nomad job plan` prints of a group. */
export type DesiredUpdates = {
  readonly Ignore: number;
  readonly Place: number;
  readonly Migrate: number;
  readonly Stop: number;
  readonly InPlaceUpdate: number;
  readonly DestructiveUpdate: number;
  readonly Canary: number;
  readonly Preemptions: number;
  readonly Disconnect: number;
  readonly Reconnect: number;
  readonly RescheduleNow: number;
  readonly RescheduleLater: number;
};
