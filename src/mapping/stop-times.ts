/** @module How long a task and its pod get to stop. Used by the launcher's document and by podForTask. */
import type { Profile } from "../api/bridge-config.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import { durationMs } from "../lib/duration.ts";
import { isInit, type MappedTask } from "./group-tasks.ts";

/** Kubelet needs a moment beyond kill_timeout: the launcher sends SIGKILL itself and reports it. */
const GRACE_SECONDS = 2;

export const milliseconds = (text: string): number => Math.round(durationMs(text));

/** As on Nomad, the operator's limit holds in silence for the scheduler; a finding says so. */
export const killTimeoutMs = (spec: TaskSpec, profile: Profile): number => Math.min(milliseconds(spec.killTimeout), milliseconds(profile.maxKillTimeout));

/**
 * The pod's tasks are asked to stop together, so the slowest counts; kubelet asks prestart sidecars only after them, one after the other.
 * poststop tasks run when all others have ended, and still within the pod's time: they get the profile's maxKillTimeout once more for it.
 * Nomad sets them no limit; Kubernetes has none that is open.
 */
export function gracePeriodSeconds(tasks: readonly MappedTask[], profile: Profile): number {
  const stopMs = ({ spec }: MappedTask) => milliseconds(spec.shutdownDelay) + killTimeoutMs(spec, profile);
  const together = Math.max(...tasks.filter((task) => !isInit(task)).map(stopMs));
  const sidecars = tasks.filter((task) => isInit(task) && task.sidecar).reduce((sum, task) => sum + stopMs(task), 0);
  const poststop = tasks.some(({ hook }) => hook === "poststop") ? milliseconds(profile.maxKillTimeout) : 0;
  return Math.ceil((together + sidecars + poststop) / 1000) + GRACE_SECONDS;
}
