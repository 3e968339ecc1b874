/** @module What access must know of an allocation to decide about an exec: read off the pod's spec and record, never off labels. */
import type { AllocationFacts, TaskFacts } from "../access/authorize-exec.ts";
import { isNodeLevel } from "../access/node-level.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import { clientStatus } from "../mapping/nomad-allocation.ts";
import { containerName, identityOf } from "../mapping/pod-for-task.ts";
import { type AllocationRecord, allocationRecord, delayedStart } from "../mapping/pod-status.ts";
import type { Allocation } from "./bridge-deps.ts";

/** @param now epoch ms */
export function allocationFacts({ pod, task }: Allocation, profile: Profile | undefined, now: number): AllocationFacts {
  const identity = identityOf(task);
  const record = allocationRecord(pod, now);
  return {
    allocId: pod.metadata.uid ?? "",
    namespace: identity.namespace,
    podName: pod.metadata.name,
    clientStatus: clientStatus(record),
    tasks: new Map([[identity.task, { container: containerName(identity.task), state: taskState(record, now) }]]),
    nodeLevel: isNodeLevel(pod.spec),
    remoteExecDisabled: profile?.disableRemoteExec === true,
  };
}

/** The profile that a task runs under now. */
export function profileOf({ task }: Allocation, config: BridgeConfigSpec | undefined): Profile | undefined {
  const namespace = task.metadata.namespace ?? "default";
  const granted = config?.profiles.filter((profile) => profile.namespaces.includes(namespace) || profile.namespaces.includes("*")) ?? [];
  return task.spec.profile === undefined ? granted[0] : granted.find((profile) => profile.name === task.spec.profile);
}

/** Between two starts the container is there, but the task is not. */
function taskState(record: AllocationRecord, now: number): TaskFacts["state"] {
  const { startedAt, lastEnd } = record.task;
  if (startedAt === undefined) return lastEnd === undefined ? "not-started" : "dead";
  return (delayedStart(record.task) ?? 0) > now ? "dead" : "running";
}
