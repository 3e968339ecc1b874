/** @module A clock that stands still until a test moves it; sleepers wake in the order of their times. */
import type { Clock } from "../../../src/kubernetes/clock.ts";

export type ManualClock = Clock & {
  /** Moves time on; what wakes up runs to its next wait before the following sleeper wakes. */
  readonly advance: (ms: number) => Promise<void>;
  /** Time passes and nobody gets to run: an event loop that hangs. */
  readonly stall: (ms: number) => void;
  readonly sleepers: () => readonly number[];
};

export const WALL_START = Date.UTC(2026, 0, 2, 3, 4, 5);

export function manualClock(random = 0): ManualClock {
  let now = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    now: () => WALL_START + now,
    monotonic: () => now,
    random: () => random,
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = { at: now + ms, wake: resolve };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", () => resolve(), { once: true });
      await promise;
      sleepers.delete(sleeper);
    },
    stall: (ms) => {
      now += ms;
    },
    advance: async (ms) => {
      const target = now + ms;
      await turns();
      for (;;) {
        const [next] = [...sleepers].sort((a, b) => a.at - b.at);
        if (next === undefined || next.at > target) break;
        now = Math.max(now, next.at);
        sleepers.delete(next);
        next.wake();
        await turns();
      }
      now = Math.max(now, target);
    },
    sleepers: () => [...sleepers].map((sleeper) => sleeper.at - now),
  };
}

/** Lets everything that is ready run. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
