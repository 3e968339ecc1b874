/** @module What may stand in restart, reschedule, update and migrate blocks, scaling and disconnect. Used by validation. */
import { formatDuration } from "../../../lib/duration.ts";
import type { DisconnectStrategy, MigrateStrategy, ReschedulePolicy, RestartPolicy, ScalingPolicy, UpdateStrategy } from "../../job.ts";
import { HOUR_NS, SECOND_NS } from "../durations.ts";
import { errorIf } from "./multierror.ts";

/** Nanoseconds as Go writes a duration. */
export const goDuration = (ns: number): string => formatDuration(ns / 1e6);

const MIN_RESTART_INTERVAL = 5 * SECOND_NS;
const MIN_RESCHEDULE_DELAY = 5 * SECOND_NS;
const MIN_RESCHEDULE_INTERVAL = 15 * SECOND_NS;

export function validateRestart(policy: RestartPolicy): readonly string[] {
  const { Attempts, Interval, Delay, Mode } = policy;
  if (Mode !== "fail" && Mode !== "delay") return [`Unsupported restart mode: "${Mode}"`];
  if (Attempts === 0) return errorIf(Mode !== "fail", `Restart policy "${Mode}" with ${Attempts} attempts is ambiguous`);
  return [
    ...errorIf(Attempts < 0, `Restart policy attempts can not be less than zero: ${Attempts} < 0`),
    ...errorIf(Interval < MIN_RESTART_INTERVAL, `Interval can not be less than ${goDuration(MIN_RESTART_INTERVAL)} (got ${goDuration(Interval)})`),
    ...errorIf(
      Attempts * Delay > Interval,
      `Nomad can't restart the TaskGroup ${Attempts} times in an interval of ${goDuration(Interval)} with a delay of ${goDuration(Delay)}`,
    ),
  ];
}

const DELAY_FUNCTIONS = ["constant", "exponential", "fibonacci"];

export function validateReschedule(policy: ReschedulePolicy): readonly string[] {
  const { Attempts, Interval, Delay, DelayFunction, MaxDelay, Unlimited } = policy;
  if (!Unlimited && Attempts === 0) return [];
  const grows = DelayFunction === "exponential" || DelayFunction === "fibonacci";
  return [
    ...errorIf(Attempts < 0, `Reschedule policy attempts can not be less than zero: ${Attempts} < 0`),
    ...errorIf(Unlimited && Attempts > 0, "Reschedule Policy with both attempts and unlimited is ambiguous"),
    ...errorIf(Delay < MIN_RESCHEDULE_DELAY, `Delay cannot be less than ${goDuration(MIN_RESCHEDULE_DELAY)} (got ${goDuration(Delay)})`),
    ...errorIf(!DELAY_FUNCTIONS.includes(DelayFunction), `Invalid delay function "${DelayFunction}", must be one of ["constant" "exponential" "fibonacci"]`),
    ...errorIf(grows && MaxDelay < MIN_RESCHEDULE_DELAY, `Max Delay cannot be less than ${goDuration(MIN_RESCHEDULE_DELAY)} (got ${goDuration(MaxDelay)})`),
    ...errorIf(grows && MaxDelay < Delay, `Max Delay cannot be less than Delay ${goDuration(Delay)} (got ${goDuration(MaxDelay)})`),
    ...errorIf(
      !Unlimited && Interval < MIN_RESCHEDULE_INTERVAL,
      `Interval cannot be less than ${goDuration(MIN_RESCHEDULE_INTERVAL)} (got ${goDuration(Interval)})`,
    ),
  ];
}

