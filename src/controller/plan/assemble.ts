/** @module Puts what was decided about a group's allocations into one plan, with the counts that Nomad prints of it. */
import { earliest, type GroupInput, hasEnded, hasFailed, identity, isLive, stopFor } from "./group-input.ts";
import { endedLongAgo, overtime } from "./history.ts";
import { lostIn } from "./live.ts";
import type { Decision, Vacancy } from "./placement.ts";
import type { Step } from "./rolling.ts";
import { type Completed, type DesiredUpdates, type GroupPlan, type GroupSummary, type JobAllocation, type Stop, STOP_REASON } from "./types.ts";

export type Placed = { readonly vacancy: Vacancy; readonly decision: Decision };

export type Parts = {
  /** One for each place that has one, those of `step` among them. */
  readonly keep: readonly JobAllocation[];
  readonly trials: readonly JobAllocation[];
  readonly unknown: readonly JobAllocation[];
  readonly stop: readonly Stop[];
  /** Live, and no longer wanted for no other reason. */
  readonly notNeeded: readonly JobAllocation[];
  readonly move: readonly JobAllocation[];
  readonly step: Step;
  readonly placed: readonly Placed[];
  readonly isWanted: (each: JobAllocation) => boolean;
  readonly desired: number;
  readonly waits: readonly (number | undefined)[];
  readonly completed?: Completed;
  readonly doneCount?: number;
};

export function assemble(input: GroupInput, parts: Parts): GroupPlan {
  const { placed, step, completed } = parts;
  const create = placed.flatMap(({ decision }) => (decision.kind === "create" ? [decision.allocation] : []));
  const overdue = input.allocations.filter((each) => overtime(input, each) === 0);
  const delays = placed.map(({ decision }) => (decision.kind === "wait" ? decision.ms : undefined));
  const live = input.allocations.filter(isLive);
  const stop = [...parts.stop, ...parts.notNeeded.map(stopFor(STOP_REASON.notNeeded)), ...parts.move.map(stopFor(STOP_REASON.migrating)), ...step.replace.map(stopFor(STOP_REASON.updating))];
  const stopped = new Set(stop.map(({ uid }) => uid));
  const updateInPlace = parts.keep.filter((each) => each.specHash === input.group.specHash && each.jobVersion !== input.version && !stopped.has(each.uid));
  const isQuiet = placed.every(({ decision }) => decision.kind === "over") && !input.allocations.some((each) => isLive(each) || each.state === "spent");
  return {
    group: input.group.name,
    create,
    stop,
    end: [...input.allocations.filter((each) => each.state === "spent"), ...overdue.filter(({ uid }) => !stopped.has(uid))].map(identity),
    forget: endedLongAgo(input, parts.isWanted).map(identity),
    updateInPlace: updateInPlace.map(identity),
    ...earliest(step.wakeInMs, ...parts.waits, ...delays, ...live.map((each) => overtime(input, each)), ...live.map(({ readyFrom }) => readyFrom !== undefined ? readyFrom - input.now : undefined)),
    updating: step.pending,
    desired: parts.desired,
    updates: updatesOf(parts, updateInPlace.length),
    summary: summaryOf(input, parts),
    finished: isQuiet && (input.stopped || input.type === "batch" || input.type === "sysbatch"),
    ...(completed === undefined ? {} : { completed }),
  };
}

const numberOf = (placed: readonly Placed[], which: (each: Placed) => boolean) => placed.filter(which).length;

function updatesOf({ keep, trials, unknown, stop, notNeeded, move, step, placed, doneCount = 0 }: Parts, inPlace: number): DesiredUpdates {
  const migrating = stop.filter(({ reason }) => reason === STOP_REASON.migrating).length;
  const rescheduled = numberOf(placed, ({ decision }) => decision.kind === "create" && decision.isReschedule);
  const replacing = new Set([...move.map(({ uid }) => uid), ...stop.filter(({ reason }) => reason === STOP_REASON.migrating).map(({ uid }) => uid)]);
  const isNew = ({ vacancy, decision }: Placed) =>
    decision.kind === "create" && !decision.isReschedule && !vacancy.canary && !vacancy.isReplaced && !replacing.has(vacancy.before?.uid ?? "");
  return {
    Ignore: keep.length - step.replace.length - inPlace + trials.length + doneCount,
    Place: numberOf(placed, isNew),
    Migrate: move.length + migrating,
    Stop: stop.length - migrating + notNeeded.length,
    InPlaceUpdate: inPlace,
    DestructiveUpdate: step.replace.length,
    Canary: numberOf(placed, ({ vacancy, decision }) => vacancy.canary && decision.kind === "create"),
    Preemptions: 0,
    Disconnect: unknown.length,
    Reconnect: 0,
    RescheduleNow: rescheduled,
    RescheduleLater: numberOf(placed, ({ decision }) => decision.kind === "wait"),
  };
}

/** A pod that has no node yet is what Nomad calls queued; one whose tasks have started runs, ready or not. */
function summaryOf(input: GroupInput, { placed, unknown, doneCount = 0 }: Parts): GroupSummary {
  const countOf = (which: (each: JobAllocation) => boolean) => input.allocations.filter(which).length;
  const isLost = (each: JobAllocation) => (isLive(each) ? lostIn(input, each) === 0 : each.state === "stopping" && each.node?.lostSince !== undefined);
  const isThere = (each: JobAllocation) => isLive(each) && !isLost(each) && !unknown.includes(each);
  const runs = (each: JobAllocation) => each.state === "running" || each.startedAt !== undefined;
  return {
    Queued: numberOf(placed, ({ decision }) => decision.kind === "create" || decision.kind === "held") + countOf((each) => isThere(each) && !runs(each) && each.node === undefined),
    Complete: Math.max(doneCount, countOf((each) => hasEnded(each) && !hasFailed(each))),
    Failed: countOf((each) => hasFailed(each) || each.state === "spent"),
    Running: countOf((each) => isThere(each) && runs(each)),
    Starting: countOf((each) => isThere(each) && !runs(each) && each.node !== undefined),
    Lost: countOf(isLost),
    Unknown: unknown.length,
  };
}
