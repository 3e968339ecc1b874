/**
 * @module What follows from an allocation's failure, read off its pod and its job's reschedule policy: the controller does so when the time has come,
 * and nothing is written before. Used for evaluations and allocations.
 */
import type { Pod } from "../api/pod.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { epochMs } from "../lib/epoch.ts";
import type { Job } from "../nomad/job.ts";
import { delayOf, isExhausted, reschedulePolicy } from "../nomad/rescheduling.ts";
import { allocationRecord } from "./pod-status.ts";
import { groupOf } from "./pod-group.ts";

/** Times are epoch ms: when it failed, and when its policy lets another take its place. */
export type FollowUp = { readonly failedAt: number; readonly dueAt: number };

/** Undefined where it has not failed, or nothing follows. @param job as it was at the pod's version */
export function followUpOf(pod: Pod, job: Pick<Job, "Type" | "TaskGroups">): FollowUp | undefined {
  if (pod.status?.phase !== "Failed" || (job.Type !== "service" && job.Type !== "batch")) return undefined;
  const found = groupOf(job, pod)?.ReschedulePolicy ?? undefined;
  // What has failed has ended: no time that is still to come changes its record.
  const { state, endedAt } = allocationRecord(pod, Infinity);
  if (found === undefined || state !== "failed" || endedAt === undefined) return undefined;
  const policy = reschedulePolicy(found);
  const failed = { reschedules: reschedulesOf(pod), rescheduleTimes: rescheduleTimesOf(pod), createdAt: epochMs(pod.metadata.creationTimestamp) ?? endedAt, endedAt };
  return isExhausted(failed, policy, endedAt) ? undefined : { failedAt: endedAt, dueAt: endedAt + delayOf(failed, policy) };
}

/** How often its index had been replaced after a failure, itself among them. */
export const reschedulesOf = ({ metadata }: Pod): number => Number(metadata.annotations?.[ANNOTATION.reschedules] ?? 0) || 0;

/** The failed allocation that this one was placed for; undefined for any other. */
export const madeUpFor = (pod: Pod): string | undefined => (reschedulesOf(pod) > 0 ? pod.metadata.annotations?.[ANNOTATION.previousAllocation] : undefined);

const MAX_TIMES = 50;

/** Epoch ms, oldest first. What cannot be read is none. */
export const rescheduleTimesOf = ({ metadata }: Pod): readonly number[] =>
  (metadata.annotations?.[ANNOTATION.rescheduleTimes] ?? "").split(",").map(Number).filter((time) => time > 0 && time < Infinity).slice(-MAX_TIMES);
