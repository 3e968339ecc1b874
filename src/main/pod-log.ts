/** @module What the kubelet has kept of a container's output, for allocations that have ended. Used by the bridge. */
import type { ClientDeps, PodLogRequest } from "../bridge/client/client-deps.ts";
import type { ConnectedKubeClient } from "../kubernetes/client.ts";
import { err, ok } from "../lib/result.ts";

const IDLE_MS = 30_000;

/** What an API server says that does not know PodLogOptions.stream, or has it switched off. */
const INVALID = 422;

/**
 * One stream alone where the API server can tell them apart (feature PodLogsQuerySplitStreams; it takes no tailLines with it), and both in one
 * elsewhere. It is asked anew each time: an API server can be upgraded while we run.
 */
export function podLogReader(client: ConnectedKubeClient): ClientDeps["podLog"] {
  const open = async ({ namespace, pod, container }: PodLogRequest, more: Readonly<Record<string, string>>, signal: AbortSignal) =>
    await client.stream(
      { method: "GET", path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`, query: { container, ...more } },
      { idleTimeoutMs: IDLE_MS },
      signal,
    );
  return async (request, signal) => {
    const apart = await open(request, { stream: request.stream === "stdout" ? "Stdout" : "Stderr" }, signal);
    if (apart.ok) return ok({ apart: true, bytes: apart.value });
    if (apart.error.kind !== "status" || apart.error.code !== INVALID) return err(apart.error.message);
    const merged = await open(request, request.tailLines === undefined ? {} : { tailLines: String(request.tailLines) }, signal);
    return merged.ok ? ok({ apart: false, bytes: merged.value }) : err(merged.error.message);
  };
}
