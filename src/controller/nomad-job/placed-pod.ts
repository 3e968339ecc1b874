/** @module A pod with what the plan decided about its place: the canary, what it replaces, its reschedules, and the node of a system job. Pure. */
import type { KubeObject } from "../../api/meta.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import type { JobNewAllocation } from "../plan/types.ts";
import { writeTimes } from "./allocation.ts";

type Affinity = { readonly nodeAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly object[] } } };
type PodObject = KubeObject & { readonly spec: { readonly affinity?: Affinity } };

export function placedPod(pod: KubeObject, { canary, previous, rescheduleTimes, node }: JobNewAllocation, createIndex: number): KubeObject {
  const annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION.createIndex]: String(createIndex),
    ...(canary ? { [ANNOTATION.canary]: "true" } : {}),
    ...(previous === undefined ? {} : { [ANNOTATION.previousAllocation]: previous.uid }),
    ...(rescheduleTimes.length === 0 ? {} : { [ANNOTATION.rescheduleTimes]: writeTimes(rescheduleTimes) }),
    ...(node === undefined ? {} : { [ANNOTATION.node]: node }),
  };
  const placed = { ...pod, metadata: { ...pod.metadata, annotations } };
  return node === undefined ? placed : onNode(placed as KubeObject as PodObject, node);
}

/** Every way that the pod could be placed, narrowed to the one node. */
function onNode(pod: PodObject, node: string): KubeObject {
  const { affinity = {} } = pod.spec;
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  const matchFields = [{ key: "metadata.name", operator: "In", values: [node] }];
  const nodeSelectorTerms = required.map((term) => ({ ...term, matchFields }));
  const nodeAffinity = { ...affinity.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return { ...pod, spec: { ...pod.spec, affinity: { ...affinity, nodeAffinity } } } as KubeObject;
}
