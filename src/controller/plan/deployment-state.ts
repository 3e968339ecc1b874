/**
 * @module A deployment as a value: JSON, bounded by the job's groups and counts, kept in the NomadJob's status. Times are epoch ms.
 * Used by the plan, by requests of the API and by whoever prints Nomad's Deployment.
 */
import { type DeploymentGroup, type DeploymentState, isActive } from "../../contract/deployment-state.ts";

/** A version of the job whose deployment once succeeded. `sameSpec`: it says what the present version says. */
export type StableVersion = { readonly version: number; readonly sameSpec: boolean };

export type { DeploymentGroup, DeploymentState };
export { isActive };

export const isUnpromoted = ({ desiredCanaries, promoted }: DeploymentGroup): boolean => desiredCanaries > 0 && !promoted;

/** Nomad's words for a deployment's state. */
export const DEPLOYMENT_TEXT = {
  running: "Deployment is running",
  needsPromotion: "Deployment is running but requires manual promotion",
  promotesItself: "Deployment is running pending automatic promotion",
  paused: "Deployment is paused",
  successful: "Deployment completed successfully",
  stopped: "Cancelled because job is stopped",
  newerJob: "Cancelled due to newer version of job",
  unhealthy: "Failed due to unhealthy allocations",
  noProgress: "Failed due to progress deadline",
  failedByUser: "Deployment marked as failed",
} as const;

export function runningText({ groups }: Pick<DeploymentState, "groups">): string {
  const waiting = Object.values(groups).filter(isUnpromoted);
  if (waiting.length === 0) return DEPLOYMENT_TEXT.running;
  return waiting.every(({ autoPromote }) => autoPromote) ? DEPLOYMENT_TEXT.promotesItself : DEPLOYMENT_TEXT.needsPromotion;
}

/** Every group counts from now again. */
export const withDeadline = (group: DeploymentGroup, now: number): DeploymentGroup =>
  group.progressDeadlineMs > 0 ? { ...group, requireProgressBy: now + group.progressDeadlineMs } : group;

/**
 * The deployment as failed, and what is to be gone back to where a group wants that and there is something to go back to.
 * @param wantsRevert whether one of the groups that brought it down has auto_revert
 */
export function failed(state: DeploymentState, text: string, { wantsRevert, stable, now }: { readonly wantsRevert: boolean; readonly stable: StableVersion | undefined; readonly now: number }): DeploymentState {
  const outcome = { ...state, status: "failed" as const, modifiedAt: now };
  if (!wantsRevert) return { ...outcome, statusDescription: text };
  if (stable === undefined) return { ...outcome, statusDescription: `${text} - no stable job version to auto revert to` };
  if (stable.sameSpec) return { ...outcome, statusDescription: `${text} - not rolling back to stable job version ${stable.version} as current job has same specification` };
  return { ...outcome, statusDescription: `${text} - rolling back to job version ${stable.version}`, revertTo: stable.version };
}
