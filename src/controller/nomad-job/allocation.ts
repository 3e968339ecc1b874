/** @module A pod as the allocation that the plan knows: what its record, its annotations, its node and the job's requests say of it. Pure. */
import type { Node, Pod } from "../../api/pod.ts";
import type { JobRequests } from "../../contract/job-requests.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { allocationRecord } from "../../mapping/pod-status.ts";
import type { JobAllocation } from "../plan/types.ts";
import { allocationView } from "../reconcile.ts";
import { transitionOf } from "../transitions.ts";
import { allocationNode, type NodeQuestion } from "./nodes.ts";
import { groupNameOf, versionOfPod } from "../../mapping/pod-group.ts";
import { rescheduleTimesOf } from "../../mapping/rescheduling.ts";

export type AllocationContext = NodeQuestion & {
  readonly requests: JobRequests;
  readonly node: (name: string) => Node | undefined;
  /** Host paths that new pods of a group leave out of their root. */
  readonly skippedPaths: (group: string) => readonly string[];
  /** Whether a pod without a node waits under constraints that are answered otherwise by now. */
  readonly isMisplaced: (pod: Pod) => boolean;
};

export function jobAllocation(pod: Pod, context: AllocationContext): JobAllocation {
  const annotations = pod.metadata.annotations ?? {};
  const group = groupNameOf(pod) ?? "";
  const view = allocationView(pod, context.now, context.skippedPaths(group));
  const name = pod.spec.nodeName ?? annotations[ANNOTATION.node];
  const transition = transitionOf(view, context.requests);
  const startedAt = firstStart(pod, context.now);
  const isStopped = annotations[ANNOTATION.stopped] !== undefined;
  return {
    ...view,
    group,
    jobVersion: versionOfPod(pod),
    ...(annotations[ANNOTATION.canary] === "true" ? { canary: true } : {}),
    rescheduleTimes: rescheduleTimesOf(pod),
    ...(name === undefined ? {} : { node: allocationNode(name, context.node(name), context) }),
    ...(pod.spec.nodeName === undefined ? { unbound: true } : {}),
    ...(transition === undefined ? {} : { transition }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(isStopped ? { wasStopped: true } : {}),
    ...(view.state === "pending" && context.isMisplaced(pod) ? { cannotStart: true } : {}),
  };
}

function firstStart(pod: Pod, now: number): number | undefined {
  const starts = allocationRecord(pod, now).tasks.flatMap(({ startedAt, lastEnd }) => [lastEnd?.startedAt, startedAt].filter((time) => time !== undefined).slice(0, 1));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

export const writeTimes = (times: readonly number[]): string => times.join(",");
