/** @module The lines a person reads during the first build, pure. */

export type BuildProgress = { readonly done: number; readonly total: number; readonly component: string; readonly elapsedMs: number };

export const FIRST_BUILD_NOTICE = "building Kubernetes from source, first time: about six minutes; later starts reuse it";

/** For example "building kubelet (3 of 12 done, 1m05s)". */
export function progressLine({ done, total, component, elapsedMs }: BuildProgress): string {
  return `building ${component} (${done} of ${total} done, ${formatElapsed(elapsedMs)})`;
}

/** Whole seconds, such as "0s", "59s" or "5m45s". */
export function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}
