/**
 * @module Which nodes are too small for a group although nothing else were on them. What others use is not known here: the Kubernetes scheduler alone
 * says so, when there is a pod. Used for plans.
 */
import type { Node } from "../../../api/pod.ts";
import type { AcceptedGroup } from "../../accepted-task.ts";
import { isInit } from "../../group-tasks.ts";
import { isEligible, isReady, type NodeSource, quantity } from "../../node-facts.ts";
import { containerResources } from "../../resources.ts";
import { mayBeOn } from "./eligible-nodes.ts";

type Asking = Pick<AcceptedGroup, "source" | "profile" | "spec" | "tasks">;

/** Kubernetes' name of a resource and Nomad's of the dimension, in the order in which Nomad looks at them. */
const DIMENSIONS = [["cpu", "cpu"], ["memory", "memory"], ["ephemeral-storage", "disk"]] as const;
type Requests = Readonly<Record<(typeof DIMENSIONS)[number][0], number>>;

/** By Nomad's dimension, the nodes that lack it first; of those alone that the group may be on. */
export function exhaustedNodes(group: Asking, nodes: readonly NodeSource[]): Readonly<Record<string, number>> {
  const requests = requestsOf(group);
  const counts: Record<string, number> = {};
  for (const source of nodes) {
    if (!isReady(source.node) || !isEligible(source.node) || !mayBeOn(group, source)) continue;
    const lack = DIMENSIONS.find(([resource]) => requests[resource] > allocatable(source.node, resource))?.[1];
    if (lack !== undefined) counts[lack] = (counts[lack] ?? 0) + 1;
  }
  return counts;
}

/** A node that does not say how much it has is not too small. */
function allocatable({ status }: Node, resource: string): number {
  const text = status?.allocatable?.[resource] ?? status?.capacity?.[resource];
  return text === undefined ? Infinity : quantity(text);
}

/** What Kubernetes counts of a pod: all that run beside each other, or more where a task that prepares them asks for more. */
function requestsOf({ tasks, profile, spec }: Asking): Requests {
  const each = tasks.map((task, i) => ({ task, requests: containerResources(task.spec.resources, profile.mhzPerCore, i === 0 ? spec.ephemeralDisk.size : undefined).requests }));
  const peak = (resource: (typeof DIMENSIONS)[number][0]): number => {
    let [beside, most] = [0, 0];
    for (const { task, requests } of each.toSorted((a, b) => Number(isInit(b.task)) - Number(isInit(a.task)))) {
      const own = quantity(requests[resource] ?? "0");
      if (!isInit(task) || task.sidecar) beside += own;
      most = Math.max(most, isInit(task) && !task.sidecar ? beside + own : beside);
    }
    return most;
  };
  return { cpu: peak("cpu"), memory: peak("memory"), "ephemeral-storage": peak("ephemeral-storage") };
}
