/** @module What a node's state means for the allocations on it: whether it still answers, and whether it is being drained. Pure. */
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { Node, Pod } from "../../api/pod.ts";
import { DRAIN_ANNOTATION, type NodeDrain, readNodeDrain } from "../../contract/node-drain.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { epochMs } from "../../lib/epoch.ts";
import type { JobType } from "../../nomad/job.ts";
import { eligibleNodes, mayBeOn } from "../../mapping/job/placement/eligible-nodes.ts";
import type { NodeSource } from "../../mapping/node-facts.ts";
import { isOnItsNode } from "../../mapping/nomad-allocation.ts";
import type { AcceptedGroup } from "../../mapping/pod-for-task.ts";
import type { AllocationNode } from "../plan/types.ts";
import type { NomadJobDeps } from "./deps.ts";

const drainOf = ({ metadata }: Node): NodeDrain | undefined => readNodeDrain(metadata.annotations?.[DRAIN_ANNOTATION]);

export type NodeQuestion = { readonly type: JobType; /** All of ours that are on the node. */ readonly podsOn: (node: string) => readonly Pod[]; readonly now: number };

/** @param node undefined: the cluster has no such node any more, and what was on it is lost */
export function allocationNode(name: string, node: Node | undefined, question: NodeQuestion): AllocationNode {
  if (node === undefined) return { name, lostSince: 0 };
  const lostSince = silentSince(node);
  const drain = drainFor(node, question);
  return { name, ...(lostSince === undefined ? {} : { lostSince }), ...(drain === undefined ? {} : { drain }) };
}

/** Kubernetes calls a node's readiness unknown when its kubelet has not been heard of for a while. */
function silentSince(node: Node): number | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "Unknown" ? (epochMs(ready.lastTransitionTime) ?? 0) : undefined;
}

function drainFor(node: Node, { type, podsOn, now }: NodeQuestion): AllocationNode["drain"] {
  const drain = drainOf(node);
  const isOnNodes = type === "system" || type === "sysbatch";
  if (drain === undefined || (drain.ignoreSystemJobs && isOnNodes)) return undefined;
  const othersFirst = isOnNodes && podsOn(node.metadata.name).some((pod) => isDrainedFirst(pod) && isOnItsNode(pod, now));
  return { ...deadlineOf(drain), ...(othersFirst ? { othersFirst } : {}) };
}

function deadlineOf({ startedAt, deadlineMs }: NodeDrain): { readonly deadlineAt?: number } {
  if (deadlineMs === 0) return {};
  return { deadlineAt: deadlineMs < 0 ? 0 : startedAt + deadlineMs };
}

/** Of a Nomad job that is not made for the node: no drain moves an ExecTask. */
export const isDrainedFirst = ({ metadata }: Pod): boolean =>
  metadata.annotations?.[ANNOTATION.node] === undefined && metadata.ownerReferences?.some(({ kind, controller }) => kind === "NomadJob" && controller === true) === true;

/** Nodes as constraints read them. */
export const nodeSources = ({ nodes, osOf }: Pick<NomadJobDeps, "nodes" | "osOf">, config: BridgeConfigSpec): readonly NodeSource[] =>
  [...nodes()].map((node) => ({ node, config, os: osOf(node) }));

/**
 * Names of the nodes that a system or sysbatch group belongs on. A node that is closed to new allocations keeps those that it has: a drain
 * says for itself when they go.
 * @param occupied names of nodes that have one
 */
export function nodesFor(group: AcceptedGroup, nodes: readonly NodeSource[], occupied: ReadonlySet<string>): readonly string[] {
  const kept = nodes.filter((source) => occupied.has(source.node.metadata.name) && mayBeOn(group, source)).map(({ node }) => node.metadata.name);
  return [...new Set([...eligibleNodes(group, nodes), ...kept])].sort();
}
