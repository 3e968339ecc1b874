/** @module Workers for keys that need work: each key once in the queue and never twice at once, failures retried ever more slowly. */
import { assertNever, messageOf } from "../lib/result.ts";
import type { Clock } from "./clock.ts";
import { createQueueCore, type QueueCore } from "./queue-core.ts";
import type { Log } from "./types.ts";

/** How the work on a key ended. `stalled` waits for a change from outside, as `settled` does; `retry` comes back by itself. */
export type WorkOutcome =
  | { readonly kind: "settled" | "stalled" }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "retry"; readonly reason: string };

export type WorkQueueOptions = {
  /** For the log. */
  readonly name: string;
  readonly workers: number;
  /** What it throws is logged and retried like `retry`. */
  readonly process: (key: string, signal: AbortSignal) => Promise<WorkOutcome>;
  readonly log: Log;
  readonly clock: Clock;
};

export type WorkQueue = {
  readonly add: (key: string) => void;
  /** Of several delays for a key the one that ends first holds; an `add` in between does not cancel it. */
  readonly addAfter: (key: string, ms: number) => void;
  readonly counts: QueueCore["counts"];
  /**
   * Begins to work; keys may be added before. After the abort no key is begun any more; the promise resolves when those in work are done.
   * A second start is a bug and throws.
   */
  readonly start: (signal: AbortSignal) => Promise<void>;
};

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const loop: Loop = { options, core: createQueueCore(), signal: undefined, running: new Set(), alarm: undefined };
  return {
    add: (key) => {
      loop.core.add(key);
      pump(loop);
    },
    addAfter: (key, ms) => {
      loop.core.addAt(key, options.clock.monotonic() + ms);
      pump(loop);
    },
    counts: loop.core.counts,
    start: async (signal) => {
      if (loop.signal !== undefined) throw new Error(`queue "${options.name}" was started twice`);
      loop.signal = signal;
      pump(loop);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      loop.alarm?.abort.abort();
      await Promise.all(loop.running);
    },
  };
}

type Loop = {
  readonly options: WorkQueueOptions;
  readonly core: QueueCore;
  signal: AbortSignal | undefined;
  readonly running: Set<Promise<void>>;
  alarm: { readonly at: number; readonly abort: AbortController } | undefined;
};

/** Gives due keys to free workers and sets the alarm for the next delay. */
function pump(loop: Loop): void {
  const { signal, core, options } = loop;
  if (signal === undefined || signal.aborted) return;
  while (loop.running.size < options.workers) {
    const key = core.take(options.clock.monotonic());
    if (key === undefined) break;
    const work = workOn(loop, key, signal).finally(() => {
      loop.running.delete(work);
      pump(loop);
    });
    loop.running.add(work);
  }
  setAlarm(loop);
}

async function workOn(loop: Loop, key: string, signal: AbortSignal): Promise<void> {
  const { core, options } = loop;
  try {
    settle(loop, key, await options.process(key, signal));
  } catch (thrown) {
    const retryMs = core.retry(key, options.clock.monotonic(), options.clock.random());
    if (!signal.aborted) options.log.error({ queue: options.name, key, reason: messageOf(thrown), err: thrown, retryMs: Math.round(retryMs) }, "work failed");
  }
  core.done(key);
}

function settle({ core, options }: Loop, key: string, outcome: WorkOutcome): void {
  switch (outcome.kind) {
    case "settled":
    case "stalled":
      return core.forget(key);
    case "wait":
      core.forget(key);
      return core.addAt(key, options.clock.monotonic() + outcome.ms);
    case "retry": {
      const retryMs = core.retry(key, options.clock.monotonic(), options.clock.random());
      return options.log.info({ queue: options.name, key, reason: outcome.reason, retryMs: Math.round(retryMs) }, "work will be retried");
    }
    default:
      return assertNever(outcome, "settle");
  }
}

function setAlarm(loop: Loop): void {
  const at = loop.core.nextDueAt();
  if (at === undefined || (loop.alarm !== undefined && loop.alarm.at <= at)) return;
  loop.alarm?.abort.abort();
  const alarm = { at, abort: new AbortController() };
  loop.alarm = alarm;
  const ring = async (): Promise<void> => {
    await loop.options.clock.sleep(Math.max(0, at - loop.options.clock.monotonic()), alarm.abort.signal);
    if (alarm.abort.signal.aborted) return;
    loop.alarm = undefined;
    pump(loop);
  };
  void ring();
}
