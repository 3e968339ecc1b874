/**
 * @module Nomad's reschedule policy as arithmetic: how long after a failure an allocation is replaced, and when no more. Used by the controller's plan,
 * which does it, and by mapping, which says beforehand what it will do. Source: developer.hashicorp.com/nomad/docs/job-specification/reschedule
 */
import type { ReschedulePolicy as NomadReschedule } from "./job.ts";

/** Spans in ms. */
export type ReschedulePolicy = {
  readonly attempts: number;
  readonly intervalMs: number;
  readonly delayMs: number;
  readonly delayFunction: "constant" | "exponential" | "fibonacci";
  /** 0: none. */
  readonly maxDelayMs: number;
  readonly unlimited: boolean;
};

/** What counts of a failed allocation. Times are epoch ms. */
export type FailedAllocation = {
  /** How often its index had been replaced after failures when it was made. */
  readonly reschedules: number;
  /** When it and those before it were placed after a failure; oldest first, a few. */
  readonly rescheduleTimes?: readonly number[];
  readonly createdAt: number;
  readonly endedAt?: number;
};

const NS_PER_MS = 1_000_000;
/** Attempts of one interval that are remembered at most; a policy with more than this many is in effect unlimited. */
export const MAX_TIMES = 50;
const MAX_STEPS = 60;

const DELAY_FUNCTIONS = ["constant", "exponential", "fibonacci"] as const;
const ms = (nanoseconds: number | null): number => Math.max(0, (nanoseconds ?? 0) / NS_PER_MS);

export const reschedulePolicy = (policy: NomadReschedule): ReschedulePolicy => ({
  attempts: policy.Attempts,
  intervalMs: ms(policy.Interval),
  delayMs: ms(policy.Delay),
  delayFunction: DELAY_FUNCTIONS.find((each) => each === policy.DelayFunction) ?? "constant",
  maxDelayMs: ms(policy.MaxDelay),
  unlimited: policy.Unlimited,
});

/** Counted as of the moment it failed: an attempt that is refused stays refused. */
export function isExhausted({ rescheduleTimes = [], endedAt }: FailedAllocation, policy: ReschedulePolicy, now: number): boolean {
  if (policy.unlimited) return false;
  const from = (endedAt ?? now) - policy.intervalMs;
  return rescheduleTimes.filter((time) => time > from).length >= Math.min(policy.attempts, MAX_TIMES);
}

/** One that lived longer than the greatest delay begins again with the first. */
export function priorAttempts({ reschedules, createdAt, endedAt }: FailedAllocation, policy: ReschedulePolicy | undefined): number {
  const ceiling = policy?.maxDelayMs ?? 0;
  return ceiling > 0 && policy?.delayFunction !== "constant" && endedAt !== undefined && endedAt - createdAt > ceiling ? 0 : reschedules;
}

export const delayOf = (failed: FailedAllocation, policy: ReschedulePolicy): number => delayAfter(priorAttempts(failed, policy), policy);

/** @param attempts how often the index was replaced before, since the delays began with the first */
export function delayAfter(attempts: number, policy: ReschedulePolicy): number {
  const delay = policy.delayMs * factorOf(policy.delayFunction, Math.min(attempts, MAX_STEPS));
  return policy.maxDelayMs > 0 && policy.delayFunction !== "constant" ? Math.min(delay, policy.maxDelayMs) : delay;
}

function factorOf(delayFunction: ReschedulePolicy["delayFunction"], steps: number): number {
  if (delayFunction === "constant") return 1;
  if (delayFunction === "exponential") return 2 ** steps;
  let [before, factor] = [0, 1];
  for (let step = 0; step < steps; step++) [before, factor] = [factor, before + factor];
  return factor;
}
