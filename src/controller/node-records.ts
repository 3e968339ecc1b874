/**
 * @module Keeps, in each managed namespace with a task that asks, one ConfigMap of what tasks may know of their nodes: only of nodes that
 * a profile of the namespace can place them on. Written when it differs and never for a heartbeat. Run by the controller's queue.
 */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { Node } from "../api/pod.ts";
import { NODE_RECORDS_NAME } from "../contract/node-record.ts";
import { nodeRecord, profilesOn } from "../mapping/node-facts.ts";
import type { OperatingSystem } from "../mapping/operating-system.ts";
import { grantedProfiles } from "../mapping/profiles.ts";
import { type ConfigMapStore, writeConfigMap } from "./config-map.ts";
import { type Outcome, settled, wait } from "./outcome.ts";

export type NodeRecordsDeps = ConfigMapStore & {
  readonly isManaged: (namespace: string) => boolean;
  /** Whether the pods of some job there mount the records. */
  readonly isNeeded: (namespace: string) => boolean;
  readonly config: () => BridgeConfigSpec | undefined;
  readonly nodes: () => Iterable<Node>;
  /** From a probe of the node of that name. */
  readonly osOf: (node: string) => OperatingSystem | undefined;
  /** Some nodes have no record, as there is no room for them. */
  readonly onDropped: (namespace: string, nodes: readonly string[]) => void;
};

/** Nobody tells us that a ConfigMap is gone. */
const LOOK_AGAIN_MS = 600_000;

/** One that is no longer needed stays: pods of before may mount it, and it goes with its namespace. */
export async function keepNodeRecords(deps: NodeRecordsDeps, namespace: string): Promise<Outcome> {
  const config = deps.config();
  if (config === undefined || !deps.isManaged(namespace) || !deps.isNeeded(namespace)) return settled;
  const { data, dropped } = nodeRecords(deps, config, namespace);
  if (dropped.length > 0) deps.onDropped(namespace, dropped);
  await writeConfigMap(deps, { namespace, name: NODE_RECORDS_NAME }, data);
  return wait(LOOK_AGAIN_MS, "the node records are looked at again");
}

/** An object takes 1 MiB; the rest is for what others note in its metadata. */
const MAX_BYTES = 900 * 1024;

type Records = { readonly data: Readonly<Record<string, string>>; readonly dropped: readonly string[] };

/** The oldest nodes first, so that one more node takes no record away from pods that run. */
export function nodeRecords({ nodes, osOf }: Pick<NodeRecordsDeps, "nodes" | "osOf">, config: BridgeConfigSpec, namespace: string): Records {
  const granted = grantedProfiles(config, namespace);
  const data: Record<string, string> = {};
  const dropped: string[] = [];
  let bytes = 0;
  for (const node of [...nodes()].filter((each) => profilesOn(each, granted).length > 0).sort(byAge)) {
    const { name } = node.metadata;
    const record = JSON.stringify(nodeRecord({ node, config, os: osOf(name) }));
    const size = name.length + new TextEncoder().encode(record).length;
    if (bytes + size > MAX_BYTES) {
      dropped.push(name);
      continue;
    }
    data[name] = record;
    bytes += size;
  }
  return { data, dropped };
}

function byAge({ metadata: a }: Node, { metadata: b }: Node): number {
  const [x, y] = [a.creationTimestamp ?? "", b.creationTimestamp ?? ""];
  if (x !== y) return x < y ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
