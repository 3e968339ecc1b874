/** @module Which node pools there are: those that labels of nodes name, and Nomad's own two. Used for the pools themselves and for jobs that name one. */
import { nodeRecord } from "../../mapping/node-facts.ts";
import type { ClusterState } from "../bridge-deps.ts";
import { names } from "./names.ts";

/** Nomad's own, with their descriptions. */
export const BUILT_IN_POOLS: Readonly<Record<string, string>> = { all: "Node pool with all nodes in the cluster.", default: "Default node pool." };

export function poolNames(cluster: Pick<ClusterState, "config" | "nodes">): readonly string[] {
  const config = names({ cluster });
  const labelled = [...cluster.nodes()].map((node) => nodeRecord({ node, config }).pool);
  return [...new Set([...Object.keys(BUILT_IN_POOLS), ...labelled])];
}
