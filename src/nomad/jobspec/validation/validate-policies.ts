/** @module What may stand in restart, reschedule, update and migrate blocks, scaling and disconnect. Used by validation. */
import { formatDuration } from "../../../lib/duration.ts";
import type { DisconnectStrategy, MigrateStrategy, ReschedulePolicy, RestartPolicy, ScalingPolicy, UpdateStrategy } from "../../job.ts";
import { SECOND_NS } from "../durations.ts";
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
  const faults = [
    ...errorIf(Attempts < 0, `Reschedule policy attempts can not be less than zero: ${Attempts} < 0`),
    ...ambiguity(policy),
    ...errorIf(Delay < MIN_RESCHEDULE_DELAY, `Delay cannot be less than ${goDuration(MIN_RESCHEDULE_DELAY)} (got ${goDuration(Delay)})`),
    ...errorIf(!DELAY_FUNCTIONS.includes(DelayFunction), `Invalid delay function "${DelayFunction}", must be one of ["constant" "exponential" "fibonacci"]`),
    // Nomad's own slip: it tells the delay where it means the greatest one.
    ...errorIf(DelayFunction !== "constant" && MaxDelay < MIN_RESCHEDULE_DELAY, `Max Delay cannot be less than ${goDuration(MIN_RESCHEDULE_DELAY)} (got ${goDuration(Delay)})`),
    ...errorIf(grows && MaxDelay < Delay, `Max Delay cannot be less than Delay ${goDuration(Delay)} (got ${goDuration(MaxDelay)})`),
  ];
  if (Unlimited) return faults;
  const interval = errorIf(Interval < MIN_RESCHEDULE_INTERVAL, `Interval cannot be less than ${goDuration(MIN_RESCHEDULE_INTERVAL)} (got ${goDuration(Interval)})`);
  return [...faults, ...interval, ...(faults.some((fault) => !fault.startsWith("Interval must")) ? [] : possibleAttempts(policy))];
}

function ambiguity({ Attempts, Interval, Unlimited }: ReschedulePolicy): readonly string[] {
  if (!Unlimited) return errorIf(Attempts > 0 && Interval <= 0, "Interval must be a non zero value if Attempts > 0");
  if (Attempts <= 0) return [];
  return [
    `Reschedule Policy with Attempts = ${Attempts}, Interval = ${goDuration(Interval)}, and Unlimited = true is ambiguous`,
    "If Attempts >0, Unlimited cannot also be set to true",
  ];
}

/** More attempts than these are not counted one by one. */
const MAX_COUNTED = 10_000;

/** Whether so many attempts, with the delays between them, have room in the interval; and which interval would have it. */
function possibleAttempts(policy: ReschedulePolicy): readonly string[] {
  const { Attempts, Interval, Delay, DelayFunction, MaxDelay } = policy;
  if (Attempts < 1 || Attempts > MAX_COUNTED) return [];
  const times = attemptTimes(policy);
  const possible = times.filter((time) => time < Interval || (time === Interval && DelayFunction !== "exponential")).length;
  if (possible >= Attempts) return [];
  const shape = DelayFunction === "constant" ? ` and delay function "constant"` : `, delay function "${DelayFunction}", and delay ceiling ${goDuration(MaxDelay)}`;
  return [
    `Nomad can only make ${possible} attempts in ${goDuration(Interval)} with initial delay ${goDuration(Delay)}${shape}`,
    `Set the interval to at least ${goDuration(times.at(-1) ?? 0)} to accommodate ${Attempts} attempts`,
  ];
}

/** When each attempt is made, by Nomad's own count: a delay that grows counts for all that were before it, until it meets its ceiling. */
function attemptTimes({ Attempts, Delay, DelayFunction, MaxDelay }: ReschedulePolicy): readonly number[] {
  if (DelayFunction === "constant") return Array.from({ length: Attempts }, (_, index) => Delay * (index + 1));
  const isFibonacci = DelayFunction === "fibonacci";
  const times: number[] = [];
  for (let [before, delay, capped] = [0, Delay, false]; times.length < Attempts; ) {
    const last = times.at(-1) ?? 0;
    const isOver = delay > MaxDelay;
    times.push(isOver ? (isFibonacci && !capped ? MaxDelay : last + MaxDelay) : delay);
    capped ||= isOver;
    [before, delay] = isFibonacci ? [delay, before + delay] : [delay, delay * 2];
  }
  return times;
}

export function validateUpdate(update: UpdateStrategy): readonly string[] {
  const { MaxParallel, HealthCheck, Canary, AutoPromote, MinHealthyTime, HealthyDeadline, ProgressDeadline, Stagger } = update;
  return [
    ...errorIf(!["checks", "task_states", "manual"].includes(HealthCheck), `Invalid health check given: "${HealthCheck}"`),
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
    ...errorIf(HealthCheck === "", "Missing HealthCheck"),
    ...errorIf(!["", "checks", "task_states"].includes(HealthCheck), `Invalid HealthCheck: "${HealthCheck}"`),
    ...errorIf(MinHealthyTime < 0, `MinHealthyTime is ${goDuration(MinHealthyTime)} and must be >= 0`),
    ...errorIf(HealthyDeadline < 0, `HealthyDeadline is ${goDuration(HealthyDeadline)} and must be >= 0`),
    ...errorIf(MinHealthyTime > HealthyDeadline, "MinHealthyTime must be less than HealthyDeadline"),
  ];
}

export function validateScaling(policy: ScalingPolicy, count: number): readonly string[] {
  const [min, max] = [policy.Min ?? 0, policy.Max ?? -1];
  return [
    ...errorIf(policy.Type !== "horizontal", `scaling policy type "${policy.Type}" is not valid`),
    ...errorIf(max < 0, "maximum count must be specified and non-negative"),
    ...errorIf(max >= 0 && max < min, "maximum count must not be less than minimum count"),
    ...errorIf(min < 0, "minimum count must be specified and non-negative"),
    ...errorIf(count > max, "task group count must not be greater than maximum count in scaling policy"),
    ...errorIf(count < min, "task group count must not be less than minimum count in scaling policy"),
  ].map((error) => `Scaling policy invalid: ${error}`);
}

export function validateDisconnect(strategy: DisconnectStrategy, jobType: string): readonly string[] {
  const { LostAfter, StopOnClientAfter, Reconcile } = strategy;
  const reconciles = ["", "best_score", "keep_original", "keep_replacement", "longest_running"];
  return [
    ...errorIf(StopOnClientAfter !== null && jobType !== "service" && jobType !== "batch", "stop_after can only be used with service or batch job types"),
    ...errorIf((StopOnClientAfter ?? 0) < 0, "stop_after cannot be a negative duration"),
    ...errorIf((LostAfter ?? 0) < 0, "lost_after cannot be a negative duration"),
    ...errorIf((LostAfter ?? 0) !== 0 && (StopOnClientAfter ?? 0) !== 0, "Disconnect cannot be configured with both lost_after and stop_after"),
    ...errorIf(!reconciles.includes(Reconcile ?? ""), `reconcile option is invalid: ${Reconcile}`),
  ];
}
