/** @module The bridge's one write to pods: what users have done to their tasks, so that their events tell of it. */
import type { Pod } from "../api/pod.ts";
import type { ClientDeps } from "../bridge/client/client-deps.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { readTaskMarks, withTaskMarks, writeTaskMarks } from "../contract/task-marks.ts";
import type { KubeClient, Log } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
import { seen } from "./seen.ts";

/** What was done is done: a mark that cannot be written is an event less, and a line in the log. */
export function taskMarks(client: KubeClient, { pods }: BridgeCaches, log: Pick<Log, "error">): ClientDeps["markTasks"] {
  return async ({ metadata }, added) => {
    const { name, namespace, uid } = metadata;
    const present = pods.byUid(uid ?? "")?.metadata.annotations?.[ANNOTATION.taskMarks];
    const annotations = { [ANNOTATION.taskMarks]: writeTaskMarks(withTaskMarks(readTaskMarks(present), added)) };
    const patched = await client.mergePatch<Pod>({ resource: RESOURCES.pods, name, ...(namespace === undefined ? {} : { namespace }) }, { metadata: { uid, annotations } });
    const written = await seen(pods, patched);
    if (!written.ok) log.error({ reason: written.error.message, allocId: uid }, "a restart or a signal is not among its task's events");
  };
}
