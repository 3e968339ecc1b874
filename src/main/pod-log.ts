/** @module What the kubelet has kept of a container's output, for allocations that have ended. Used by the bridge. */
import type { ClientDeps } from "../bridge/client/client-deps.ts";
import type { ConnectedKubeClient } from "../kubernetes/client.ts";
import { err, messageOf, ok } from "../lib/result.ts";

const IDLE_MS = 30_000;

/** At most `limitBytes` bytes from the beginning of what is kept. */
export function podLogReader(client: ConnectedKubeClient): ClientDeps["podLog"] {
  return async ({ namespace, pod, container, limitBytes }, signal) => {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    const opened = await client.stream({ method: "GET", path, query: { container, limitBytes: String(limitBytes) } }, { idleTimeoutMs: IDLE_MS }, signal);
    if (!opened.ok) return err(opened.error.message);
    const parts: Buffer[] = [];
    try {
      for await (const part of opened.value) parts.push(part);
    } catch (error) {
      return err(messageOf(error));
    }
    return ok(Buffer.concat(parts));
  };
}
