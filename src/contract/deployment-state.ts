/**
 * @module A deployment as a value, as the controller keeps it in a NomadJob's status under `deployment`, and its ID. Times are epoch ms.
 * Used by the controller, which writes it, and by mapping, which says it as Nomad does.
 */

export type DeploymentStatus = "running" | "paused" | "failed" | "successful" | "cancelled";

/** What Nomad's DeploymentState of a task group says, and two figures of our own. */
export type DeploymentGroup = {
  readonly autoRevert: boolean;
  readonly autoPromote: boolean;
  readonly progressDeadlineMs: number;
  /** Absent where there is no deadline. */
  readonly requireProgressBy?: number;
  readonly promoted: boolean;
  readonly desiredCanaries: number;
  readonly desiredTotal: number;
  /** Pod UIDs. */
  readonly placedCanaries: readonly string[];
  readonly placedAllocs: number;
  /** The most that were healthy at one time. */
  readonly healthyAllocs: number;
  readonly unhealthyAllocs: number;
  /** Now. */
  readonly healthyCanaries: number;
};

export type DeploymentState = {
  readonly jobVersion: number;
  readonly status: DeploymentStatus;
  readonly statusDescription: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** Resource version of the job when it came to be so. Absent while it is not written, and in what older servers wrote. */
  readonly modifyIndex?: number;
  readonly groups: Readonly<Record<string, DeploymentGroup>>;
  /** Pod UIDs that a request has called healthy; only of pods that exist. */
  readonly markedHealthy: readonly string[];
  /** The version to go back to, of a deployment that has failed. */
  readonly revertTo?: number;
};

/** Undefined for what is no deployment: only the controller writes it. */
export function readDeployment(value: unknown): DeploymentState | undefined {
  const state = value as Partial<DeploymentState> | null | undefined;
  const isOne = typeof state?.jobVersion === "number" && typeof state.status === "string" && typeof state.groups === "object" && state.groups !== null;
  return isOne ? (state as DeploymentState) : undefined;
}

/** Whether it can still go on, or be promoted, paused or failed. */
export const isActive = ({ status }: DeploymentState): boolean => status === "running" || status === "paused";
