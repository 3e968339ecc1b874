/** @module What probes have found on nodes: in memory for reading, in one ConfigMap so that a restart of the controller needs no new look. */
import type { Node } from "../api/pod.ts";
import { type ConfigMapStore, writeConfigMap } from "../controller/config-map.ts";
import type { Log } from "../kubernetes/types.ts";
import { type NodeProbe, PROBES_NAME, readProbe } from "../mapping/probe.ts";
import { SYSTEM_NAMESPACE } from "./identity.ts";

const PLACE = { namespace: SYSTEM_NAMESPACE, name: PROBES_NAME };
/** An object takes 1 MiB. What does not fit is known until the controller is restarted. */
const MAX_BYTES = 900 * 1024;

export type ProbeBook = {
  /** By the node's name, whichever node has it now. */
  readonly byName: (node: string) => NodeProbe | undefined;
  /** Undefined also where the name was another node's. */
  readonly of: (node: Node) => NodeProbe | undefined;
  /** Null: forget it. One call at a time. Throws when it is not stored; it is known from then on all the same. */
  readonly keep: (node: string, probe: NodeProbe | null) => Promise<void>;
  /** Called when something is known that was not, or is no longer so. */
  readonly onChange: (listener: () => void) => void;
};

/** Reads what an earlier controller has left. Where that fails, nodes are looked at anew. */
export async function openProbeBook(store: ConfigMapStore, log: Log): Promise<ProbeBook> {
  const probes = await readBook(store, log);
  const listeners: (() => void)[] = [];
  return {
    byName: (node) => probes.get(node),
    of: ({ metadata }) => {
      const probe = probes.get(metadata.name);
      return probe?.nodeUid === metadata.uid ? probe : undefined;
    },
    keep: async (node, probe) => {
      const before = findings(probes.get(node));
      if (probe === null && !probes.delete(node)) return;
      if (probe !== null) probes.set(node, probe);
      if (findings(probes.get(node)) !== before) for (const listener of listeners) listener();
      await writeConfigMap(store, PLACE, bookText(probes));
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

const findings = (probe: NodeProbe | undefined): string => (probe === undefined ? "" : JSON.stringify([probe.nodeUid, probe.kinds, probe.os]));

async function readBook(store: ConfigMapStore, log: Log): Promise<Map<string, NodeProbe>> {
  const read = await store.readConfigMap(PLACE.namespace, PLACE.name);
  if (!read.ok) log.warn({ reason: read.error.message }, "what probes have found cannot be read: nodes are looked at anew");
  const entries = Object.entries((read.ok ? read.value?.data : undefined) ?? {});
  return new Map(entries.flatMap(([node, text]) => {
    const probe = readProbe(text);
    return probe === undefined ? [] : [[node, probe] as const];
  }));
}

function bookText(probes: ReadonlyMap<string, NodeProbe>): Readonly<Record<string, string>> {
  const data: Record<string, string> = {};
  let bytes = 0;
  for (const [node, probe] of probes) {
    const text = JSON.stringify(probe);
    const size = Buffer.byteLength(node) + Buffer.byteLength(text);
    if (bytes + size > MAX_BYTES) continue;
    data[node] = text;
    bytes += size;
  }
  return data;
}
