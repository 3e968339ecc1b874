import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createQueueCore } from "../../../src/kubernetes/queue-core.ts";

describe("a queue core", () => {
  it("hands out each key once, in the order of their first add", () => {
    const core = createQueueCore();
    for (const key of ["a", "b", "a"]) core.add(key);
    expect([core.take(0), core.take(0), core.take(0)]).toEqual(["a", "b", undefined]);
  });

  it("holds an add of a key in work back until it is done", () => {
    const core = createQueueCore();
    core.add("a");
    core.take(0);
    core.add("a");
    expect(core.take(0)).toBeUndefined();
    core.done("a");
    expect(core.take(0)).toBe("a");
  });

  it("keeps the earliest of several delays", () => {
    const core = createQueueCore();
    core.addAt("a", 500);
    core.addAt("a", 100);
    core.addAt("a", 900);
    expect([core.nextDueAt(), core.take(99), core.take(100)]).toEqual([100, undefined, "a"]);
    core.done("a");
    expect([core.nextDueAt(), core.take(1000)]).toEqual([undefined, undefined]);
  });

  it("doubles the delay of a key that fails, from 5 ms to 5 min, until it is forgotten", () => {
    const core = createQueueCore();
    const delays = Array.from({ length: 18 }, () => core.retry("a", 0, 0));
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays.at(-1)).toBe(300_000);
    core.forget("a");
    expect(core.retry("a", 0, 0.999)).toBeLessThan(5);
  });

  it("never works on a key twice at once, loses no add, and ends empty", () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    const kind = fc.constantFrom("add" as const, "addAt" as const, "take" as const, "take" as const, "done" as const, "retry" as const, "wait" as const);
    const step = fc.record({ kind, key, ms: fc.nat(60) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const core = createQueueCore();
        let now = 0;
        const active = new Set<string>();
        /** Keys for which no work has begun since the last add, and what allows work on them to begin. */
        const owed = new Set<string>();
        const atOnce = new Set<string>();
        const delays = new Map<string, number>();
        const delay = (key: string, at: number): void => {
          owed.add(key);
          delays.set(key, Math.min(at, delays.get(key) ?? Infinity));
        };
        const take = (): boolean => {
          const key = core.take(now);
          for (const [delayed, at] of delays) {
            if (at > now) continue;
            delays.delete(delayed);
            atOnce.add(delayed);
          }
          if (key === undefined) return false;
          expect(active.has(key)).toBe(false);
          expect(atOnce.delete(key)).toBe(true);
          active.add(key);
          owed.delete(key);
          if (delays.has(key)) owed.add(key);
          return true;
        };
        for (const { kind, key, ms } of steps) {
          if (kind === "add") {
            core.add(key);
            owed.add(key);
            atOnce.add(key);
          } else if (kind === "addAt") {
            core.addAt(key, now + ms);
            delay(key, now + ms);
          } else if (kind === "wait") now += ms;
          else if (kind === "take") take();
          else if (active.delete(key)) {
            if (kind === "retry") delay(key, now + core.retry(key, now, 0));
            core.done(key);
          }
        }
        for (const each of active) core.done(each);
        active.clear();
        now += 1e9;
        while (take()) {
          for (const each of active) core.done(each);
          active.clear();
        }
        expect([...owed]).toEqual([]);
        expect(core.counts()).toEqual({ due: 0, delayed: 0, active: 0 });
      }),
      { numRuns: 500 },
    );
  });

  it("wakes delayed keys in the order of their times", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 60 }), (times) => {
        const core = createQueueCore();
        for (const at of times) core.addAt(`k${at}`, at);
        const woken: number[] = [];
        for (let at = core.nextDueAt(); at !== undefined; at = core.nextDueAt()) {
          woken.push(at);
          expect(core.take(at)).toBe(`k${at}`);
        }
        expect(woken).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });
});
