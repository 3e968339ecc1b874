/**
 * @module The plan of an ExecTask: one service group without versions and without a deployment, which is updated one allocation at a time.
 * Pure: no clock, no I/O. Used by reconcile; plan.test.ts holds the invariants.
 *
 * Invariants, whatever the pods: live allocations have distinct indexes; after the actions there are never more than `count` of
 * them; a rolling update takes away at most one healthy allocation at a time; no allocation is made for an index that has one.
 */
import { planCountGroup } from "./count-group.ts";
import { KEEP_ENDED, OPEN } from "./group-input.ts";
import type { AllocationView, GroupPlan, GroupSpec, JobAllocation } from "./types.ts";

export type DesiredGroup = { readonly count: number; readonly specHash: string };

/** Nomad's defaults for service jobs. */
export type PlanPolicy = {
  /** How long an allocation must have been ready before the update goes on. */
  readonly minHealthyMs: number;
  readonly rescheduleDelayMs: number;
  readonly rescheduleMaxDelayMs: number;
  /** How many ended allocations are kept to be read. */
  readonly keepEnded: number;
};

export const NOMAD_SERVICE_POLICY: PlanPolicy = {
  minHealthyMs: 10_000,
  rescheduleDelayMs: 30_000,
  rescheduleMaxDelayMs: 3_600_000,
  keepEnded: KEEP_ENDED,
};

export type Plan = Pick<GroupPlan, "create" | "stop" | "end" | "forget" | "wakeInMs" | "updating">;

export type PlanInput = {
  readonly desired: DesiredGroup;
  readonly allocations: readonly (AllocationView & Pick<JobAllocation, "transition">)[];
  readonly policy: PlanPolicy;
  /** Epoch ms. */
  readonly now: number;
};

const VERSION = 0;

export function plan({ desired, allocations, policy, now }: PlanInput): Plan {
  return planCountGroup({
    type: "service",
    stopped: false,
    version: VERSION,
    group: groupOf(desired, policy),
    allocations: allocations.map((each) => ({ ...each, group: "", jobVersion: VERSION })),
    rollout: OPEN,
    keepEnded: policy.keepEnded,
    now,
  });
}

function groupOf({ count, specHash }: DesiredGroup, policy: PlanPolicy): GroupSpec {
  return {
    name: "",
    count,
    specHash,
    update: {
      maxParallel: 1, canary: 0, minHealthyMs: policy.minHealthyMs, healthyDeadlineMs: 0, progressDeadlineMs: 0,
      autoRevert: false, autoPromote: false, staggerMs: 0, healthCheck: "checks",
    },
    reschedule: {
      attempts: 0, intervalMs: 0, delayMs: policy.rescheduleDelayMs, delayFunction: "exponential",
      maxDelayMs: policy.rescheduleMaxDelayMs, unlimited: true,
    },
  };
}
