/** @module The deployments that a job's status still tells of: the present one, and those before it. Used by mapping and the bridge. */
import { KEPT_VERSIONS } from "../api/job-revision.ts";
import { type DeploymentState, readDeployment } from "../contract/deployment-state.ts";
import type { JobRecord } from "./job-record.ts";

/** What is known of deployments, the newest first: the present one, and those that took each other's place before it. */
export const deploymentStates = ({ object }: JobRecord): readonly DeploymentState[] => (object.kind === "NomadJob" ? chainOf(object.status?.deployment, KEPT_VERSIONS) : []);

function chainOf(value: unknown, bound: number): readonly DeploymentState[] {
  const state = bound === 0 ? undefined : readDeployment(value);
  return state === undefined ? [] : [state, ...chainOf((value as { readonly superseded?: unknown }).superseded, bound - 1)];
}

/** The deployment of one version, while it is known. */
export const deploymentOf = (job: JobRecord, version: number): DeploymentState | undefined => deploymentStates(job).find(({ jobVersion }) => jobVersion === version);
