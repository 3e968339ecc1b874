/** @module When a periodic job is launched: the next time that is due, once, whatever happened in between. Pure. */
import { ok, type Result } from "../../lib/result.ts";
import type { PeriodicConfig } from "../../nomad/job.ts";
import { periodicLaunches } from "../../nomad/jobspec/cron/next-launch.ts";

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

type Launches = (afterMs: number) => number | undefined;

/** After a downtime one launch makes up for all that were missed, as on Nomad. The error is what is wrong with the expression. */
export function decideLaunch({ periodic, since, now, isBusy }: LaunchInput): Result<LaunchDecision, string> {
  const launches = periodicLaunches(periodic);
  if (!launches.ok) return launches;
  const nextAfter = launches.value;
  const next = nextAfter(since);
  if (next === undefined) return ok({});
  if (next > now) return ok({ wakeInMs: next - now });
  const over = now - next <= LATE_MS ? next : latestDue(nextAfter, next, now);
  const following = nextAfter(over);
  const wake = following === undefined ? {} : { wakeInMs: Math.max(0, following - now) };
  return ok({ over, ...(isBusy && periodic.ProhibitOverlap ? {} : { launch: over }), ...wake });
}

/** Looking back this far, one after the other, finds the last launch without counting all that were missed. */
const WINDOWS_MS = [60_000, 3_600_000, 86_400_000, 31 * 86_400_000];
const MAX_STEPS = 100;

function latestDue(nextAfter: Launches, first: number, now: number): number {
  for (const window of WINDOWS_MS) {
    const next = nextAfter(Math.max(first - 1, now - window));
    if (next !== undefined && next <= now) return lastFrom(nextAfter, next, now);
  }
  return lastFrom(nextAfter, first, now);
}

function lastFrom(nextAfter: Launches, first: number, now: number): number {
  let last = first;
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = nextAfter(last);
    if (next === undefined || next > now) break;
    last = next;
  }
  return last;
}
