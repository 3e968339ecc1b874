/**
 * @module How long a kubelet may say nothing of a container that has ended: it looks once a second, and then has to tell. A version that fails at once
 * would be taken for healthy by a `min_healthy_time` that is shorter.
 */

/** Measured on an idle node: up to 1.1 s from a task's end to the pod's new status at a watcher. */
const KUBELET_SILENCE_MS = 2_500;

/** For how long an allocation must have been ready before it counts as healthy; never so long that it would miss its deadline by that. Milliseconds. */
export const healthyAfterMs = ({ minHealthyMs, healthyDeadlineMs }: { readonly minHealthyMs: number; readonly healthyDeadlineMs: number }): number =>
  Math.max(minHealthyMs, Math.min(KUBELET_SILENCE_MS, healthyDeadlineMs / 2));
