/** @module Between the end of a container and the word of it in the pod's status nothing can be asked of the container. Used by the handlers of this folder. */
import { findTarget, type Target } from "./begin-operation.ts";
import type { ClientContext } from "./client-deps.ts";

/** A kubelet writes the status within about a second. */
const LOOKS = 6;
const BETWEEN_LOOKS_MS = 500;

/** Whether the failure of what was asked of the task's container is explained by its end, which a pod tells of a little later. */
export async function hasEndedSince(context: ClientContext, { allocation }: Target, task: string): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    const target = findTarget(context, "stats");
    if (!target.ok || target.value.allocation.pod.metadata.uid !== allocation.pod.metadata.uid) return true;
    if (target.value.facts.tasks.get(task)?.state !== "running") return true;
    if (look < LOOKS - 1) await context.client.sleep(BETWEEN_LOOKS_MS);
  }
  return false;
}
