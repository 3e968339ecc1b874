/**
 * @module What Nomad's reconciler decides, for one group: which allocations to make, end, stop and forget, given the pods that exist.
 * Pure: no clock, no I/O. Used by reconcile; plan.test.ts holds the invariants.
 *
 * Invariants, whatever the pods: live allocations have distinct indexes; after the actions there are never more than `count` of
 * them; a rolling update takes away at most one healthy allocation at a time; no allocation is made for an index that has one.
 */

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

export type DesiredGroup = { readonly count: number; readonly specHash: string };

/** Nomad's defaults for service jobs. */
export type PlanPolicy = {
  /** How long an allocation must have been ready before the update goes on. */
  readonly minHealthyMs: number;
  readonly rescheduleDelayMs: number;
  readonly rescheduleMaxDelayMs: number;
  /** How many ended allocations are kept to be read. */
  readonly keepEnded: number;
};

export const NOMAD_SERVICE_POLICY: PlanPolicy = {
  minHealthyMs: 10_000,
  rescheduleDelayMs: 30_000,
  rescheduleMaxDelayMs: 3_600_000,
  keepEnded: 5,
};

export type NewAllocation = { readonly index: number; readonly serial: number; readonly reschedules: number };
export type PodIdentity = Pick<AllocationView, "name" | "uid">;

export type Plan = {
  readonly create: readonly NewAllocation[];
  /** Alive and no longer wanted: delete, with their grace period. */
  readonly stop: readonly PodIdentity[];
  /** Given up by their launcher: let the pod fail, and keep it. */
  readonly end: readonly PodIdentity[];
  /** Ended long ago: delete. */
  readonly forget: readonly PodIdentity[];
  /** When to look again although nothing has changed; absent: only a change matters. */
  readonly wakeInMs?: number;
  readonly updating: boolean;
};

export type PlanInput = {
  readonly desired: DesiredGroup;
  readonly allocations: readonly AllocationView[];
  readonly policy: PlanPolicy;
  /** Epoch ms. */
  readonly now: number;
};

export function plan(input: PlanInput): Plan {
  const { keep, surplus } = chooseLive(input);
  const update = nextUpdate(input, keep);
  const occupied = new Set(keep.map((each) => each.index));
  for (const each of update.replace) occupied.delete(each.index);
  const placement = placeMissing(input, occupied, new Set(update.replace.map((each) => each.index)));
  return {
    create: placement.create,
    stop: [...surplus, ...update.replace].map(identity),
    end: input.allocations.filter((each) => each.state === "spent").map(identity),
    forget: endedLongAgo(input).map(identity),
    ...earliest(update.wakeInMs, placement.wakeInMs, nextReady(keep, input.now)),
    updating: update.pending,
  };
}

const identity = ({ name, uid }: AllocationView): PodIdentity => ({ name, uid });

const isLive = (each: AllocationView) => each.state === "pending" || each.state === "running";

/** One live allocation for each index below count: the ready one, else the older one. All others are surplus, and so is what can never start. */
function chooseLive({ desired, allocations }: PlanInput) {
  const keep = new Map<number, AllocationView>();
  const surplus: AllocationView[] = [];
  for (const each of allocations.filter(isLive).sort(preferred)) {
    if (each.index >= desired.count || keep.has(each.index) || each.cannotStart === true) surplus.push(each);
    else keep.set(each.index, each);
  }
  return { keep: [...keep.values()].sort((a, b) => a.index - b.index), surplus };
}

function preferred(a: AllocationView, b: AllocationView): number {
  const readiness = Number(b.readySince !== undefined) - Number(a.readySince !== undefined);
  return readiness !== 0 ? readiness : a.serial - b.serial;
}

/** How long until the next one counts as ready without an event of its own. */
function nextReady(live: readonly AllocationView[], now: number): number | undefined {
  const waits = live.flatMap((each) => (each.readyFrom === undefined || each.readyFrom <= now ? [] : [each.readyFrom - now]));
  return waits.length === 0 ? undefined : Math.min(...waits);
}

type Update = { readonly replace: readonly AllocationView[]; readonly wakeInMs?: number; readonly pending: boolean };

