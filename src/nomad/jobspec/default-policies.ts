/**
 * @module The policies that a job has where it says nothing, by its type. Used by canonicalising.
 * Source: developer.hashicorp.com/nomad/docs/job-specification, and the api module's defaults
 */
import type { MigrateStrategy, ReschedulePolicy, RestartPolicy, UpdateStrategy } from "../job.ts";
import { HOUR_NS, MINUTE_NS, SECOND_NS } from "./durations.ts";

export const DEFAULT_UPDATE: UpdateStrategy = {
  Stagger: 30 * SECOND_NS,
  MaxParallel: 1,
  HealthCheck: "checks",
  MinHealthyTime: 10 * SECOND_NS,
  HealthyDeadline: 5 * MINUTE_NS,
  ProgressDeadline: 10 * MINUTE_NS,
  Canary: 0,
  AutoRevert: false,
  AutoPromote: false,
};

export const DEFAULT_MIGRATE: MigrateStrategy = {
  MaxParallel: 1,
  HealthCheck: "checks",
  MinHealthyTime: 10 * SECOND_NS,
  HealthyDeadline: 5 * MINUTE_NS,
};

const SERVICE_RESCHEDULE: ReschedulePolicy = {
  Attempts: 0,
  Interval: 0,
  Delay: 30 * SECOND_NS,
  DelayFunction: "exponential",
  MaxDelay: HOUR_NS,
  Unlimited: true,
};

const BATCH_RESCHEDULE: ReschedulePolicy = {
  Attempts: 1,
  Interval: 24 * HOUR_NS,
  Delay: 5 * SECOND_NS,
  DelayFunction: "constant",
  MaxDelay: 0,
  Unlimited: false,
};

const NO_RESCHEDULE: ReschedulePolicy = { Attempts: 0, Interval: 0, Delay: 0, DelayFunction: "", MaxDelay: 0, Unlimited: false };

/** For a type without rescheduling, the values that fill a policy which a job wrote all the same. */
export function defaultReschedule(jobType: string): ReschedulePolicy {
  if (jobType === "service") return SERVICE_RESCHEDULE;
  return jobType === "batch" ? BATCH_RESCHEDULE : NO_RESCHEDULE;
}

export function defaultRestart(jobType: string): RestartPolicy {
  const common = { Delay: 15 * SECOND_NS, Mode: "fail", RenderTemplates: false };
  if (jobType === "service" || jobType === "system") return { ...common, Attempts: 2, Interval: 30 * MINUTE_NS };
  return { ...common, Attempts: 3, Interval: 24 * HOUR_NS };
}
