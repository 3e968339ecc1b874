/**
 * @module The gauges of Nomad's clients that the cluster's state can answer: how many allocations a node has, and what it has given to them. What they
 * use, and what the host does, only the node itself knows. Used by metrics.ts. Source: what a Nomad 1.11 agent answers.
 */
import type { Node } from "../../api/pod.ts";
import { type ClientStatus, clientStatus, isLiveStatus } from "../../mapping/nomad-allocation.ts";
import { nomadNode } from "../../mapping/nomad-node.ts";
import { groupOf } from "../../mapping/pod-group.ts";
import { allocationRecord } from "../../mapping/pod-status.ts";
import type { NomadNode } from "../../nomad/api-types.ts";
import type { TaskGroup } from "../../nomad/job.ts";
import type { Allocation } from "../bridge-deps.ts";
import { jobOfAllocation } from "../job-of-allocation.ts";
import type { RequestContext } from "../request-context.ts";
import { names } from "./names.ts";
import type { Gauge } from "./remembered-gauges.ts";

type CountContext = Pick<RequestContext, "cluster" | "now">;

/** MHz and MB. */
type Share = { readonly cpu: number; readonly memory: number; readonly max_memory: number; readonly disk: number };

/** Of every node, whether it has allocations or not. */
export function clientGauges(context: CountContext): readonly Gauge[] {
  return [...context.cluster.nodes()].flatMap((node) => nodeGauges(context, node));
}

function nodeGauges(context: CountContext, node: Node): readonly Gauge[] {
  const { cluster, now } = context;
  const asNomad = nomadNode({ node, config: names(context), os: cluster.osOf(node) });
  const seen = cluster.allocationsOn(node.metadata.name).map((allocation) => ({ allocation, status: clientStatus(allocationRecord(allocation.pod, now)) }));
  const count = (...wanted: readonly ClientStatus[]) => seen.filter(({ status }) => wanted.includes(status)).length;
  const live = seen.filter(({ status }) => isLiveStatus(status));
  const given = live.map(({ allocation }) => shareOf(context, allocation)).reduce(sum, NOTHING);
  const { Cpu, Memory, Disk } = asNomad.NodeResources;
  const left = { cpu: Cpu.CpuShares - given.cpu, memory: Memory.MemoryMB - given.memory, disk: Disk.DiskMB - given.disk };
  const states = { blocked: 0, migrating: 0, pending: count("pending"), running: count("running"), terminal: count("complete", "failed") };
  const labels = labelsOf(asNomad);
  const gauges = (kind: string, values: Readonly<Record<string, number>>) => Object.entries(values).map(([name, value]) => ({ name: `nomad.client.${kind}.${name}`, value, labels }));
  return [...gauges("allocated", given), ...gauges("unallocated", left), ...gauges("allocations", states)];
}

const NOTHING: Share = { cpu: 0, memory: 0, max_memory: 0, disk: 0 };

const sum = (a: Share, b: Share): Share => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory, max_memory: a.max_memory + b.max_memory, disk: a.disk + b.disk });

/** What its group asks for at its version; nothing where that is not known any more. */
function shareOf({ cluster }: CountContext, allocation: Allocation): Share {
  const asNomad = jobOfAllocation(cluster, allocation);
  const group = asNomad === undefined ? undefined : groupOf(asNomad, allocation.pod);
  return group === undefined ? NOTHING : groupShare(group);
}

const groupShare = ({ Tasks, EphemeralDisk }: TaskGroup): Share =>
  Tasks.map(({ Resources: { CPU, MemoryMB, MemoryMaxMB } }) => ({ cpu: CPU, memory: MemoryMB, max_memory: Math.max(MemoryMB, MemoryMaxMB), disk: 0 })).reduce(sum, { ...NOTHING, disk: EphemeralDisk.SizeMB });

const labelsOf = ({ ID, Name, Datacenter, NodeClass, NodePool, Status, SchedulingEligibility }: NomadNode) => ({
  datacenter: Datacenter,
  host: Name,
  node_class: NodeClass === "" ? "none" : NodeClass,
  node_id: ID,
  node_pool: NodePool,
  node_scheduling_eligibility: SchedulingEligibility,
  node_status: Status,
});
