/** @module How many allocations of a job's groups are in which state, by Nomad's names: in lists of jobs, in the job's summary and in metrics. Used by the bridge. */
import type { GroupCounts } from "../api/nomad-job.ts";
import type { Pod } from "../api/pod.ts";
import type { NomadJobStub } from "../nomad/api-types.ts";
import type { Job, TaskGroup } from "../nomad/job.ts";
import type { JobRecord } from "./job-record.ts";
import { indexOf } from "./nomad-job.ts";
import { type AllocationRecord, allocationRecord } from "./pod-status.ts";
import { groupNameOf } from "./pod-group.ts";

export type JobSummary = NomadJobStub["JobSummary"];
export type GroupSummary = JobSummary["Summary"][string];

export type SummarySource = {
  readonly job: Job;
  readonly record: JobRecord;
  /** The job's own. */
  readonly pods: readonly Pod[];
  /** Epoch ms. */
  readonly now: number;
};

/** A NomadJob's counts are those that the controller keeps, which know of allocations that are gone; an ExecTask's are those of its pods. */
export function jobSummary({ job, record, pods, now }: SummarySource): JobSummary {
  const { object } = record;
  const { groups = {}, children } = object.kind === "NomadJob" ? (object.status ?? {}) : {};
  const states = object.kind === "NomadJob" ? undefined : statesByGroup(pods, now);
  const { pending = 0, running = 0, dead = 0 } = children ?? {};
  return {
    JobID: job.ID,
    Namespace: job.Namespace,
    Summary: Object.fromEntries(job.TaskGroups.map((group) => [group.Name, states === undefined ? keptSummary(groups[group.Name]) : countedSummary(group, states.get(group.Name) ?? [])])),
    Children: { Pending: pending, Running: running, Dead: dead },
    CreateIndex: job.CreateIndex,
    ModifyIndex: indexOf(object),
  };
}

/** Periodic or parameterized, and not itself launched by such a one. */
export const isParent = ({ ParentID, Periodic, ParameterizedJob }: Job): boolean => ParentID === "" && (Periodic !== null || ParameterizedJob !== null);

const NO_COUNTS: GroupCounts = { queued: 0, starting: 0, running: 0, complete: 0, failed: 0, lost: 0, unknown: 0 };

function keptSummary({ queued, starting, running, complete, failed, lost, unknown }: GroupCounts = NO_COUNTS): GroupSummary {
  return { Queued: queued, Complete: complete, Failed: failed, Running: running, Starting: starting, Lost: lost, Unknown: unknown };
}

function countedSummary({ Count }: TaskGroup, states: readonly AllocationRecord["state"][]): GroupSummary {
  const count = (...wanted: readonly AllocationRecord["state"][]) => states.filter((state) => wanted.includes(state)).length;
  const [running, starting] = [count("running"), count("pending")];
  return { Queued: Math.max(0, Count - running - starting), Complete: count("complete", "stopping"), Failed: count("failed", "spent"), Running: running, Starting: starting, Lost: 0, Unknown: 0 };
}

function statesByGroup(pods: readonly Pod[], now: number): ReadonlyMap<string, readonly AllocationRecord["state"][]> {
  const byGroup = Map.groupBy(pods, (pod) => groupNameOf(pod) ?? "");
  return new Map([...byGroup].map(([group, own]) => [group, own.map((pod) => allocationRecord(pod, now).state)]));
}

/** A job as lists show it. @param withMeta as clients ask for by `meta=true` */
export function jobStub(source: SummarySource, withMeta = false): NomadJobStub {
  const { ID, ParentID, Name, Namespace, Datacenters, NodePool, Type, Priority, Stop, Status, StatusDescription, CreateIndex, ModifyIndex, JobModifyIndex, SubmitTime, Periodic, ParameterizedJob, Dispatched, Meta } = source.job;
  return {
    ID,
    ParentID,
    Name,
    Namespace,
    Datacenters,
    NodePool,
    Multiregion: null,
    Type,
    Priority,
    Periodic: Periodic !== null,
    // A dispatched child keeps its parent's block, and is no parent.
    ParameterizedJob: ParameterizedJob !== null && !Dispatched,
    Stop,
    Status,
    StatusDescription,
    JobSummary: jobSummary(source),
    CreateIndex,
    ModifyIndex,
    JobModifyIndex,
    SubmitTime,
    ...(withMeta && Object.keys(Meta).length > 0 ? { Meta } : {}),
  };
}
