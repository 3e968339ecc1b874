/** @module Time and chance as parameters, so that the loops of this room can be tested without waiting. */
import { setTimeout as delay } from "node:timers/promises";

export type Clock = {
  /** Wall clock, milliseconds since 1970. May jump. */
  readonly now: () => number;
  /** Milliseconds from a fixed, unknown start. Never goes back. */
  readonly monotonic: () => number;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** Resolves after `ms` (24 days at the most), or as soon as the signal is aborted. Never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  sleep: async (ms, signal) => {
    // A timer of more than 2^31 - 1 ms fires at once. Who sleeps that long looks again when woken.
    await delay(Math.min(ms, MAX_TIMER_MS), undefined, signal === undefined ? {} : { signal }).catch((aborted: unknown) => {
      if (signal?.aborted !== true) throw aborted;
    });
  },
};

/**
 * Exponential back-off with jitter: `baseMs` doubled `attempt` times, at most `maxMs`, then lowered by up to half.
 * @param random at least 0 and below 1
 */
export function backoffMs(attempt: number, limits: { readonly baseMs: number; readonly maxMs: number }, random: number): number {
  const full = Math.min(limits.baseMs * 2 ** Math.min(attempt, 40), limits.maxMs);
  return full * (1 - random / 2);
}
