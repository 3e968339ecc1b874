import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eachAtMost } from "../../../src/lib/each-at-most.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("eachAtMost", () => {
  it("does each piece once, begins them in order, and never more than the limit at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), async (turns, limit) => {
        const begun: number[] = [];
        let underWay = 0;
        let most = 0;
        await eachAtMost(limit, turns.entries(), async ([index, length]) => {
          begun.push(index);
          most = Math.max(most, ++underWay);
          for (let i = 0; i < length; i++) await turn();
          underWay -= 1;
          return true;
        });
        expect(begun).toEqual([...turns.keys()]);
        expect(underWay).toBe(0);
        expect(most).toBe(Math.min(limit, turns.length));
      }),
    );
  });

  it("begins nothing after an answer of false, and waits for what is under way, whatever that answers", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    await eachAtMost(3, [0, 1, 2, 3, 4, 5], async (item) => {
      begun.push(item);
      for (let i = 0; i < item * 3; i++) await turn();
      ended.push(item);
      return item !== 0;
    });
    expect(begun).toEqual([0, 1, 2]);
    expect(ended).toEqual([0, 1, 2]);
  });

  it("rejects as the work does, and begins nothing after that", async () => {
    const begun: number[] = [];
    const all = eachAtMost(2, [0, 1, 2, 3], async (item) => {
      begun.push(item);
      for (let i = 0; i < item * 3; i++) await turn();
      if (item === 0) throw new Error("no room");
      return true;
    });
    await expect(all).rejects.toThrow("no room");
    for (let i = 0; i < 20; i++) await turn();
    expect(begun).toEqual([0, 1]);
  });
});
