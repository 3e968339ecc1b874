/** @module When a drain is over: Nomad ends it when its last allocation has gone, and nobody here has to write that down. Used by nodes.ts, and by main, which tells of the end. */
import type { Node } from "../../api/pod.ts";
import { DRAIN_ANNOTATION, type NodeDrain, readNodeDrain } from "../../contract/node-drain.ts";
import { isOnItsNode } from "../../mapping/nomad-allocation.ts";
import type { Allocation } from "../bridge-deps.ts";
import type { RequestContext } from "../request-context.ts";

export type DrainContext = Pick<RequestContext, "cluster" | "now">;

/** Undefined where there is none, and where nothing is left to be moved. */
export function drainOf({ cluster, now }: DrainContext, node: Node): NodeDrain | undefined {
  const drain = readNodeDrain(node.metadata.annotations?.[DRAIN_ANNOTATION]);
  if (drain === undefined) return undefined;
  return isDrained(drain, cluster.allocationsOn(node.metadata.name), ({ job }) => cluster.nomadJob(job)?.Type, now) ? undefined : drain;
}

/**
 * Whether nothing is left on the node that the drain is about: allocations of Nomad jobs, which alone are moved.
 * @param typeOf of the allocation's job, such as "system"
 * @param now epoch ms
 */
const isDrained = ({ ignoreSystemJobs }: NodeDrain, onNode: readonly Allocation[], typeOf: (allocation: Allocation) => string | undefined, now: number): boolean =>
  !onNode.some((allocation) => {
    const isIgnored = ignoreSystemJobs && ["system", "sysbatch"].includes(typeOf(allocation) ?? "");
    return allocation.job.object.kind === "NomadJob" && !isIgnored && isOnItsNode(allocation.pod, now);
  });
