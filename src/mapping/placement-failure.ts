/** @module Why allocations of a group found no place, as Nomad's AllocationMetric. Used for evaluations and plans. */
import type { PodPort } from "../contract/pod-metadata.ts";
import type { FilteredNodes } from "./job/placement/eligible-nodes.ts";
import { BY_AFFINITY, withOwnReasons } from "./job/placement/left-out.ts";

export type PlacementFailure = {
  /** How many allocations wait. */
  readonly count: number;
  readonly metric: ReturnType<typeof metricOf>;
};

/** Of a job that cannot be run here: the reason stands where Nomad's CLI prints a constraint that no node meets. */
export const refusedPlacement = (reason: string, count: number): PlacementFailure => ({ count, metric: metricOf(count, { ConstraintFiltered: { [reason]: 1 }, NodesFiltered: 1, NodesEvaluated: 1 }) });

/** Of a group that no node can have, whatever is free on it: known before any pod is made. Undefined where a node can. */
export function impossiblePlacement({ evaluated, inPool, available, filtered, exhausted = {} }: FilteredNodes, count: number): PlacementFailure | undefined {
  const [reasons, lacks] = [Object.entries(filtered), Object.entries(exhausted)];
  if (count === 0 || total(reasons) + total(lacks) < evaluated) return undefined;
  const constraints = reasons.length === 0 ? {} : { ConstraintFiltered: filtered };
  const dimensions = lacks.length === 0 ? {} : { DimensionExhausted: exhausted };
  const nodes = { NodesEvaluated: evaluated, NodesFiltered: total(reasons), NodesExhausted: total(lacks), NodesInPool: inPool, NodesAvailable: available };
  return { count, metric: metricOf(count, { ...nodes, ...constraints, ...dimensions }) };
}

/**
 * @param message the Kubernetes scheduler's, such as "0/3 nodes are available: 3 Insufficient memory."
 * @param leftOut nodes that the job's constraints left out when the pod was made, by Nomad's reason
 * @param ports of the pod: the scheduler does not say which of the node's was taken, so the first is named
 */
export function placementFailure(message: string, count: number, leftOut: Readonly<Record<string, number>> = {}, ports: readonly PodPort[] = []): PlacementFailure {
  const nodes = Number(/^0\/(\d{1,6}) nodes/.exec(message)?.[1] ?? 0);
  const reasons = withOwnReasons(reasonsOf(message), leftOut);
  // Nomad evaluates no node of another pool or datacenter, which for Kubernetes is a matter of affinity too.
  const elsewhere = total(reasons.filter(([reason]) => reason === BY_AFFINITY));
  const isExhausted = (reason: string) => reason.startsWith("Insufficient ") || reason === "Too many pods" || reason === NO_FREE_PORTS;
  const exhausted = reasons.filter(([reason]) => isExhausted(reason));
  const filtered = reasons.filter(([reason]) => !isExhausted(reason) && reason !== BY_AFFINITY);
  return {
    count,
    metric: metricOf(count, {
      NodesEvaluated: Math.max(0, nodes - elsewhere),
      NodesFiltered: total(filtered),
      NodesExhausted: total(exhausted),
      ConstraintFiltered: filtered.length === 0 ? null : Object.fromEntries(filtered),
      DimensionExhausted: exhausted.length === 0 ? null : Object.fromEntries(exhausted.map(([reason, n]) => [dimensionOf(reason, ports), n])),
    }),
  };
}

/** Of an allocation that has its place: what the scheduler compared there is not told. */
export const placedMetric = (pool: string) => ({ ...metricOf(1, { NodesEvaluated: 1, NodesInPool: 1 }), NodePool: pool });

const NO_FREE_PORTS = "node(s) didn't have free ports for the requested pod ports";

function dimensionOf(reason: string, ports: readonly PodPort[]): string {
  const taken = ports.find(({ hostPort }) => hostPort > 0);
  if (reason === NO_FREE_PORTS && taken !== undefined) return `network: reserved port collision ${taken.label}=${taken.hostPort}`;
  return reason === "Insufficient ephemeral-storage" ? "disk" : reason.replace(/^Insufficient /, "");
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
