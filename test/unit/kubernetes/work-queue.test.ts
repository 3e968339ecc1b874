import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorkQueue, type WorkOutcome, type WorkQueue } from "../../../src/kubernetes/work-queue.ts";
import { manualClock, turns, type ManualClock } from "./manual-clock.ts";

type Bench = { readonly queue: WorkQueue; readonly clock: ManualClock; readonly stop: AbortController; readonly over: Promise<void>; readonly log: string[]; readonly start: () => void };

function bench(process: (key: string, signal: AbortSignal) => Promise<WorkOutcome>, workers = 1): Bench {
  const clock = manualClock();
  const log: string[] = [];
  const stop = new AbortController();
  const record = (_fields: object, message: string): void => void log.push(message);
  const queue = createWorkQueue({ name: "test", workers, process, clock, log: { info: record, warn: record, error: record } });
  const over = Promise.withResolvers<void>();
  return { queue, clock, stop, log, over: over.promise, start: () => void queue.start(stop.signal).then(over.resolve) };
}

/** Work that lasts until the test ends it. */
function heldWork() {
  const begun: string[] = [];
  const held = new Map<string, (outcome: WorkOutcome) => void>();
  const process = async (key: string): Promise<WorkOutcome> => {
    begun.push(key);
    return await new Promise((resolve) => held.set(key, resolve));
  };
  return { begun, process, end: (key: string, outcome: WorkOutcome = { kind: "settled" }) => held.get(key)?.(outcome) };
}

describe("a work queue", () => {
  it("holds keys until it is started, then works on as many at once as it has workers", async () => {
    const work = heldWork();
    const { queue, start } = bench(work.process, 2);
    for (const key of ["a", "b", "c", "a"]) queue.add(key);
    await turns();
    expect(work.begun).toEqual([]);
    start();
    await turns();
    expect(work.begun).toEqual(["a", "b"]);
    work.end("b");
    await turns();
    expect(work.begun).toEqual(["a", "b", "c"]);
  });

  it("works once more on a key that was added meanwhile, after the first work is done", async () => {
    const work = heldWork();
    const { queue, start } = bench(work.process, 3);
    start();
    queue.add("a");
    queue.add("a");
    queue.add("a");
    await turns();
    expect(work.begun).toEqual(["a"]);
    work.end("a");
    await turns();
    expect(work.begun).toEqual(["a", "a"]);
  });

  it.each([
    { name: "waits as long as the work asked for", outcome: { kind: "wait", ms: 700 } as const, after: 700 },
    { name: "retries after 5 ms at first", outcome: { kind: "retry", reason: "409" } as const, after: 5 },
  ])("$name", async ({ outcome, after }) => {
    const begun: number[] = [];
    const { queue, start, clock } = bench(async () => {
      begun.push(clock.monotonic());
      return await Promise.resolve(begun.length === 1 ? outcome : { kind: "settled" });
    });
    start();
    queue.add("a");
    await clock.advance(5000);
    expect(begun).toEqual([0, after]);
  });

  it.each(["settled", "stalled"] as const)("does nothing more about a key that is %s", async (kind) => {
    const begun: string[] = [];
    const { queue, start, clock } = bench(async (key) => {
      begun.push(key);
      return await Promise.resolve({ kind });
    });
    start();
    queue.add("a");
    await clock.advance(1_000_000);
    expect(begun).toEqual(["a"]);
    expect(queue.counts()).toEqual({ due: 0, delayed: 0, active: 0 });
  });

  it("logs what the work throws, retries ever more slowly, and goes on with other keys", async () => {
    const begun: string[] = [];
    const { queue, start, clock, log } = bench(async (key) => {
      begun.push(`${key}@${clock.monotonic()}`);
      await turns(1);
      if (key === "bad") throw new Error("boom");
      return { kind: "settled" };
    });
    start();
    queue.add("bad");
    queue.add("good");
    await clock.advance(40);
    expect(begun).toEqual(["bad@0", "good@0", "bad@5", "bad@15", "bad@35"]);
    expect(log).toEqual(Array.from({ length: 4 }, () => "work failed"));
  });

  it("wakes for an earlier delay that comes later", async () => {
    const begun: string[] = [];
    const { queue, start, clock } = bench(async (key) => {
      begun.push(`${key}@${clock.monotonic()}`);
      return await Promise.resolve({ kind: "settled" });
    });
    start();
    queue.addAfter("a", 900);
    queue.addAfter("b", 300);
    queue.addAfter("a", 100);
    await clock.advance(1000);
    expect(begun).toEqual(["a@100", "b@300"]);
  });

  it("begins nothing after the abort and ends when the work at hand is done", async () => {
    const work = heldWork();
    const { queue, start, stop, over } = bench(work.process);
    start();
    queue.add("a");
    queue.add("b");
    await turns();
    stop.abort();
    let ended = false;
    const watched = over.then(() => (ended = true));
    await turns();
    expect(ended).toBe(false);
    work.end("a");
    await watched;
    queue.add("c");
    await turns();
    expect(work.begun).toEqual(["a"]);
  });

  it("begins work that always fails, as that of a leader that has lost its lease, ever more seldom however many keys there are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 100_000 }), async (keys, workers, ms) => {
        const begun = new Map<string, number>();
        const { queue, start, clock, stop, over } = bench(async (key) => {
          begun.set(key, (begun.get(key) ?? 0) + 1);
          return await Promise.reject(new Error("NotLeader: another replica leads now"));
        }, workers);
        for (let key = 0; key < keys; key += 1) queue.add(`job-${key}`);
        start();
        await clock.advance(ms);
        stop.abort();
        await over;
        // At 0, 5, 15, 35 ms and so on: the nth is 5 * (2^n - 1) after the first.
        const most = 1 + Math.floor(Math.log2(ms / 5 + 1));
        expect([...begun.values()]).toEqual(Array.from({ length: keys }, () => most));
      }),
      { numRuns: 30 },
    );
  });

  it("cannot be started twice", async () => {
    const { queue, start, stop } = bench(heldWork().process);
    start();
    await expect(queue.start(stop.signal)).rejects.toThrow(/started twice/);
  });
});
