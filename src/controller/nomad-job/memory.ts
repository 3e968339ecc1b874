/** @module What the controller remembers of a NomadJob in its status, beyond the pods that exist. Its own JSON, read back with care. */
import type { NomadJobStatus } from "../../api/nomad-job.ts";
import type { DeploymentState } from "../plan/deployment-state.ts";
import type { Completed, JobPlan } from "../plan/types.ts";

export type JobMemory = {
  /** Of batch and sysbatch groups. */
  readonly completed?: Readonly<Record<string, Completed>>;
  /** Epoch ms: of a periodic job, the last time for which a launch was made, or was passed over. */
  readonly launch?: number;
  /** Epoch ms since when the job has been dead. */
  readonly deadSince?: number;
};

/** Only we write it; whoever else did so has their own job to blame. */
export const memoryOf = ({ memory }: Pick<NomadJobStatus, "memory">): JobMemory => memory ?? {};

/** The newest deployment, with the one that it took the place of, in its last state. */
export type KeptDeployment = DeploymentState & { readonly superseded?: DeploymentState };

export const deploymentOf = ({ deployment }: Pick<NomadJobStatus, "deployment">): KeptDeployment | undefined => deployment as KeptDeployment | undefined;

/** Without what only its readers want: the plan knows one deployment. */
export function plannable(kept: KeptDeployment | undefined): DeploymentState | undefined {
  if (kept === undefined) return undefined;
  const { superseded: _, ...state } = kept;
  return state;
}

export function keepDeployment(before: KeptDeployment | undefined, { deployment, superseded }: Pick<JobPlan, "deployment" | "superseded">): KeptDeployment | undefined {
  if (deployment === undefined) return undefined;
  const older = superseded ?? (before?.jobVersion === deployment.jobVersion ? before.superseded : undefined);
  return older === undefined ? deployment : { ...deployment, superseded: older };
}

export function rememberPlan({ groups }: Pick<JobPlan, "groups">): JobMemory {
  const completed = Object.fromEntries(Object.values(groups).flatMap((group) => (group.completed === undefined ? [] : [[group.group, group.completed]])));
  return Object.keys(completed).length === 0 ? {} : { completed };
}

/** @param state what the job's state is now */
export function withDeath(memory: JobMemory, before: JobMemory, state: string | undefined, now: number): JobMemory {
  const { deadSince: _, ...rest } = memory;
  return state === "dead" ? { ...rest, deadSince: before.deadSince ?? now } : rest;
}
