/** @module The bridge's view of the cluster, read from the caches: only managed namespaces, only pods with a live owner. */
import type { ExecTask } from "../api/exec-task.ts";
import type { Pod } from "../api/pod.ts";
import type { Allocation, ClusterState } from "../bridge/bridge-deps.ts";
import { operatingSystemOf } from "../mapping/probe.ts";
import { type BridgeCaches, configReader, isManaged, probeReader } from "./caches.ts";
import { execTaskOf } from "./owner.ts";

export function clusterState(caches: BridgeCaches): ClusterState {
  const visible = (task: ExecTask | undefined): ExecTask | undefined =>
    task !== undefined && isManaged(caches, task.metadata.namespace ?? "default") ? task : undefined;
  const probeOf = probeReader(caches);
  return {
    config: configReader(caches),
    isManaged: (namespace) => isManaged(caches, namespace),
    tasks: () => [...caches.tasks.all()].filter((task) => visible(task) !== undefined),
    task: (namespace, jobId) => visible(caches.tasks.get(namespace, jobId)),
    allocationsOf: (task) => caches.pods.byIndex("owner", task.metadata.uid ?? "").map((pod) => ({ pod, task })),
    allocation: (allocId) => allocationOf(caches, visible, caches.pods.byUid(allocId)),
    nodes: () => caches.nodes.all(),
    node: (nodeId) => caches.nodes.byUid(nodeId),
    nodeByName: (name) => caches.nodes.get(undefined, name),
    osOf: (node) => operatingSystemOf(node, probeOf(node.metadata.name)),
    index: () => Math.max(1, caches.pods.version(), caches.tasks.version()),
  };
}

function allocationOf(caches: BridgeCaches, visible: (task: ExecTask | undefined) => ExecTask | undefined, pod: Pod | undefined): Allocation | undefined {
  const owner = pod === undefined ? undefined : execTaskOf(pod);
  if (pod === undefined || owner === undefined) return undefined;
  const task = visible(caches.tasks.get(pod.metadata.namespace, owner.name));
  return task?.metadata.uid === owner.uid ? { pod, task } : undefined;
}

/** One listener on the cache for all sessions, so that a change of a pod costs the same however many there are. */
export function podGoneNotifier(caches: BridgeCaches): (podUid: string, listener: (reason: string) => void) => () => void {
  const listeners = new Map<string, Set<(reason: string) => void>>();
  caches.pods.onChange(({ type, object }) => {
    const uid = object.metadata.uid ?? "";
    const reason = type === "deleted" ? wasStopped(uid) : endReason(object);
    if (reason === undefined) return;
    for (const listener of listeners.get(uid) ?? []) listener(reason);
  });
  return (podUid, listener) => {
    const own = listeners.get(podUid) ?? new Set();
    listeners.set(podUid, own.add(listener));
    return () => {
      own.delete(listener);
      if (own.size === 0) listeners.delete(podUid);
    };
  };
}

/** For a session whose stream has ended: kubelet stops the processes of a pod before the pod itself is gone. */
export function podFate(caches: BridgeCaches, podUid: string): string | undefined {
  const pod = caches.pods.byUid(podUid);
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined ? wasStopped(podUid) : endReason(pod);
}

const wasStopped = (allocId: string) => `allocation ${allocId} was stopped`;

function endReason(pod: Pod): string | undefined {
  const allocId = pod.metadata.uid ?? "";
  if (pod.status?.phase === "Failed") return `allocation ${allocId} has failed`;
  return pod.status?.phase === "Succeeded" ? `allocation ${allocId} is complete` : undefined;
}
