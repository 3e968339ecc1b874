/** @module Deployments of a NomadJob as Nomad's clients read them, out of the state that the controller keeps in the status. Used by the bridge. */
import type { DeploymentGroup, DeploymentState } from "../contract/deployment-state.ts";
import type { Job } from "../nomad/job.ts";
import { type JobRecord, requestsOf } from "./job-record.ts";
import { deploymentStates } from "./kept-deployments.ts";
import { deploymentId } from "./nomad-ids.ts";
import { indexOf } from "./nomad-job.ts";
import type { Sha256 } from "./object-names.ts";
import type { JobVersion } from "./stored-job.ts";

const NS_PER_MS = 1_000_000;

export type NomadDeployment = {
  readonly ID: string;
  readonly Namespace: string;
  readonly JobID: string;
  readonly JobVersion: number;
  readonly JobModifyIndex: number;
  readonly JobSpecModifyIndex: number;
  readonly JobCreateIndex: number;
  readonly IsMultiregion: boolean;
  readonly TaskGroups: Readonly<Record<string, ReturnType<typeof groupState>>>;
  readonly Status: string;
  readonly StatusDescription: string;
  readonly EvalPriority: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
  readonly CreateTime: number;
  readonly ModifyTime: number;
};

export type DeploymentSource = {
  readonly sha256: Sha256;
  readonly job: JobRecord;
  readonly asNomad: Job;
  readonly versions: readonly Pick<JobVersion, "version" | "modifyIndex">[];
};

export function nomadDeployment(source: DeploymentSource, state: DeploymentState): NomadDeployment {
  const { sha256, job, asNomad, versions } = source;
  const specIndex = versions.find(({ version }) => version === state.jobVersion)?.modifyIndex ?? asNomad.JobModifyIndex;
  const isNewest = deploymentStates(job)[0] === state;
  return {
    ID: deploymentId(sha256, job.uid, state.jobVersion),
    Namespace: job.namespace,
    JobID: job.jobId,
    JobVersion: state.jobVersion,
    JobModifyIndex: specIndex,
    JobSpecModifyIndex: specIndex,
    JobCreateIndex: asNomad.CreateIndex,
    IsMultiregion: false,
    TaskGroups: Object.fromEntries(Object.entries(state.groups).map(([name, group]) => [name, groupState(group)])),
    Status: state.status,
    StatusDescription: state.statusDescription,
    EvalPriority: requestsOf(job).priorities?.[String(state.jobVersion)] ?? asNomad.Priority,
    CreateIndex: specIndex,
    ModifyIndex: Math.max(specIndex, state.modifyIndex ?? (isNewest ? indexOf(job.object) : 0)),
    CreateTime: state.createdAt * NS_PER_MS,
    ModifyTime: state.modifiedAt * NS_PER_MS,
  };
}

function groupState(group: DeploymentGroup) {
  return {
    PlacedCanaries: group.placedCanaries.length === 0 ? null : group.placedCanaries,
    AutoRevert: group.autoRevert,
    AutoPromote: group.autoPromote,
    ProgressDeadline: group.progressDeadlineMs * NS_PER_MS,
    RequireProgressBy: group.requireProgressBy === undefined ? null : new Date(group.requireProgressBy).toISOString(),
    Promoted: group.promoted,
    DesiredCanaries: group.desiredCanaries,
    DesiredTotal: group.desiredTotal,
    PlacedAllocs: group.placedAllocs,
    HealthyAllocs: group.healthyAllocs,
    UnhealthyAllocs: group.unhealthyAllocs,
  };
}
