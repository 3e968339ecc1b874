/** @module Which of the allocations that live stay, by index, and which stop for a reason of their own. For service and batch groups. */
import { earliest, type GroupInput, isLive, isTrial, stopFor } from "./group-input.ts";
import { type JobAllocation, NO_DISCONNECT, type Stop, STOP_REASON } from "./types.ts";

export type Live = {
  /** One for each index that has one, whatever its version; never a canary that is not promoted. */
  readonly keep: readonly JobAllocation[];
  /** Canaries that are not promoted, one for each of their indexes. */
  readonly trials: readonly JobAllocation[];
  /** On nodes that do not answer, and not lost yet: nobody stops them. */
  readonly unknown: readonly JobAllocation[];
  readonly stop: readonly Stop[];
  /** Until an unknown one is lost. */
  readonly wakeInMs?: number;
};

/** `due`: somebody asked for its end. */
type Fate = "keep" | "trial" | "unknown" | "lost" | "due";

export function sortLive(input: GroupInput): Live {
  const byFate = Map.groupBy(input.allocations.filter(isLive), (each) => fateOf(input, each));
  const of = (fate: Fate) => byFate.get(fate) ?? [];
  const chosen = chooseOne(input, of("keep"), input.group.count);
  const trials = chooseOne(input, of("trial"), input.rollout.canaries);
  return {
    keep: chosen.keep,
    trials: trials.keep,
    unknown: of("unknown"),
    stop: [
      ...[...chosen.surplus, ...trials.surplus].map((each) => stopFor(each.cannotStart === true ? STOP_REASON.rescheduled : STOP_REASON.notNeeded)(each)),
      ...of("lost").map(stopFor(STOP_REASON.lost)),
      ...of("due").map((each) => stopFor(each.transition === "stop" || each.transition === "migrate" ? STOP_REASON.migrating : STOP_REASON.rescheduled)(each)),
    ],
    ...earliest(...of("unknown").map((each) => lostIn(input, each))),
  };
}

function fateOf(input: GroupInput, each: JobAllocation): Fate {
  const lost = lostIn(input, each);
  if (lost !== undefined) return lost > 0 ? "unknown" : "lost";
  if (each.transition !== undefined) return "due";
  return isTrial(input, each) ? "trial" : "keep";
}

/** How long until an allocation on a node that does not answer is lost; undefined while its node answers. Never, where nothing may replace it. */
export function lostIn({ group, now }: GroupInput, { node }: JobAllocation): number | undefined {
  if (node?.lostSince === undefined) return undefined;
  const { lostAfterMs, replace } = group.disconnect ?? NO_DISCONNECT;
  return replace ? Math.max(0, node.lostSince + lostAfterMs - now) : Infinity;
}

/** One for each index below the bound: the ready one, else the older one. All others are surplus, and so is what can never start. */
function chooseOne(input: GroupInput, live: readonly JobAllocation[], bound: number) {
  const keep = new Map<number, JobAllocation>();
  const surplus: JobAllocation[] = [];
  for (const each of live.toSorted((a, b) => preferred(input, a, b))) {
    if (each.index >= bound || keep.has(each.index) || each.cannotStart === true) surplus.push(each);
    else keep.set(each.index, each);
  }
  return { keep: [...keep.values()].sort((a, b) => a.index - b.index), surplus };
}

/** A promoted canary takes the place of the old one; one of another version never does. After a node is back the group's own rule decides. */
function preferred(input: GroupInput, a: JobAllocation, b: JobAllocation): number {
  const { reconcile } = input.group.disconnect ?? NO_DISCONNECT;
  const isByAge = reconcile === "keep_original" || reconcile === "keep_replacement";
  const readiness = isByAge ? 0 : Number(b.readySince !== undefined) - Number(a.readySince !== undefined);
  const age = reconcile === "keep_replacement" ? b.serial - a.serial : a.serial - b.serial;
  return readiness || canaryRank(input, b) - canaryRank(input, a) || age;
}

function canaryRank({ version }: GroupInput, { canary, jobVersion }: JobAllocation): number {
  if (canary !== true) return 0;
  return jobVersion === version ? 1 : -1;
}

export type Migration = { readonly move: readonly JobAllocation[]; readonly wakeInMs?: number };

/** Allocations of nodes that are drained, as many as the group can spare; past the drain's deadline all of them. */
export function migrations(input: GroupInput, { keep }: Live): Migration {
  const draining = keep.filter(({ node }) => node?.drain !== undefined);
  if (draining.length === 0) return { move: [] };
  const isOverdue = ({ node }: JobAllocation) => (node?.drain?.deadlineAt ?? Infinity) <= input.now;
  const room = spare(input, keep) - draining.filter((each) => isOverdue(each) && each.readySince !== undefined).length;
  const willing = input.group.migrate === undefined ? [] : draining.filter((each) => !isOverdue(each));
  const unready = willing.filter((each) => each.readySince === undefined);
  const ready = willing.filter((each) => each.readySince !== undefined).slice(0, Math.max(0, room));
  const deadlines = draining.map(({ node }) => (node?.drain?.deadlineAt ?? 0) - input.now);
  const settling = keep.map((each) => settledIn(input, each));
  return { move: [...draining.filter(isOverdue), ...unready, ...ready], ...earliest(...deadlines, ...settling) };
}

function spare(input: GroupInput, keep: readonly JobAllocation[]): number {
  const healthy = keep.filter((each) => settledIn(input, each) === 0).length;
  return (input.group.migrate?.maxParallel ?? 0) - (input.group.count - healthy);
}

/** One on a drained node is settled as long as it is ready: it is not the one that has moved. */
function settledIn({ group, now }: GroupInput, { readySince, node }: JobAllocation): number | undefined {
  if (readySince === undefined || node?.drain !== undefined) return readySince === undefined ? undefined : 0;
  return Math.max(0, readySince + (group.migrate?.minHealthyMs ?? 0) - now);
}
