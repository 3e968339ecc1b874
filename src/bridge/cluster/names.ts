/** @module What the cluster calls itself, before there is a BridgeConfig too. Used by the bridge's handlers. */
import type { NodeConfig } from "../../mapping/node-facts.ts";
import type { ClusterState } from "../bridge-deps.ts";

const DEFAULT_NAMES: NodeConfig = { region: "global", datacenter: "dc1", profiles: [] };

export const names = ({ cluster }: { readonly cluster: Pick<ClusterState, "config"> }): NodeConfig => cluster.config() ?? DEFAULT_NAMES;
