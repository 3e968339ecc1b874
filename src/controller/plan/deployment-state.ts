/**
 * @module A deployment as a value: JSON, bounded by the job's groups and counts, kept in the NomadJob's status. Times are epoch ms.
 * Used by the plan, by requests of the API and by whoever prints Nomad's Deployment.
 */

export type DeploymentStatus = "running" | "paused" | "failed" | "successful" | "cancelled";

/** What Nomad's DeploymentState of a task group says, and two figures of our own. */
export type DeploymentGroup = {
  readonly autoRevert: boolean;
  readonly autoPromote: boolean;
  readonly progressDeadlineMs: number;
  /** Epoch ms; absent where there is no deadline. */
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
  readonly groups: Readonly<Record<string, DeploymentGroup>>;
  /** Pod UIDs that a request has called healthy; only of pods that exist. */
  readonly markedHealthy: readonly string[];
  /** The version to go back to, of a deployment that has failed. */
  readonly revertTo?: number;
};

