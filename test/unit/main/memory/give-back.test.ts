import { describe, expect, it } from "vitest";
import { giveBackMemory, lastResortCollection } from "../../../../src/main/memory/give-back.ts";

const MIB = 2 ** 20;

/** Resident MiB at each look; a collection leaves 200. */
async function collectionsAt(looks: readonly number[]): Promise<readonly number[]> {
  const stop = new AbortController();
  const collected: number[] = [];
  let look = -1;
  let now = 0;
  const clock = {
    monotonic: () => now++,
    sleep: () => {
      look += 1;
      if (look >= looks.length) stop.abort();
      return Promise.resolve();
    },
  };
  const resident = () => (collected.at(-1) === look ? 200 : looks[look]!) * MIB;
  await giveBackMemory({ clock, signal: stop.signal, resident, collect: () => void collected.push(look), log: { info: () => undefined } });
  return collected;
}

describe("memory is given back", () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ["after the start of a server that has read much", [900, 300], [0]],
    ["not by a small one", [180, 200, 250], []],
    ["again when it has grown as much once more", [900, 300, 455, 456, 300], [0, 3]],
    ["not while it stays as it is", [900, 400, 400, 400], [0]],
  ])("%s", async (_name, looks, expected) => expect(await collectionsAt(looks)).toEqual(expected));

  it("to the node", () => {
    const before = process.memoryUsage().heapTotal;
    const garbage = Array.from({ length: 2_000_000 }, (_, index) => ({ index }));
    const grown = process.memoryUsage().heapTotal;
    expect(garbage.length).toBe(2_000_000);
    garbage.length = 0;
    lastResortCollection();
    expect(process.memoryUsage().heapTotal - before).toBeLessThan((grown - before) / 2);
  });
});
