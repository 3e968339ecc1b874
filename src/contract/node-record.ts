/**
 * @module What a launcher may know of its node, for ${node.*}, ${attr.*} and ${meta.*}. The controller keeps one ConfigMap of them in each
 * managed namespace that has a task which asks; the pod mounts it at NODES_DIR. Go twin: launcher/interpolation/node.go.
 */

/** Name of the ConfigMap; its keys are node names, its values NodeRecords as JSON. */
export const NODE_RECORDS_NAME = "nomad-bridge-nodes";

export type NodeRecord = {
  readonly id: string;
  readonly name: string;
  readonly datacenter: string;
  readonly region: string;
  readonly class: string;
  readonly pool: string;
  /** Without the prefix "attr.", such as "kernel.name". */
  readonly attributes: Readonly<Record<string, string>>;
  /** Without the prefix "meta.". */
  readonly meta: Readonly<Record<string, string>>;
};
