/**
 * @module The plan of one service or batch group: `count` allocations with stable indexes, 0 to count - 1, and canaries beside them.
 * Scaling down stops the highest indexes, healthy or not: that is what keeps the names of the others.
 */
import { assemble, type Placed } from "./assemble.ts";
import { completedOf, parseIndexes } from "./completed.ts";
import { type GroupInput, hasFailed, isCurrent, isTrial } from "./group-input.ts";
import { latestBy, newestByIndex, pastByIndex } from "./history.ts";
import { type Live, migrations, sortLive } from "./live.ts";
import { decide, type Vacancy } from "./placement.ts";
import { nextStep } from "./rolling.ts";
import { type GroupPlan, type JobAllocation, NO_DISCONNECT } from "./types.ts";

export function planCountGroup(input: GroupInput): GroupPlan {
  const live = sortLive(input);
  const completed = input.type === "batch" ? completedOf(input) : undefined;
  const done = parseIndexes(completed?.indexes ?? "");
  const moves = migrations(input, live);
  const keep = live.keep.filter((each) => !moves.move.includes(each) && !done.has(each.index));
  const past = pastByIndex(input);
  const own = vacancies(input, { live, keep, past, done });
  const vacant = [...own, ...trialVacancies(input, live, new Set(own.map(({ index }) => index)))];
  const failed = vacant.filter(({ before, canary }) => !canary && before !== undefined && hasFailed(before) && isCurrent(input, before)).length;
  const step = nextStep(input, { keep, empty: input.group.count - keep.length, failed });
  const serials = newestByIndex(input.allocations);
  const replaced = step.replace.map((before): Vacancy => ({ index: before.index, before, lastSerial: serials.get(before.index)?.serial ?? 0, isReplaced: true, canary: false }));
  const placed = [...vacant, ...replaced].sort((a, b) => a.index - b.index).map((vacancy): Placed => ({ vacancy, decision: decide(input, vacancy) }));
  const isDone = live.keep.filter((each) => done.has(each.index));
  return assemble(input, {
    keep, trials: live.trials, unknown: live.unknown, stop: live.stop, notNeeded: isDone, move: moves.move, step, placed,
    isWanted: ({ index }) => index < input.group.count,
    desired: input.group.count,
    waits: [live.wakeInMs, moves.wakeInMs],
    ...(completed === undefined ? {} : { completed, doneCount: [...done].filter((index) => index < input.group.count).length }),
  });
}

type Taken = {
  readonly live: Live;
  readonly keep: readonly JobAllocation[];
  readonly past: ReadonlyMap<number, JobAllocation>;
  readonly done: ReadonlySet<number>;
};

function vacancies(input: GroupInput, { live, keep, past, done }: Taken): readonly Vacancy[] {
  const { replace } = input.group.disconnect ?? NO_DISCONNECT;
  const occupied = new Set([...keep, ...(replace ? [] : live.unknown)].map(({ index }) => index));
  const serials = newestByIndex(input.allocations);
  return Array.from({ length: input.group.count }, (_, index) => index)
    .filter((index) => !occupied.has(index) && !done.has(index))
    .map((index) => vacancyOf(index, past.get(index), serials.get(index)));
}

const vacancyOf = (index: number, before: JobAllocation | undefined, newest: JobAllocation | undefined, canary = false): Vacancy => ({
  index,
  lastSerial: newest?.serial ?? 0,
  isReplaced: false,
  canary,
  ...(before === undefined ? {} : { before }),
});

/**
 * Canaries take the first indexes, beside whatever holds them, so that promotion renames nobody. None is placed while the deployment is
 * held.
 * @param vacant indexes that another allocation may be made for in the same plan, under the next serial
 */
function trialVacancies(input: GroupInput, { trials }: Live, vacant: ReadonlySet<number>): readonly Vacancy[] {
  const { canaries, hold } = input.rollout;
  if (hold !== "none") return [];
  const past = latestBy(input.allocations.filter((each) => isTrial(input, each)), ({ index }) => index);
  const serials = newestByIndex(input.allocations);
  const occupied = new Set(trials.map(({ index }) => index));
  return Array.from({ length: canaries }, (_, index) => index)
    .filter((index) => !occupied.has(index))
    .map((index) => vacancyOf(index, past.get(index), serials.get(index), true))
    .map((vacancy) => (vacant.has(vacancy.index) ? { ...vacancy, lastSerial: vacancy.lastSerial + 1 } : vacancy));
}
