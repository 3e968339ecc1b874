/** @module Which tasks a pod has, and in which container each of them is. Used by the status of pods and by the bridge's Nomad objects. */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION, documentAnnotation, type PodTask } from "../contract/pod-metadata.ts";

/** Containers with such names prepare a pod for its tasks and are none themselves: fetch's, the launcher's installation, the copy of the chroot. */
const OWN_CONTAINER = "nb-";

export const isSetup = (container: string, tasks: readonly PodTask[]): boolean => container.startsWith(OWN_CONTAINER) && !tasks.some((task) => task.container === container);

/** The container that fetches the artifacts of the group's task at that position, if it has any. */
export const fetchContainer = (position: number): string => `nb-fetch-${position}`;

/** In the group's order, never empty. The admission policies keep the annotation; one that cannot be read counts as absent. */
export function tasksOfPod({ metadata, spec }: Pod): readonly PodTask[] {
  const listed = parseTasks(metadata.annotations?.[ANNOTATION.tasks]);
  if (listed !== undefined) return listed;
  const container = spec.containers[0]?.name ?? "";
  return [{ task: metadata.annotations?.[ANNOTATION.task] ?? container, container, hook: "", sidecar: false }];
}

function parseTasks(text: string | undefined): readonly PodTask[] | undefined {
  if (text === undefined) return undefined;
  try {
    const listed: unknown = JSON.parse(text);
    return Array.isArray(listed) && listed.length > 0 && listed.every(isPodTask) ? listed : undefined;
  } catch {
    // A pod of another making: the caller takes its first container.
    return undefined;
  }
}

function isPodTask(value: unknown): value is PodTask {
  if (typeof value !== "object" || value === null) return false;
  const { task, container, hook, sidecar } = value as Partial<PodTask>;
  return typeof task === "string" && typeof container === "string" && typeof sidecar === "boolean" && ["", "prestart", "poststart", "poststop"].includes(hook ?? "?");
}

/** What a task's launcher was told of its restarts and its end, when the pod was made. */
export type TaskRules = { readonly attempts: number; readonly intervalMs: number; readonly mode: string; readonly killTimeoutMs: number; readonly shutdownDelayMs: number };

/** Undefined for a pod without a readable document. Parses up to 200 KiB: ask only where an answer is needed. */
export function rulesOf(pod: Pod, container: string): TaskRules | undefined {
  const position = tasksOfPod(pod).findIndex((each) => each.container === container);
  try {
    const document = JSON.parse(pod.metadata.annotations?.[documentAnnotation(container, position)] ?? "") as {
      readonly restart: Omit<TaskRules, "killTimeoutMs" | "shutdownDelayMs">;
      readonly killTimeoutMs: number;
      readonly shutdownDelayMs?: number;
    };
    const { attempts, intervalMs, mode } = document.restart;
    return { attempts, intervalMs, mode, killTimeoutMs: document.killTimeoutMs, shutdownDelayMs: document.shutdownDelayMs ?? 0 };
  } catch {
    // What cannot be read proves nothing: the caller leaves out what it would have said.
    return undefined;
  }
}
