/** @module The bridge's writes to nodes: labels and annotations of ours, which say whether allocations may come and must go. */
import type { Node } from "../api/pod.ts";
import type { NodeMarks } from "../bridge/bridge-deps.ts";
import type { KubeClient } from "../kubernetes/types.ts";
import { err } from "../lib/result.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
import { seen } from "./seen.ts";

export function nodeMarks(client: KubeClient, { nodes }: BridgeCaches): NodeMarks {
  return {
    mark: async ({ metadata }, mark) => {
      const patched = await client.mergePatch<Node>({ resource: RESOURCES.nodes, name: metadata.name }, { metadata: { uid: metadata.uid, ...mark } });
      const written = await seen(nodes, patched);
      return written.ok ? written : err(`node "${metadata.name}" was not changed: ${written.error.message}`);
    },
  };
}
