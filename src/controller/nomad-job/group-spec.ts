/** @module What a group of a Nomad job asks of the plan: the same in the plan's words, its spans in ms. Pure. */
import { healthyAfterMs } from "../../mapping/kubelet-silence.ts";
import type { DisconnectStrategy, MigrateStrategy, TaskGroup, UpdateStrategy } from "../../nomad/job.ts";
import { reschedulePolicy } from "../../nomad/rescheduling.ts";
import { type DisconnectPolicy, type GroupSpec, type MigratePolicy, NO_DISCONNECT, type UpdatePolicy } from "../plan/types.ts";

const NS_PER_MS = 1_000_000;
const ms = (nanoseconds: number | null): number => Math.max(0, (nanoseconds ?? 0) / NS_PER_MS);

export type GroupFacts = {
  readonly specHash: string;
  /** Of a system or sysbatch job: names of nodes. */
  readonly eligibleNodes?: readonly string[];
};

export function groupSpec(group: TaskGroup, { specHash, eligibleNodes }: GroupFacts): GroupSpec {
  const { MaxRunDuration: maxRun } = group;
  return {
    name: group.Name,
    count: group.Count,
    specHash,
    ...(group.Update === null ? {} : { update: updatePolicy(group.Update) }),
    ...(group.ReschedulePolicy === null ? {} : { reschedule: reschedulePolicy(group.ReschedulePolicy) }),
    ...(group.Migrate === null ? {} : { migrate: migratePolicy(group.Migrate) }),
    disconnect: disconnectPolicy(group),
    ...(maxRun === null || maxRun <= 0 ? {} : { maxRunMs: ms(maxRun) }),
    ...(eligibleNodes === undefined ? {} : { eligibleNodes }),
  };
}

const HEALTH_CHECKS = ["checks", "task_states", "manual"] as const;

const updatePolicy = (update: UpdateStrategy): UpdatePolicy => ({
  maxParallel: update.MaxParallel,
  canary: update.Canary,
  minHealthyMs: healthyAfterMs({ minHealthyMs: ms(update.MinHealthyTime), healthyDeadlineMs: ms(update.HealthyDeadline) }),
  healthyDeadlineMs: ms(update.HealthyDeadline),
  progressDeadlineMs: ms(update.ProgressDeadline),
  autoRevert: update.AutoRevert,
  autoPromote: update.AutoPromote,
  staggerMs: ms(update.Stagger),
  healthCheck: HEALTH_CHECKS.find((each) => each === update.HealthCheck) ?? "checks",
});

const migratePolicy = (migrate: MigrateStrategy): MigratePolicy => ({ maxParallel: migrate.MaxParallel, minHealthyMs: ms(migrate.MinHealthyTime) });

const RECONCILES = ["best_score", "keep_original", "keep_replacement", "longest_running"] as const;

/** The block, or the three keys that Nomad had before it. */
function disconnectPolicy(group: TaskGroup): DisconnectPolicy {
  if (group.Disconnect !== null) return ofBlock(group.Disconnect);
  return {
    ...NO_DISCONNECT,
    lostAfterMs: ms(group.MaxClientDisconnect),
    replace: group.PreventRescheduleOnLost !== true,
  };
}

const ofBlock = ({ LostAfter, Replace, Reconcile }: DisconnectStrategy): DisconnectPolicy => ({
  lostAfterMs: ms(LostAfter),
  replace: Replace ?? true,
  reconcile: RECONCILES.find((each) => each === (Reconcile ?? "").replaceAll("-", "_")) ?? "best_score",
});
