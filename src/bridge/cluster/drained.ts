/** @module When a drain is over: Nomad ends it when its last allocation has gone, and nobody here has to write that down. Pure. Used by nodes.ts. */
import type { NodeDrain } from "../../contract/node-drain.ts";
import { clientStatus } from "../../mapping/nomad-allocation.ts";
import { allocationRecord } from "../../mapping/pod-status.ts";
import type { Allocation } from "../bridge-deps.ts";

/**
 * Whether nothing is left on the node that the drain is about: allocations of Nomad jobs, which alone are moved.
 * @param typeOf of the allocation's job, such as "system"
 * @param now epoch ms
 */
export const isDrained = ({ ignoreSystemJobs }: NodeDrain, onNode: readonly Allocation[], typeOf: (allocation: Allocation) => string | undefined, now: number): boolean =>
  !onNode.some((allocation) => {
    const status = clientStatus(allocationRecord(allocation.pod, now));
    const isIgnored = ignoreSystemJobs && ["system", "sysbatch"].includes(typeOf(allocation) ?? "");
    return allocation.job.object.kind === "NomadJob" && !isIgnored && (status === "pending" || status === "running");
  });
