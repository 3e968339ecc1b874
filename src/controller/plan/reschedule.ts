/**
 * @module When a failed allocation is replaced, by Nomad's reschedule policy. Used by placement.
 * Source: developer.hashicorp.com/nomad/docs/job-specification/reschedule
 */
import type { JobAllocation, ReschedulePolicy } from "./types.ts";

/** Nomad keeps the last five attempts of an unlimited policy. */
const KEEP_TIMES = 5;
/** Attempts of one interval that are remembered at most; a policy with more than this many is in effect unlimited. */
const MAX_TIMES = 50;
const MAX_STEPS = 60;

/** @returns ms from `now`, 0 when it is due; "never" when the policy allows no attempt or all of its interval's are used */
export function rescheduleIn(failed: JobAllocation, policy: ReschedulePolicy | undefined, now: number): number | "never" {
  if (failed.transition === "reschedule" || failed.transition === "force-reschedule") return 0;
  if (policy === undefined || isExhausted(failed, policy, now)) return "never";
  return Math.max(0, (failed.endedAt ?? now) + delayOf(failed, policy) - now);
}

/** Counted as of the moment it failed: an attempt that is refused stays refused. */
function isExhausted({ rescheduleTimes = [], endedAt }: JobAllocation, policy: ReschedulePolicy, now: number): boolean {
  if (policy.unlimited) return false;
  const from = (endedAt ?? now) - policy.intervalMs;
  return rescheduleTimes.filter((time) => time > from).length >= Math.min(policy.attempts, MAX_TIMES);
}

/** One that lived longer than the greatest delay begins again with the first. */
export function priorAttempts({ reschedules, createdAt, endedAt }: JobAllocation, policy: ReschedulePolicy | undefined): number {
  const ceiling = policy?.maxDelayMs ?? 0;
  return ceiling > 0 && policy?.delayFunction !== "constant" && endedAt !== undefined && endedAt - createdAt > ceiling ? 0 : reschedules;
}

function delayOf(failed: JobAllocation, policy: ReschedulePolicy): number {
  const steps = Math.min(priorAttempts(failed, policy), MAX_STEPS);
  const delay = policy.delayMs * factorOf(policy.delayFunction, steps);
  return policy.maxDelayMs > 0 && policy.delayFunction !== "constant" ? Math.min(delay, policy.maxDelayMs) : delay;
}

function factorOf(delayFunction: ReschedulePolicy["delayFunction"], steps: number): number {
  if (delayFunction === "constant") return 1;
  if (delayFunction === "exponential") return 2 ** steps;
  let [before, factor] = [0, 1];
  for (let step = 0; step < steps; step++) [before, factor] = [factor, before + factor];
  return factor;
}

/** What the allocation that follows a failed one must remember. */
export function timesAfter({ rescheduleTimes = [] }: JobAllocation, policy: ReschedulePolicy | undefined, now: number): readonly number[] {
  const kept = policy === undefined || policy.unlimited ? KEEP_TIMES : Math.min(Math.max(policy.attempts, KEEP_TIMES), MAX_TIMES);
  return [...rescheduleTimes, now].slice(-kept);
}
