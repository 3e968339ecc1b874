/** @module Why allocations of a group found no place, as Nomad's AllocationMetric. Used for evaluations and plans. */
import type { FilteredNodes } from "./job/placement/eligible-nodes.ts";

export type PlacementFailure = {
  /** How many allocations wait. */
  readonly count: number;
  readonly metric: ReturnType<typeof metricOf>;
};

/** Of a job that cannot be run here: the reason stands where Nomad's CLI prints a constraint that no node meets. */
export const refusedPlacement = (reason: string, count: number): PlacementFailure => ({ count, metric: metricOf(count, { ConstraintFiltered: { [reason]: 1 }, NodesFiltered: 1, NodesEvaluated: 1 }) });

/** Of a group that no node can have, whatever is free on it: known before any pod is made. Undefined where a node can. */
export function impossiblePlacement(nodes: FilteredNodes, count: number): PlacementFailure | undefined {
  const filtered = total(Object.entries(nodes.filtered));
  return count > 0 && filtered >= nodes.evaluated ? { count, metric: metricOf(count, constraintsOf(nodes)) } : undefined;
}

function constraintsOf({ evaluated, inPool, available, filtered }: FilteredNodes): Known {
  const reasons = Object.entries(filtered);
  return {
    NodesEvaluated: evaluated,
    NodesFiltered: total(reasons),
    NodesInPool: inPool,
    NodesAvailable: available,
    ...(reasons.length === 0 ? {} : { ConstraintFiltered: filtered }),
  };
}

/**
 * @param message the Kubernetes scheduler's, such as "0/3 nodes are available: 3 Insufficient memory."
 * @param nodes what the job's own constraints say; the scheduler knows only that an affinity does not match
 */
export function placementFailure(message: string, count: number, nodes?: FilteredNodes): PlacementFailure {
  const evaluated = Number(/^0\/(\d{1,6}) nodes/.exec(message)?.[1] ?? 0);
  const reasons = reasonsOf(message);
  const isExhausted = (reason: string) => reason.startsWith("Insufficient ") || reason === "Too many pods";
  const exhausted = reasons.filter(([reason]) => isExhausted(reason));
  const constrained = nodes !== undefined && Object.keys(nodes.filtered).length > 0;
  const isOurs = (reason: string) => constrained && reason.includes("node affinity");
  const filtered = [...reasons.filter(([reason]) => !isExhausted(reason) && !isOurs(reason)), ...(constrained ? Object.entries(nodes.filtered) : [])];
  return {
    count,
    metric: metricOf(count, {
      NodesEvaluated: evaluated,
      ...(nodes === undefined ? {} : { NodesInPool: nodes.inPool, NodesAvailable: nodes.available }),
      NodesFiltered: total(filtered),
      NodesExhausted: total(exhausted),
      ConstraintFiltered: filtered.length === 0 ? null : Object.fromEntries(filtered),
      DimensionExhausted: exhausted.length === 0 ? null : Object.fromEntries(exhausted.map(([reason, n]) => [reason.replace(/^Insufficient /, ""), n])),
    }),
  };
}

const total = (reasons: readonly (readonly [string, number])[]) => reasons.reduce((sum, [, n]) => sum + n, 0);

const MAX_REASON_CHARS = 4096;

/** The scheduler lists "<nodes> <reason>", separated by commas, as its first sentence; what it says of preemption comes after. */
function reasonsOf(message: string): readonly (readonly [string, number])[] {
  const [, rest = message] = message.slice(0, MAX_REASON_CHARS).split(" nodes are available: ");
  const [list = ""] = rest.split(". ");
  const reasons = list.replace(/\.$/, "").split(", ").flatMap((part) => {
    const [, n, reason] = /^(\d{1,6}) (.+)$/.exec(part) ?? [];
    return n === undefined || reason === undefined ? [] : [[reason, Number(n)] as const];
  });
  return reasons.length > 0 || message === "" ? reasons : [[message.slice(0, MAX_REASON_CHARS), 1]];
}

type Known = Partial<{
  readonly NodesInPool: number;
  readonly NodesAvailable: Readonly<Record<string, number>>;
  readonly NodesEvaluated: number;
  readonly NodesFiltered: number;
  readonly NodesExhausted: number;
  readonly ConstraintFiltered: Readonly<Record<string, number>> | null;
  readonly DimensionExhausted: Readonly<Record<string, number>> | null;
}>;

function metricOf(count: number, known: Known) {
  return {
    NodesEvaluated: 0,
    NodesFiltered: 0,
    NodesInPool: known.NodesEvaluated ?? 0,
    NodePool: "default",
    NodesAvailable: {},
    ClassFiltered: null,
    ConstraintFiltered: null,
    NodesExhausted: 0,
    ClassExhausted: null,
    DimensionExhausted: null,
    QuotaExhausted: null,
    ResourcesExhausted: null,
    Scores: null,
    AllocationTime: 0,
    CoalescedFailures: Math.max(0, count - 1),
    ScoreMetaData: null,
    ...known,
  };
}
