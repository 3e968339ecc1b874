/** @module What the controller remembers of a NomadJob in its status, beyond the pods that exist. Its own JSON, read back with care. */
import type { NomadJobStatus } from "../../api/nomad-job.ts";
import { KEPT_VERSIONS } from "../../api/job-revision.ts";
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

/** The newest deployment, with the one that it took the place of in its last state, which may have another such behind it. */
export type KeptDeployment = DeploymentState & { readonly superseded?: KeptDeployment };

export const deploymentOf = ({ deployment }: Pick<NomadJobStatus, "deployment">): KeptDeployment | undefined => deployment as KeptDeployment | undefined;

/** Without what only its readers want: the plan knows one deployment. */
export function plannable(kept: KeptDeployment | undefined): DeploymentState | undefined {
  if (kept === undefined) return undefined;
  const { superseded: _, ...state } = kept;
  return state;
}

/** @param index resource version of the job that was planned for: what is new of the deployments came after it */
export function keepDeployment(before: KeptDeployment | undefined, { deployment, superseded }: Pick<JobPlan, "deployment" | "superseded">, index: number): KeptDeployment | undefined {
  if (deployment === undefined) return undefined;
  const past = pastOf(before);
  const older = superseded === undefined ? past.filter(({ jobVersion }) => jobVersion < deployment.jobVersion) : [superseded, ...past.filter(({ jobVersion }) => jobVersion < superseded.jobVersion)];
  const known = new Set(past.map((state) => JSON.stringify(state)));
  const indexed = (state: DeploymentState) => (known.has(JSON.stringify(state)) ? state : { ...state, modifyIndex: index });
  return chain([deployment, ...withinBounds(older)].map(indexed));
}

/** As many as there are kept versions, but no more than this of JSON: the status shares its object with the job. */
const MAX_PAST_CHARS = 64 * 1024;

function withinBounds(older: readonly DeploymentState[]): readonly DeploymentState[] {
  let chars = 0;
  return older.slice(0, KEPT_VERSIONS - 1).filter((state, i) => {
    chars += JSON.stringify(state).length;
    return i === 0 || chars <= MAX_PAST_CHARS;
  });
}

/** The deployment and those before it, the newest first. */
function pastOf(kept: KeptDeployment | undefined): readonly DeploymentState[] {
  if (kept === undefined) return [];
  const { superseded, ...state } = kept;
  return [state, ...pastOf(superseded)];
}

const chain = (states: readonly DeploymentState[]): KeptDeployment | undefined =>
  states.reduceRight<KeptDeployment | undefined>((older, state) => (older === undefined ? state : { ...state, superseded: older }), undefined);

export function rememberPlan({ groups }: Pick<JobPlan, "groups">): JobMemory {
  const completed = Object.fromEntries(Object.values(groups).flatMap((group) => (group.completed === undefined ? [] : [[group.group, group.completed]])));
  return Object.keys(completed).length === 0 ? {} : { completed };
}

/** @param state what the job's state is now */
export function withDeath(memory: JobMemory, before: JobMemory, state: string | undefined, now: number): JobMemory {
  const { deadSince: _, ...rest } = memory;
  return state === "dead" ? { ...rest, deadSince: before.deadSince ?? now } : rest;
}
