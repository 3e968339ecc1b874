/** @module The nodes that a group may be on, as far as the nodes themselves can tell, and why the others are none of them. Pure. */
import { globPattern } from "./datacenters.ts";
import type { AcceptedGroup } from "../../accepted-task.ts";
import { isEligible, isReady, nodeRecord, type NodeSource, profilesOn } from "../../node-facts.ts";
import { constraintText, meetsConstraint } from "./constraints.ts";
import type { Placement } from "./group-placement.ts";

type Grouped = Pick<AcceptedGroup, "source" | "profile">;

/** Names, sorted: nodes that are ready, eligible, and meet everything that the group asks of a node. For system and sysbatch jobs, and metrics. */
export const eligibleNodes = (group: Grouped, nodes: readonly NodeSource[]): readonly string[] =>
  nodes.filter((source) => isReady(source.node) && isEligible(source.node) && whyNot(group, source) === undefined).map(({ node }) => node.metadata.name).sort();

export type FilteredNodes = {
  readonly evaluated: number;
  /** By Nomad's reason, such as "${attr.kernel.name} = linux" or "missing drivers". */
  readonly filtered: Readonly<Record<string, number>>;
  /** Nodes of the job's pool, whatever their datacenter. */
  readonly inPool: number;
  /** Nodes of the pool by datacenter, the job's alone. */
  readonly available: Readonly<Record<string, number>>;
  /** By Nomad's dimension, such as "memory", the nodes that are too small. Absent where that was not asked. */
  readonly exhausted?: Readonly<Record<string, number>>;
};

/** NodesEvaluated, NodesFiltered (their sum), ConstraintFiltered, NodesInPool and NodesAvailable of an AllocationMetric. */
export function filteredNodes(group: Grouped, nodes: readonly NodeSource[]): FilteredNodes {
  const usable = nodes.filter(({ node }) => isReady(node) && isEligible(node));
  const { placement } = group.source.terms ?? {};
  const records = usable.map((source) => ({ source, record: nodeRecord(source) }));
  const inPool = records.filter(({ record }) => placement === undefined || isInPool(placement, record.pool));
  const seen = inPool.filter(({ record }) => placement === undefined || isInDatacenter(placement, record.datacenter));
  return {
    evaluated: seen.length,
    filtered: counted(seen.flatMap(({ source }) => whyNot(group, source) ?? [])),
    inPool: inPool.length,
    available: counted(seen.map(({ record }) => record.datacenter)),
  };
}

function counted(values: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isInPool = ({ pool }: Placement, nodePool: string): boolean => pool === "all" || nodePool === (pool === "" ? "default" : pool);

const isInDatacenter = ({ datacenters }: Placement, datacenter: string): boolean => datacenters.length === 0 || datacenters.some((glob) => globPattern(glob)(datacenter));

/** Undefined: the node may have it. */
function whyNot({ source, profile }: Grouped, nodeSource: NodeSource): string | undefined {
  const { placement } = source.terms ?? {};
  if (profilesOn(nodeSource.node, [profile]).length === 0) return "missing drivers";
  if (placement === undefined) return undefined;
  const record = nodeRecord(nodeSource);
  if (!isInPool(placement, record.pool)) return "node pool";
  if (!isInDatacenter(placement, record.datacenter)) return "datacenter";
  const unmet = placement.constraints.find((constraint) => !meetsConstraint(constraint, record));
  return unmet === undefined ? undefined : constraintText(unmet);
}

/** What only the job asks, whether or not the node is ready now. */
export const mayBeOn = (group: Grouped, source: NodeSource): boolean => whyNot(group, source) === undefined;

/** Whether the job asks something of nodes that no label of theirs can answer. */
export const asksOfNodes = ({ datacenters, constraints }: Placement): boolean => constraints.length > 0 || (datacenters.length > 0 && !datacenters.includes("*"));
