/** @module The next step of a rolling update: which outdated allocations give way now. Used for service groups by index and for system groups by node. */
import { type GroupInput, healthyIn, isOpen, isOutdated } from "./group-input.ts";
import type { JobAllocation } from "./types.ts";

export type Step = { readonly replace: readonly JobAllocation[]; readonly wakeInMs?: number; readonly pending: boolean };

export type Places = {
  /** One for each place that has one. */
  readonly keep: readonly JobAllocation[];
  /** Places that have none, and should. */
  readonly empty: number;
  /** Those of them whose last allocation, of the present version, failed. */
  readonly failed: number;
};

/**
 * As many as `max_parallel` leaves room for: every allocation of the present version that is not healthy takes a place of it, and so
 * does every empty place. An outdated allocation that is not ready costs no health, so such go first, and empty places do not keep them.
 */
export function nextStep(input: GroupInput, { keep, empty, failed }: Places): Step {
  const outdated = keep.filter((each) => isOutdated(input, each));
  if (outdated.length === 0) return { replace: [], pending: false };
  const { maxParallel = 0 } = input.group.update ?? {};
  if (maxParallel <= 0) return { replace: outdated, pending: true };
  if (!isOpen(input)) return { replace: [], pending: true };
  const waits = keep.filter((each) => !isOutdated(input, each)).map((each) => settledIn(input, each));
  const unsettled = waits.filter((wait) => wait !== 0).length;
  const unready = outdated.filter((each) => each.readySince === undefined);
  const broken = unready.slice(0, Math.max(0, maxParallel - unsettled - failed));
  const room = maxParallel - unsettled - empty - unready.length;
  const healthy = outdated.filter((each) => each.readySince !== undefined).slice(0, Math.max(0, room));
  const next = Math.min(...waits.map((wait) => (wait === undefined || wait === 0 ? Infinity : wait)));
  return { replace: [...broken, ...healthy], pending: true, ...(Number.isFinite(next) ? { wakeInMs: next } : {}) };
}

/** A system job waits for its stagger too. */
function settledIn(input: GroupInput, each: JobAllocation): number | undefined {
  const healthy = healthyIn(input, each);
  if (healthy === undefined || (input.type !== "system" && input.type !== "sysbatch")) return healthy;
  return Math.max(healthy, each.createdAt + (input.group.update?.staggerMs ?? 0) - input.now, 0);
}