/**
 * One outdated allocation at a time, and only when every updated one has been healthy long enough and no index is empty.
 * An outdated allocation that is not ready costs no health, so such go first.
 */
function nextUpdate({ desired, policy, now }: PlanInput, live: readonly AllocationView[]): Update {
  const outdated = live.filter((each) => each.specHash !== desired.specHash);
  if (outdated.length === 0) return { replace: [], pending: false };
  const updated = live.filter((each) => each.specHash === desired.specHash);
  const waits = updated.map((each) => healthyIn(each, policy, now));
  if (live.length < desired.count || waits.includes(undefined)) {
    const unready = outdated.filter((each) => each.readySince === undefined);
    // Broken old allocations hold nothing up: when the new version is the cure, waiting for them would be for ever.
    return unready.length > 0 && updated.length === 0 ? { replace: unready.slice(0, 1), pending: true } : { replace: [], pending: true };
  }
  const longest = Math.max(0, ...waits.map((wait) => wait ?? 0));
  if (longest > 0) return { replace: [], wakeInMs: longest, pending: true };
  const next = outdated.find((each) => each.readySince === undefined) ?? outdated[0];
  return { replace: next === undefined ? [] : [next], pending: true };
}

/** How long until it counts as healthy, 0 if it does; undefined while it is not ready. */
function healthyIn(each: AllocationView, policy: PlanPolicy, now: number): number | undefined {
  if (each.readySince === undefined) return undefined;
  return Math.max(0, each.readySince + policy.minHealthyMs - now);
}

/** A new allocation for each empty index: at once if it was never filled or is being replaced, after Nomad's delay if the last one failed. */
function placeMissing(input: PlanInput, occupied: ReadonlySet<number>, replaced: ReadonlySet<number>) {
  const create: NewAllocation[] = [];
  let wakeInMs: number | undefined;
  const history = latestByIndex(input.allocations);
  for (let index = 0; index < input.desired.count; index++) {
    if (occupied.has(index)) continue;
    const before = history.get(index);
    const wait = before === undefined || replaced.has(index) ? 0 : rescheduleIn(before, input);
    if (wait > 0) wakeInMs = Math.min(wakeInMs ?? wait, wait);
    else if (before?.state !== "spent") create.push(successor(index, before, input.desired));
  }
  return wakeInMs === undefined ? { create } : { create, wakeInMs };
}

/** A new version starts counting anew, as its failures would be its own. */
function successor(index: number, before: AllocationView | undefined, desired: DesiredGroup): NewAllocation {
  if (before === undefined) return { index, serial: 1, reschedules: 0 };
  const failed = before.state === "failed" && before.specHash === desired.specHash;
  return { index, serial: before.serial + 1, reschedules: failed ? before.reschedules + 1 : 0 };
}

function rescheduleIn(before: AllocationView, { desired, policy, now }: PlanInput): number {
  if (before.state !== "failed" || before.specHash !== desired.specHash) return 0;
  const delay = Math.min(policy.rescheduleDelayMs * 2 ** Math.min(before.reschedules, 30), policy.rescheduleMaxDelayMs);
  return Math.max(0, (before.endedAt ?? now) + delay - now);
}

function latestByIndex(allocations: readonly AllocationView[]): ReadonlyMap<number, AllocationView> {
  const latest = new Map<number, AllocationView>();
  for (const each of allocations) {
    const known = latest.get(each.index);
    if (known === undefined || each.serial > known.serial) latest.set(each.index, each);
  }
  return latest;
}

/** Keeps the newest few ended ones, and always the newest of each index: it holds that index's serial and delay. */
function endedLongAgo({ allocations, policy, desired }: PlanInput): readonly AllocationView[] {
  const latest = latestByIndex(allocations);
  return allocations
    .filter((each) => each.state === "failed" || each.state === "complete")
    .sort((a, b) => (b.endedAt ?? b.createdAt) - (a.endedAt ?? a.createdAt) || b.serial - a.serial || a.index - b.index)
    .slice(policy.keepEnded)
    .filter((each) => latest.get(each.index) !== each || each.index >= desired.count);
}

function earliest(...waits: readonly (number | undefined)[]): { readonly wakeInMs?: number } {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length === 0 ? {} : { wakeInMs: Math.min(...known) };
}
