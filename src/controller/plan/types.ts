/**
 * @module What the plan is told of a job and of the pods that exist, and what it answers. Values only; every time is in epoch ms and every
 * span in ms. Used by the controller, which fills them from pods and carries the answer out.
 */
import type { DesiredUpdates } from "../../nomad/api-types.ts";
import type { JobType } from "../../nomad/job.ts";
import type { ReschedulePolicy } from "../../nomad/rescheduling.ts";
import type { DeploymentState, StableVersion } from "./deployment-state.ts";

/** What `plan` must know of one pod. */
export type AllocationView = {
  readonly name: string;
  readonly uid: string;
  readonly index: number;
  readonly serial: number;
  readonly specHash: string;
  /** How often this index had been replaced after failures when this allocation was made. */
  readonly reschedules: number;
  /** `spent`: its launcher has given up, and the pod must be ended. Terminating pods are `stopping`, whatever they were. */
  readonly state: "pending" | "running" | "spent" | "failed" | "complete" | "stopping";
  /** When it became ready, in epoch ms; absent while it is not. */
  readonly readySince?: number;
  /** When it will count as ready, in epoch ms, although no pod changes then; only pending ones have it. */
  readonly readyFrom?: number;
  /** When it ended, in epoch ms: only failed and complete ones have it. */
  readonly endedAt?: number;
  readonly createdAt: number;
  /** It waits for what will not come, and a new one would not: it is replaced at once. Only pending ones. */
  readonly cannotStart?: boolean;
  /** Of all its tasks, in place. */
  readonly restarts: number;
  /** Why it failed, or why it does not start yet, in words for a person. */
  readonly problem?: string;
};

export type PodIdentity = Pick<AllocationView, "name" | "uid">;

/** What somebody asked for one allocation. All but `reschedule` of a running batch allocation replace it at once. */
export type Transition = "stop" | "migrate" | "reschedule" | "force-reschedule";

/** The node that an allocation is on, as far as it matters to the allocation. */
export type AllocationNode = {
  readonly name: string;
  /** Since when the node does not answer; absent while it does. */
  readonly lostSince?: number;
  /** Absent: it is not drained. `deadlineAt` past: what is still there goes at once. `othersFirst`: it is a system job's, and others are still there. */
  readonly drain?: { readonly deadlineAt?: number; readonly othersFirst?: true };
};

/** One allocation of a job. */
export type JobAllocation = AllocationView & {
  readonly group: string;
  readonly jobVersion: number;
  /** It was placed as a canary. It stays marked after promotion. */
  readonly canary?: boolean;
  /** When it and those before it were placed after a failure; oldest first, a few. */
  readonly rescheduleTimes?: readonly number[];
  /** Absent while it has none. Those of a system job have theirs from the start. */
  readonly node?: AllocationNode;
  /** Its pod waits for a node, also where it is meant for one: Nomad has not placed such a one yet. */
  readonly unbound?: true;
  readonly transition?: Transition;
  /** When its tasks were first started; absent: it counts from its creation. */
  readonly startedAt?: number;
  /** We ended it: where it is complete, that says nothing of its work. */
  readonly wasStopped?: boolean;
};

export type UpdatePolicy = {
  /** 0: there is no deployment, and everything is replaced at once. */
  readonly maxParallel: number;
  readonly canary: number;
  readonly minHealthyMs: number;
  readonly healthyDeadlineMs: number;
  /** 0: the first unhealthy allocation fails the deployment. */
  readonly progressDeadlineMs: number;
  readonly autoRevert: boolean;
  readonly autoPromote: boolean;
  /** Between two steps of a system job. */
  readonly staggerMs: number;
  /** `manual`: an allocation is healthy when a request says so, and only then. */
  readonly healthCheck: "checks" | "task_states" | "manual";
};

export type MigratePolicy = { readonly maxParallel: number; readonly minHealthyMs: number };

export type DisconnectPolicy = {
  /** How long an allocation on a node that does not answer is unknown before it is lost; 0: it is lost at once. */
  readonly lostAfterMs: number;
  /** False: nothing takes the place of one that is unknown or lost. */
  readonly replace: boolean;
  /** Which of the two stays when the node is back. */
  readonly reconcile: "best_score" | "keep_original" | "keep_replacement" | "longest_running";
};

export const NO_DISCONNECT: DisconnectPolicy = { lostAfterMs: 0, replace: true, reconcile: "best_score" };

