/** @module A change of an object of the cluster as an event of Nomad's. Used by main, where changes come from. */
import type { Node, Pod } from "../../api/pod.ts";
import { DRAIN_ANNOTATION, ELIGIBILITY_LABEL } from "../../contract/node-drain.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { jobRecord, type JobObject } from "../../mapping/job-record.ts";
import { nomadAllocation } from "../../mapping/nomad-allocation.ts";
import { nomadNode } from "../../mapping/nomad-node.ts";
import type { ClusterState } from "../bridge-deps.ts";
import { names } from "../cluster/names.ts";
import { allocationSource } from "../read-handlers.ts";
import type { EventType, NomadEvent } from "./event.ts";

export type ObjectChange<T> = { readonly type: "added" | "updated" | "deleted"; readonly object: T; readonly previous?: T; readonly index: number };

type Context = { readonly cluster: ClusterState; readonly now: () => number };

/** Undefined where clients would see no difference, such as after our own status writes. */
export function jobEvent({ cluster }: Context, { type, object, previous, index }: ObjectChange<JobObject>): NomadEvent | undefined {
  const isSame = type === "updated" && previous?.metadata.generation === object.metadata.generation && stateOf(previous) === stateOf(object);
  const job = jobRecord(object);
  if (isSame || !cluster.isManaged(job.namespace)) return undefined;
  const event: EventType = type === "deleted" ? "JobDeregistered" : "JobRegistered";
  return { topic: "Job", type: event, key: job.jobId, namespace: job.namespace, filterKeys: [], index, payload: () => ({ Job: cluster.nomadJob(job) ?? null }) };
}

const stateOf = (object: JobObject | undefined): string => (object?.kind === "NomadJob" ? (object.status?.state ?? "") : "");

/** Nothing for one whose job is gone: it says no more than its job's own event. */
export function allocationEvent(context: Context, { type, object, index }: ObjectChange<Pod>): NomadEvent | undefined {
  const allocation = type === "deleted" ? undefined : context.cluster.allocation(object.metadata.uid ?? "");
  if (allocation === undefined) return undefined;
  const isStopping = object.metadata.deletionTimestamp !== undefined || object.metadata.annotations?.[ANNOTATION.stopped] !== undefined;
  const { jobId, namespace } = allocation.job;
  return {
    topic: "Allocation",
    type: type === "added" ? "AllocationCreated" : isStopping ? "AllocationUpdateDesiredStatus" : "AllocationUpdated",
    key: object.metadata.uid ?? "",
    namespace,
    filterKeys: [jobId],
    index,
    payload: () => {
      const source = allocationSource({ cluster: context.cluster, now: context.now() }, { ...allocation, pod: object });
      if (source === undefined) return { Allocation: null };
      // As on Nomad, the job is not repeated for every event of its allocations.
      return { Allocation: { ...nomadAllocation(source), Job: null } };
    },
  };
}

/** The kubelet's reports, of which there is one every few minutes, are no event. */
export function nodeEvent({ cluster }: Context, { type, object, previous, index }: ObjectChange<Node>): NomadEvent | undefined {
  const event = nodeEventType(type, object, previous);
  if (event === undefined) return undefined;
  const payload = () => ({ Node: nomadNode({ node: object, config: names({ cluster }), os: cluster.osOf(object) }) });
  return { topic: "Node", type: event, key: object.metadata.uid ?? "", namespace: "", filterKeys: [], index, payload };
}

function nodeEventType(type: ObjectChange<Node>["type"], node: Node, before: Node | undefined): EventType | undefined {
  if (type !== "updated") return type === "added" ? "NodeRegistration" : "NodeDeregistration";
  const differs = (of: (node: Node) => unknown) => before === undefined || of(node) !== of(before);
  if (differs(({ metadata }) => metadata.annotations?.[DRAIN_ANNOTATION])) return "NodeDrain";
  if (differs(({ metadata, spec }) => `${metadata.labels?.[ELIGIBILITY_LABEL] ?? ""}/${spec?.unschedulable === true}`)) return "NodeEligibility";
  return differs(({ status }) => status?.conditions?.find((condition) => condition.type === "Ready")?.status) ? "NodeEvent" : undefined;
}
