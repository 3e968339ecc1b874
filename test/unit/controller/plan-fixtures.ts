/** @module Allocations and groups for the tests of a job's plan, in short. */
import type { GroupPlan, GroupSpec, JobAllocation, JobPlanInput, ReschedulePolicy, UpdatePolicy } from "../../../src/controller/plan/types.ts";

export const NOW = 10_000_000;

export const UPDATE: UpdatePolicy = {
  maxParallel: 1, canary: 0, minHealthyMs: 10_000, healthyDeadlineMs: 300_000, progressDeadlineMs: 600_000,
  autoRevert: false, autoPromote: false, staggerMs: 30_000, healthCheck: "checks",
};

export const SERVICE_RESCHEDULE: ReschedulePolicy = { attempts: 0, intervalMs: 0, delayMs: 30_000, delayFunction: "exponential", maxDelayMs: 3_600_000, unlimited: true };
export const BATCH_RESCHEDULE: ReschedulePolicy = { attempts: 1, intervalMs: 86_400_000, delayMs: 5_000, delayFunction: "constant", maxDelayMs: 0, unlimited: false };

/** `0-1` is index 0, serial 1; of version 0 with hash v0, ready for an hour unless said otherwise. */
export function allocation(place: string, fields: Partial<JobAllocation> = {}): JobAllocation {
  const [index = 0, serial = 0] = place.split("-").map(Number);
  const state = fields.state ?? "running";
  const times = state === "running" ? { readySince: NOW - 3_600_000 } : state === "failed" || state === "complete" ? { endedAt: NOW - 1_000_000 } : {};
  const version = fields.jobVersion ?? 0;
  return {
    name: `g-${place}`, uid: `uid-${place}`, group: "g", index, serial, specHash: `v${version}`, jobVersion: version, reschedules: 0, restarts: 0,
    state, createdAt: NOW - 3_600_000, node: { name: `node-${index}` }, ...times, ...fields,
  };
}

export const group = (fields: Partial<GroupSpec> = {}): GroupSpec => ({ name: "g", count: 1, specHash: "v0", update: UPDATE, reschedule: SERVICE_RESCHEDULE, ...fields });

export const job = (fields: Partial<JobPlanInput> = {}): JobPlanInput => ({ type: "service", version: 0, stopped: false, groups: [group()], allocations: [], now: NOW, ...fields });

/** A plan in short: places to create as index-serial, with a mark for what is special; names without the group. */
export function short({ create, stop, end, forget, updateInPlace, wakeInMs, finished }: GroupPlan) {
  const places = (pods: readonly { readonly name: string }[]) => pods.map(({ name }) => name.slice(2));
  const made = create.map(({ index, serial, reschedules, canary, jobVersion, node }) =>
    `${index}-${serial}${reschedules > 0 ? `(${reschedules})` : ""}${canary ? " canary" : ""}${jobVersion > 0 ? ` v${jobVersion}` : ""}${node === undefined ? "" : ` on ${node}`}`);
  const lists = { create: made, stop: stop.map(({ name, reason }) => `${name.slice(2)}: ${reason}`), end: places(end), forget: places(forget), updateInPlace: places(updateInPlace) };
  return { ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)), ...(wakeInMs === undefined ? {} : { wakeInMs }), ...(finished ? { finished } : {}) };
}