/** One group of the job's present version. */
export type GroupSpec = {
  readonly name: string;
  /** Of service and batch jobs; system jobs take their number from `eligibleNodes`. */
  readonly count: number;
  /** Of all that a pod is made from: another hash means another pod. */
  readonly specHash: string;
  /** Absent for batch jobs: everything is replaced at once. */
  readonly update?: UpdatePolicy;
  /** Absent: what has failed stays failed. */
  readonly reschedule?: ReschedulePolicy;
  /** Absent: a drain waits for the allocations until its deadline. */
  readonly migrate?: MigratePolicy;
  readonly disconnect?: DisconnectPolicy;
  /** Its tasks are ended when they have run for so long. */
  readonly maxRunMs?: number;
  /** Names of the nodes that a system or sysbatch group belongs on: ready, of the right kind, not drained. */
  readonly eligibleNodes?: readonly string[];
};

/** Which indexes (or nodes, of a sysbatch job) of a batch group have completed under `version`. It outlives their pods. */
export type Completed = { readonly version: number; readonly indexes: string; readonly nodes: readonly string[] };

export type JobPlanInput = {
  readonly type: JobType;
  readonly version: number;
  readonly stopped: boolean;
  readonly groups: readonly GroupSpec[];
  /** Of all groups and versions. */
  readonly allocations: readonly JobAllocation[];
  /** The newest one that the plan has returned. */
  readonly deployment?: DeploymentState;
  /** The newest stable version before this one. */
  readonly stable?: StableVersion;
  /** What the plan has returned, by group. */
  readonly completed?: Readonly<Record<string, Completed>>;
  /** Epoch ms. */
  readonly now: number;
};

export type NewAllocation = { readonly index: number; readonly serial: number; readonly reschedules: number };

/** A pod to make. The version may be older than the job's: while canaries are tried, the old version keeps its number. */
export type JobNewAllocation = NewAllocation & {
  readonly jobVersion: number;
  readonly specHash: string;
  readonly canary: boolean;
  readonly rescheduleTimes: readonly number[];
  /** Of a system job: the node it must run on. */
  readonly node?: string;
  /** The allocation whose place it takes. */
  readonly previous?: { readonly uid: string; readonly node?: string };
};

/** Nomad's DesiredDescription of an allocation that it stops. */
export const STOP_REASON = {
  notNeeded: "alloc not needed due to job update",
  updating: "alloc is being updated due to job update",
  rescheduled: "alloc was rescheduled because it failed",
  migrating: "alloc is being migrated",
  tainted: "alloc not needed as node is tainted",
  lost: "alloc is lost since its node is down",
} as const;

export type StopReason = (typeof STOP_REASON)[keyof typeof STOP_REASON];
export type Stop = PodIdentity & { readonly reason: StopReason };

export type { DesiredUpdates, ReschedulePolicy };

/** The row of a group in Nomad's job summary, as the pods are now. */
export type GroupSummary = {
  readonly Queued: number;
  readonly Complete: number;
  readonly Failed: number;
  readonly Running: number;
  readonly Starting: number;
  readonly Lost: number;
  readonly Unknown: number;
};

export type GroupPlan = {
  readonly group: string;
  readonly create: readonly JobNewAllocation[];
  /** Alive and no longer wanted: delete, with their grace period. */
  readonly stop: readonly Stop[];
  /** Given up by their launcher or out of time: let the pod fail, and keep it. */
  readonly end: readonly PodIdentity[];
  /** Ended long ago: delete. */
  readonly forget: readonly PodIdentity[];
  /** Nothing but the job's version is new: write it on the pod, and take the canary mark off. */
  readonly updateInPlace: readonly PodIdentity[];
  /** When to look again although nothing has changed; absent: only a change matters. */
  readonly wakeInMs?: number;
  readonly updating: boolean;
  readonly desired: number;
  readonly updates: DesiredUpdates;
  readonly summary: GroupSummary;
  /** Nothing lives, and nothing will be placed unless something changes. */
  readonly finished: boolean;
  /** Batch and sysbatch: keep it in the status and hand it back. */
  readonly completed?: Completed;
};

export type JobPlan = {
  /** By group name; groups that the job no longer has are among them while they have pods. */
  readonly groups: Readonly<Record<string, GroupPlan>>;
  /** The newest deployment as it is now. Keep it, and hand it back. */
  readonly deployment?: DeploymentState;
  /** The one that a new version's deployment has taken the place of, in its last state. */
  readonly superseded?: DeploymentState;
  /** Register this version's spec anew: the deployment has failed. Said until the job has another version. */
  readonly revertTo?: number;
  /** The deployment of this version has succeeded: mark the version stable. Said again and again. */
  readonly markStable?: number;
  /** Nomad's job status; a periodic or parameterized parent has no plan. */
  readonly status: "pending" | "running" | "dead";
  readonly wakeInMs?: number;
};
