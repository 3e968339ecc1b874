/**
 * @module What a change of a Kubernetes object is as an event of Nomad's: topic, type and keys at once, the payload when somebody reads it.
 * Used by main, which hears of the changes.
 * Source: developer.hashicorp.com/nomad/api-docs/events#event-types; behaviour of a Nomad 1.11 agent
 */
import type { Node, Pod } from "../../api/pod.ts";
import { sha256 } from "../../access/sha256.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { type JobObject, jobRecord, type JobRecord } from "../../mapping/job-record.ts";
import { deploymentOf } from "../../mapping/kept-deployments.ts";
import { deploymentId } from "../../mapping/nomad-ids.ts";
import { versionOfPod } from "../../mapping/pod-group.ts";
import { allocationRecord } from "../../mapping/pod-status.ts";
import { clientStatus, isPlaced, nomadAllocation } from "../../mapping/nomad-allocation.ts";
import { nomadNode } from "../../mapping/nomad-node.ts";
import type { NomadAllocation } from "../../nomad/api-types.ts";
import type { Allocation, ClusterState } from "../bridge-deps.ts";
import type { Job } from "../../nomad/job.ts";
import { jobAsRead } from "../../nomad/jobspec/read-job.ts";
import { names } from "../cluster/names.ts";
import { replacementsOf, sourceOf } from "../read-handlers.ts";
import type { EventType, NomadEvent } from "./event.ts";

/** `previous` is the object before, where there was one. */
export type ObjectChange<T> = { readonly type: "added" | "updated" | "deleted"; readonly object: T; readonly previous?: T };

export type EventContext = {
  readonly cluster: ClusterState;
  /** Epoch ms. */
  readonly now: () => number;
  /** Of the change. */
  readonly index: number;
};

type SpecChange = ObjectChange<JobObject>;

export function jobEvents(context: EventContext, change: SpecChange): readonly NomadEvent[] {
  const { cluster, index } = context;
  const { type, object } = change;
  const { namespace = "default" } = object.metadata;
  const kind = cluster.isManaged(namespace) ? jobChange(context, change) : undefined;
  if (kind === undefined) return [];
  const job = jobRecord(object);
  const isGone = type === "deleted";
  // A job that is gone is not in the cluster's state any more, so it is read now.
  const gone = isGone ? cluster.nomadJob(job) : undefined;
  const payload = () => {
    const read = isGone ? gone : cluster.nomadJob(job);
    return { Job: read === undefined ? undefined : jobAsRead(read) };
  };
  return [{ topic: "Job", type: kind, key: job.jobId, namespace, filterKeys: [], index, payload }];
}

/** A new spec is a registration, or a stop; of what the controller notes only another status is told. */
function jobChange({ cluster }: EventContext, { type, object, previous }: SpecChange): EventType | undefined {
  if (type === "deleted") return "JobDeregistered";
  if (type === "added" || previous === undefined) return "JobRegistered";
  const [before, after] = [cluster.nomadJob(jobRecord(previous)), cluster.nomadJob(jobRecord(object))];
  if (previous.metadata.generation !== object.metadata.generation) return after?.Stop === true && before?.Stop !== true ? "JobDeregistered" : "JobRegistered";
  if (before?.Status === after?.Status) return undefined;
  return after?.Status === "dead" ? endedBy(after) : "PlanResult";
}

/** A job is over with the evaluation of its stop, or by the word of the client that ran the last of it. */
const endedBy = ({ Stop }: Job): EventType => (Stop ? "EvaluationUpdated" : "AllocationUpdated");

/**
 * None while the pod has no node: no list has it then.
 * @param allocation with the job that owns it, which may be gone with it: then there is nothing left to tell of
 */
export function allocationEvents({ cluster, now, index }: EventContext, { type, object, previous }: ObjectChange<Pod>, allocation: Allocation | undefined): readonly NomadEvent[] {
  if (allocation === undefined || !isPlaced(object)) return [];
  const kind = allocationChange(type, object, previous);
  if (kind === "AllocationUpdated" && previous !== undefined && isSeenTheSame(object, previous, now())) return [];
  const payload = () => {
    const source = sourceOf({ cluster, now: now() }, allocation, replacementsOf(cluster.allocationsOf(allocation.job)));
    // The job has an event of its own, and would be in that of each of its allocations.
    return { Allocation: source === undefined ? undefined : withoutJob(nomadAllocation(source)) };
  };
  const { namespace, jobId } = allocation.job;
  return [{ topic: "Allocation", type: kind, key: object.metadata.uid ?? "", namespace, filterKeys: [jobId, deploymentOfPod(object, allocation.job)], index, payload }];
}

const withoutJob = ({ Job: _job, ...rest }: NomadAllocation): object => rest;

/** "" where its version has none. */
function deploymentOfPod(pod: Pod, job: JobRecord): string {
  const version = versionOfPod(pod);
  return deploymentOf(job, version) === undefined ? "" : deploymentId(sha256, job.uid, version);
}

/** What the scheduler decides, on Nomad by a plan, is its place and its stop; all else is its client's word. */
function allocationChange(type: ObjectChange<Pod>["type"], pod: Pod, previous: Pod | undefined): EventType {
  const isStopped = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined || metadata.annotations?.[ANNOTATION.stopped] !== undefined;
  const isStopping = type === "updated" && isStopped(pod) && previous !== undefined && !isStopped(previous);
  const isNew = type === "added" || (previous !== undefined && !isPlaced(previous));
  return isNew || isStopping ? "PlanResult" : "AllocationUpdated";
}

/** The kubelet writes far more often than anything happens that a client of Nomad's could see. */
function isSeenTheSame(pod: Pod, previous: Pod, now: number): boolean {
  const seen = (each: Pod) => {
    const record = allocationRecord(each, now);
    return JSON.stringify([clientStatus(record), record.tasks, each.spec.nodeName, each.metadata.annotations]);
  };
  return seen(pod) === seen(previous);
}

/** A heartbeat of the node, which changes nothing that is read, is no event. */
export function nodeEvents({ cluster, index }: EventContext, { type, object, previous }: ObjectChange<Node>): readonly NomadEvent[] {
  const asNomad = (node: Node) => nomadNode({ node, config: names({ cluster }), os: cluster.osOf(node) });
  const payload = () => ({ Node: asNomad(object) });
  const event = (kind: EventType): NomadEvent => ({ topic: "Node", type: kind, key: object.metadata.uid ?? "", namespace: "", filterKeys: [], index, payload });
  if (type !== "updated" || previous === undefined) return [event(type === "deleted" ? "NodeDeregistration" : "NodeRegistration")];
  const [after, before] = [asNomad(object), asNomad(previous)];
  if (after.Drain !== before.Drain) return [event("NodeDrain")];
  if (after.SchedulingEligibility !== before.SchedulingEligibility) return [event("NodeEligibility")];
  return after.Status === before.Status ? [] : [event("NodeEvent")];
}
