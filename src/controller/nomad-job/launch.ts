/** @module When a periodic job is launched: the next time that is due, once, whatever happened in between. Pure. */
import { ok, type Result } from "../../lib/result.ts";
import type { PeriodicConfig } from "../../nomad/job.ts";
import { nextPeriodicLaunch } from "../../nomad/jobspec/cron/next-launch.ts";

export type LaunchInput = {
  readonly periodic: PeriodicConfig;
  /** Epoch ms: the last time that was launched or passed over, or when this version of the job came. */
  readonly since: number;
  readonly now: number;
  /** Whether a child of an earlier launch is still at work. */
  readonly isBusy: boolean;
};

export type LaunchDecision = {
  /** Epoch ms: launch for this time. */
  readonly launch?: number;
  /** Epoch ms: this time is over, launched or not. */
  readonly over?: number;
  /** Until the next time that is not due yet. */
  readonly wakeInMs?: number;
};

/** A look that comes so late was no downtime: every time gets its launch. */
const LATE_MS = 10_000;

/** After a downtime one launch makes up for all that were missed, as on Nomad. The error is what is wrong with the expression. */
export function decideLaunch({ periodic, since, now, isBusy }: LaunchInput): Result<LaunchDecision, string> {
  const next = nextPeriodicLaunch(periodic, since);
  if (!next.ok) return next;
  if (next.value === undefined) return ok({});
  if (next.value > now) return ok({ wakeInMs: next.value - now });
  const due = now - next.value <= LATE_MS ? next : latestDue(periodic, next.value, now);
  if (!due.ok) return due;
  const over = due.value ?? next.value;
  const following = nextPeriodicLaunch(periodic, over);
  if (!following.ok) return following;
  const wake = following.value === undefined ? {} : { wakeInMs: Math.max(0, following.value - now) };
  return ok({ over, ...(isBusy && periodic.ProhibitOverlap ? {} : { launch: over }), ...wake });
}

/** Looking back this far, one after the other, finds the last launch without counting all that were missed. */
const WINDOWS_MS = [60_000, 3_600_000, 86_400_000, 31 * 86_400_000];
const MAX_STEPS = 100;

function latestDue(periodic: PeriodicConfig, first: number, now: number): Result<number | undefined, string> {
  for (const window of WINDOWS_MS) {
    const from = Math.max(first - 1, now - window);
    const next = nextPeriodicLaunch(periodic, from);
    if (!next.ok) return next;
    if (next.value !== undefined && next.value <= now) return lastFrom(periodic, next.value, now);
  }
  return lastFrom(periodic, first, now);
}

function lastFrom(periodic: PeriodicConfig, first: number, now: number): Result<number | undefined, string> {
  let last = first;
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = nextPeriodicLaunch(periodic, last);
    if (!next.ok) return next;
    if (next.value === undefined || next.value > now) break;
    last = next.value;
  }
  return ok(last);
}
