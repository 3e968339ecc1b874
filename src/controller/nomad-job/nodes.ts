/** @module What a node's state means for the allocations on it: whether it still answers, and whether it is being drained. Pure. */
import type { Profile } from "../../api/bridge-config.ts";
import type { Node } from "../../api/pod.ts";
import { NODE_ANNOTATION, NODE_ELIGIBILITY } from "../../contract/pod-metadata.ts";
import { epochMs } from "../../lib/epoch.ts";
import type { JobType } from "../../nomad/job.ts";
import { isReady, profilesOn } from "../../mapping/node-facts.ts";
import type { AllocationNode } from "../plan/types.ts";

/** As the bridge writes it on a node. `deadline`: ms from `startedAt`; 0 is no deadline, below 0 is at once. */
export type NodeDrain = { readonly deadline: number; readonly ignoreSystem: boolean; /** Epoch ms. */ readonly startedAt: number };

/** Undefined where the node is not drained, or what says so cannot be read. */
export function drainOf(node: Node): NodeDrain | undefined {
  const text = node.metadata.annotations?.[NODE_ANNOTATION.drain];
  if (text === undefined) return undefined;
  try {
    const { deadline, ignoreSystem, startedAt } = JSON.parse(text) as Partial<NodeDrain>;
    if (!Number.isFinite(deadline) || !Number.isFinite(startedAt)) return undefined;
    return { deadline: Number(deadline), ignoreSystem: ignoreSystem === true, startedAt: Number(startedAt) };
  } catch {
    // Somebody spoilt it: nothing is moved on the word of what cannot be read.
    return undefined;
  }
}

/** @param node undefined: the cluster has no such node any more, and what was on it is lost */
export function allocationNode(name: string, node: Node | undefined, type: JobType): AllocationNode {
  if (node === undefined) return { name, lostSince: 0 };
  const lostSince = silentSince(node);
  const drain = drainFor(node, type);
  return { name, ...(lostSince === undefined ? {} : { lostSince }), ...(drain === undefined ? {} : { drain }) };
}

/** Kubernetes calls a node's readiness unknown when its kubelet has not been heard of for a while. */
function silentSince(node: Node): number | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "Unknown" ? (epochMs(ready.lastTransitionTime) ?? 0) : undefined;
}

function drainFor(node: Node, type: JobType): AllocationNode["drain"] {
  const drain = drainOf(node);
  if (drain === undefined || (drain.ignoreSystem && (type === "system" || type === "sysbatch"))) return undefined;
  if (drain.deadline === 0) return {};
  return { deadlineAt: drain.deadline < 0 ? 0 : drain.startedAt + drain.deadline };
}

/**
 * Names of the nodes that a system or sysbatch group of the profile belongs on. A node that is closed to new allocations keeps those that it
 * has: a drain says for itself when they go.
 * @param occupied names of nodes that have one
 */
export const eligibleNodes = (nodes: Iterable<Node>, profile: Profile, occupied: ReadonlySet<string>): readonly string[] =>
  [...nodes]
    .filter((node) => profilesOn(node, [profile]).length > 0 && (occupied.has(node.metadata.name) || (isReady(node) && isEligible(node))))
    .map(({ metadata }) => metadata.name)
    .sort();

/** Whether new allocations may come to it. */
export const isEligible = (node: Node): boolean => node.spec?.unschedulable !== true && node.metadata.labels?.[NODE_ELIGIBILITY] !== "ineligible" && drainOf(node) === undefined;
