/** @module What the controller remembers of a NomadJob in its status, beyond the pods that exist. Its own JSON, read back with care. */
import type { NomadJobStatus } from "../../api/nomad-job.ts";
import type { DeploymentState } from "../plan/deployment-state.ts";
import type { Completed, JobPlan } from "../plan/types.ts";

export type JobMemory = {
  /** Of batch and sysbatch groups. */
  readonly completed?: Readonly<Record<string, Completed>>;
  /** Deployments of older versions, in their last state, the newest first. */
  readonly deployments?: readonly DeploymentState[];
  /** Epoch ms: of a periodic job, the last time for which a launch was made, or was passed over. */
  readonly launch?: number;
  /** Epoch ms since when the job has been dead. */
  readonly deadSince?: number;
};

const KEPT_DEPLOYMENTS = 5;

/** Only we write it; whoever else did so has their own job to blame. */
export const memoryOf = ({ memory }: Pick<NomadJobStatus, "memory">): JobMemory => memory ?? {};

export const deploymentOf = ({ deployment }: Pick<NomadJobStatus, "deployment">): DeploymentState | undefined => deployment as DeploymentState | undefined;

export function rememberPlan(before: JobMemory, plan: JobPlan): JobMemory {
  const completed = Object.fromEntries(Object.values(plan.groups).flatMap((group) => (group.completed === undefined ? [] : [[group.group, group.completed]])));
  const deployments = withSuperseded(before.deployments ?? [], plan.superseded);
  return {
    ...(Object.keys(completed).length === 0 ? {} : { completed }),
    ...(deployments.length === 0 ? {} : { deployments }),
  };
}

function withSuperseded(before: readonly DeploymentState[], superseded: DeploymentState | undefined): readonly DeploymentState[] {
  if (superseded === undefined) return before;
  return [superseded, ...before.filter(({ jobVersion }) => jobVersion !== superseded.jobVersion)].slice(0, KEPT_DEPLOYMENTS);
}

/** @param state what the job's state is now */
export function withDeath(memory: JobMemory, before: JobMemory, state: string | undefined, now: number): JobMemory {
  const { deadSince: _, ...rest } = memory;
  return state === "dead" ? { ...rest, deadSince: before.deadSince ?? now } : rest;
}
