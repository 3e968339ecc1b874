/** @module One group as its planners see it, and the questions about one allocation that they all ask. */
import type { JobType } from "../../nomad/job.ts";
import type { Completed, GroupSpec, JobAllocation, PodIdentity, Stop, StopReason } from "./types.ts";

/** How far the job's deployment lets this group go. */
export type Rollout = {
  /** `paused`, `failed`: what was never placed is not placed, and no old allocation gives way. */
  readonly hold: "none" | "paused" | "failed";
  /** It has canaries that nobody has promoted. */
  readonly unpromoted: boolean;
  /** How many canaries there should be beside the others; 0 once promoted. */
  readonly canaries: number;
  /** UIDs that a request has called healthy. */
  readonly markedHealthy: ReadonlySet<string>;
};

export const OPEN: Rollout = { hold: "none", unpromoted: false, canaries: 0, markedHealthy: new Set() };

export type GroupInput = {
  readonly type: JobType;
  readonly stopped: boolean;
  readonly version: number;
  readonly group: GroupSpec;
  /** Of this group alone. */
  readonly allocations: readonly JobAllocation[];
  readonly rollout: Rollout;
  readonly completed?: Completed;
  /** How many ended allocations are kept to be read. */
  readonly keepEnded: number;
  readonly now: number;
};

/** Nomad keeps no figure for this; five are enough to see what happened. */
export const KEEP_ENDED = 5;

export const identity = ({ name, uid }: JobAllocation): PodIdentity => ({ name, uid });
export const stopFor = (reason: StopReason) => (each: JobAllocation): Stop => ({ ...identity(each), reason });

export const isLive = ({ state }: JobAllocation): boolean => state === "pending" || state === "running";
export const hasEnded = ({ state }: JobAllocation): boolean => state === "failed" || state === "complete";

/** What we stopped ourselves may end as it likes: that is no failure. */
export const hasFailed = ({ state, wasStopped }: JobAllocation): boolean => state === "failed" && wasStopped !== true;

export const isOutdated = ({ group }: GroupInput, each: JobAllocation): boolean => each.specHash !== group.specHash;
/** Of this version of the job, and not only of the same words. */
export const isCurrent = ({ group, version }: GroupInput, each: JobAllocation): boolean => each.specHash === group.specHash && each.jobVersion === version;

/** A canary that waits for promotion, or died before it. */
export const isTrial = (input: GroupInput, each: JobAllocation): boolean => input.rollout.unpromoted && each.canary === true && each.jobVersion === input.version;

/** Nothing stands in the way of the present version. */
export const isOpen = ({ rollout }: GroupInput): boolean => rollout.hold === "none" && !rollout.unpromoted;

/** How long until it counts as healthy, 0 if it does; undefined while nothing but a change makes it so. */
export function healthyIn({ group, rollout, now }: GroupInput, each: JobAllocation): number | undefined {
  if (each.readySince === undefined) return undefined;
  if (rollout.markedHealthy.has(each.uid)) return 0;
  if (group.update?.healthCheck === "manual") return undefined;
  return Math.max(0, each.readySince + (group.update?.minHealthyMs ?? 0) - now);
}

/** The earliest of those that are to come, as a field to spread. */
export function earliest(...waits: readonly (number | undefined)[]): { readonly wakeInMs?: number } {
  const wakeInMs = Math.min(...waits.filter((wait) => wait !== undefined && wait > 0) as number[]);
  return Number.isFinite(wakeInMs) ? { wakeInMs } : {};
}

/** A group may be called "constructor". */
export const ownField = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
