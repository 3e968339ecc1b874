/** @module What the pods of an index tell of its past, and which ended ones need not be kept. */
import { type GroupInput, hasEnded, isLive, isTrial } from "./group-input.ts";
import type { JobAllocation } from "./types.ts";

/** The newest of each key. */
export function latestBy<K>(allocations: readonly JobAllocation[], keyOf: (each: JobAllocation) => K): ReadonlyMap<K, JobAllocation> {
  const latest = new Map<K, JobAllocation>();
  for (const each of allocations) {
    const known = latest.get(keyOf(each));
    if (known === undefined || isNewer(each, known)) latest.set(keyOf(each), each);
  }
  return latest;
}

/** Of one index the serial says it; of a system job's node, whose pods may have had several indexes, the creation. */
const isNewer = (a: JobAllocation, b: JobAllocation) => (a.index === b.index ? a.serial > b.serial : a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.index > b.index));

/** The newest of each index, of any kind: its serial is taken. */
export const newestByIndex = (allocations: readonly JobAllocation[]) => latestBy(allocations, ({ index }) => index);

/** What last held each index. A canary holds one only once it is promoted, and one of another version only where nothing else did. */
export function pastByIndex(input: GroupInput): ReadonlyMap<number, JobAllocation> {
  const own = input.allocations.filter((each) => !isTrial(input, each));
  const regular = latestBy(own.filter((each) => each.canary !== true || each.jobVersion === input.version), ({ index }) => index);
  return new Map([...latestBy(own, ({ index }) => index), ...regular]);
}

/** Keeps the newest few ended ones, and always the newest of each key that is still wanted: it holds that one's serial and delay. */
export function endedLongAgo(input: GroupInput, isWanted: (each: JobAllocation) => boolean): readonly JobAllocation[] {
  const keep = new Set([...newestByIndex(input.allocations).values(), ...pastByIndex(input).values()]);
  return input.allocations
    .filter((each) => hasEnded(each))
    .sort((a, b) => (b.endedAt ?? b.createdAt) - (a.endedAt ?? a.createdAt) || b.serial - a.serial || a.index - b.index)
    .slice(input.keepEnded)
    .filter((each) => !keep.has(each) || !isWanted(each));
}

/** How long until its time is up, 0 when it is; undefined where it has no limit or has not begun. */
export function overtime({ group, now }: GroupInput, each: JobAllocation): number | undefined {
  if (group.maxRunMs === undefined || !isLive(each) || (each.startedAt ?? each.readySince) === undefined) return undefined;
  return Math.max(0, (each.startedAt ?? each.readySince ?? now) + group.maxRunMs - now);
}
