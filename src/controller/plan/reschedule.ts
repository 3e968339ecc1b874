/** @module When a failed allocation is replaced: at once where somebody asks for it, else by Nomad's reschedule policy. Used by placement. */
import { delayOf, isExhausted, MAX_TIMES } from "../../nomad/rescheduling.ts";
import type { JobAllocation, ReschedulePolicy } from "./types.ts";

/** Nomad keeps the last five attempts of an unlimited policy. */
const KEEP_TIMES = 5;

/** @returns ms from `now`, 0 when it is due; "never" when the policy allows no attempt or all of its interval's are used */
export function rescheduleIn(failed: JobAllocation, policy: ReschedulePolicy | undefined, now: number): number | "never" {
  if (failed.transition === "reschedule" || failed.transition === "force-reschedule") return 0;
  if (policy === undefined || isExhausted(failed, policy, now)) return "never";
  return Math.max(0, (failed.endedAt ?? now) + delayOf(failed, policy) - now);
}

/** What the allocation that follows a failed one must remember. */
export function timesAfter({ rescheduleTimes = [] }: JobAllocation, policy: ReschedulePolicy | undefined, now: number): readonly number[] {
  const kept = policy === undefined || policy.unlimited ? KEEP_TIMES : Math.min(Math.max(policy.attempts, KEEP_TIMES), MAX_TIMES);
  return [...rescheduleTimes, now].slice(-kept);
}