export function validateUpdate(update: UpdateStrategy): readonly string[] {
  const { MaxParallel, HealthCheck, Canary, AutoPromote, MinHealthyTime, HealthyDeadline, ProgressDeadline, Stagger } = update;
  return [
    ...errorIf(!["checks", "task_states", "manual", ""].includes(HealthCheck), `Invalid health check given: "${HealthCheck}"`),
    ...errorIf(MaxParallel < 0, `Max parallel can not be less than zero: ${MaxParallel} < 0`),
    ...errorIf(Canary < 0, `Canary count can not be less than zero: ${Canary} < 0`),
    ...errorIf(Canary === 0 && AutoPromote, "Auto Promote requires a Canary count greater than zero"),
    ...errorIf(MinHealthyTime < 0, `Minimum healthy time may not be less than zero: ${goDuration(MinHealthyTime)}`),
    ...errorIf(HealthyDeadline <= 0, `Healthy deadline must be greater than zero: ${goDuration(HealthyDeadline)}`),
    ...errorIf(ProgressDeadline < 0, `Progress deadline must be zero or greater: ${goDuration(ProgressDeadline)}`),
    ...errorIf(
      MinHealthyTime >= HealthyDeadline,
      `Minimum healthy time must be less than healthy deadline: ${goDuration(MinHealthyTime)} > ${goDuration(HealthyDeadline)}`,
    ),
    ...errorIf(
      ProgressDeadline !== 0 && HealthyDeadline >= ProgressDeadline,
      `Healthy deadline must be less than progress deadline: ${goDuration(HealthyDeadline)} > ${goDuration(ProgressDeadline)}`,
    ),
    ...errorIf(Stagger <= 0, `Stagger must be greater than zero: ${goDuration(Stagger)}`),
  ];
}

export function validateMigrate(migrate: MigrateStrategy): readonly string[] {
  const { MaxParallel, HealthCheck, MinHealthyTime, HealthyDeadline } = migrate;
  return [
    ...errorIf(MaxParallel < 0, `MaxParallel must be >= 0 but found ${MaxParallel}`),
    ...errorIf(HealthCheck !== "checks" && HealthCheck !== "task_states", `HealthCheck must be "checks" or "task_states" but found: "${HealthCheck}"`),
    ...errorIf(MinHealthyTime < 0, `MinHealthyTime is ${goDuration(MinHealthyTime)} and must be >= 0`),
    ...errorIf(HealthyDeadline < 0, `HealthyDeadline is ${goDuration(HealthyDeadline)} and must be >= 0`),
    ...errorIf(MinHealthyTime > HealthyDeadline, `MinHealthyTime must be less than HealthyDeadline: ${goDuration(MinHealthyTime)} > ${goDuration(HealthyDeadline)}`),
    ...errorIf(HealthyDeadline > 24 * HOUR_NS * 365, `HealthyDeadline is ${goDuration(HealthyDeadline)} and must be less than a year`),
  ];
}

export function validateScaling(policy: ScalingPolicy, count: number): readonly string[] {
  const min = policy.Min ?? 0;
  const { Max: max } = policy;
  return [
    ...errorIf(policy.Type !== "horizontal", `scaling policy type "${policy.Type}" is not valid`),
    ...errorIf(max === null, "missing maximum count"),
    ...errorIf(max !== null && max < 0, "maximum count must be specified and non-negative"),
    ...errorIf(min < 0, "minimum count must be non-negative"),
    ...errorIf(max !== null && max < min, "maximum count must not be less than minimum count"),
    ...errorIf(max !== null && max >= 0 && count > max, "task group count must not be greater than maximum count in scaling policy"),
    ...errorIf(count < min, "task group count must not be less than minimum count in scaling policy"),
  ];
}

export function validateDisconnect(strategy: DisconnectStrategy, jobType: string): readonly string[] {
  const { LostAfter, StopOnClientAfter, Reconcile } = strategy;
  const reconciles = ["", "best_score", "keep_original", "keep_replacement", "longest_running"];
  return [
    ...errorIf((LostAfter ?? 0) < 0, "lost_after cannot be a negative duration"),
    ...errorIf((StopOnClientAfter ?? 0) < 0, "stop_after_client_disconnect cannot be a negative duration"),
    ...errorIf(StopOnClientAfter !== null && jobType !== "service" && jobType !== "batch", "stop_after_client_disconnect can only be set in batch and service jobs"),
    ...errorIf((LostAfter ?? 0) !== 0 && StopOnClientAfter !== null, "lost_after and stop_on_client_after cannot be set at the same time"),
    ...errorIf(!reconciles.includes(Reconcile ?? ""), `reconcile option is invalid: "${Reconcile}"`),
  ];
}
