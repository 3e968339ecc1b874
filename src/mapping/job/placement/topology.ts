/** @module Which label of a node stands behind a target of a job: what Kubernetes itself can spread over and keep apart by. */
import { GROUP } from "../../../contract/pod-metadata.ts";

export const HOSTNAME_LABEL = "kubernetes.io/hostname";

const LABELS: Readonly<Record<string, string>> = {
  "node.unique.id": HOSTNAME_LABEL,
  "node.unique.name": HOSTNAME_LABEL,
  "attr.unique.hostname": HOSTNAME_LABEL,
  "node.datacenter": `${GROUP}/datacenter`,
  "node.class": `${GROUP}/node-class`,
  "node.pool": `${GROUP}/node-pool`,
  "attr.cpu.arch": "kubernetes.io/arch",
  "attr.kernel.name": "kubernetes.io/os",
};

const LABEL_NAME = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/;

/** Metadata of a node is its labels, ours by a short name too. Undefined: no label says it. */
export function topologyLabel(target: string): string | undefined {
  const name = /^\$\{([^{}]+)\}$/.exec(target)?.[1] ?? "";
  if (Object.hasOwn(LABELS, name)) return LABELS[name];
  if (!name.startsWith("meta.")) return undefined;
  const key = name.slice("meta.".length);
  const label = key.includes("/") ? key : `meta.${GROUP}/${key}`;
  return LABEL_NAME.test(label) ? label : undefined;
}
