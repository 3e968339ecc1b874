/** @module What access must know of an allocation to decide about an exec: read off the pod's spec and record, never off labels. */
import type { AllocationFacts, TaskFacts } from "../access/authorize-exec.ts";
import { isNodeLevel } from "../access/node-level.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { neverRan } from "../mapping/container-record.ts";
import { clientStatus } from "../mapping/nomad-allocation.ts";
import { allocationRecord, type TaskRecord } from "../mapping/pod-status.ts";
import type { Allocation } from "./bridge-deps.ts";

/** @param now epoch ms */
export function allocationFacts({ pod, job }: Allocation, profile: Profile | undefined, now: number): AllocationFacts {
  const record = allocationRecord(pod, now);
  return {
    allocId: pod.metadata.uid ?? "",
    namespace: job.namespace,
    podName: pod.metadata.name,
    clientStatus: clientStatus(record),
    tasks: new Map(record.tasks.map((each) => [each.task, { container: each.container, state: taskState(each) }])),
    nodeLevel: isNodeLevel(pod.spec),
    // A profile that is gone can allow nothing.
    remoteExecDisabled: profile === undefined || profile.disableRemoteExec,
  };
}

/** The profile that the pod was made under, as it is now, with what is refused for its namespace. Read off the pod, which its task's author cannot change. */
export function profileOf(pod: Pod, config: BridgeConfigSpec | undefined): Profile | undefined {
  const profile = config?.profiles.find(({ name }) => name === pod.metadata.annotations?.[ANNOTATION.profile]);
  const isClosed = config?.disableRemoteExecIn.includes(pod.metadata.namespace ?? "default") === true;
  return profile !== undefined && isClosed ? { ...profile, disableRemoteExec: true } : profile;
}

/** Between two starts the container may be there, but the task is not; one whose launcher waits for other tasks has not started, nor has one that never could. */
function taskState({ state, lastEnd, waiting }: TaskRecord): TaskFacts["state"] {
  if (state === "running") return state;
  if (lastEnd === undefined) return state === "pending" || waiting !== undefined ? "not-started" : "dead";
  return neverRan(lastEnd) ? "not-started" : "dead";
}
