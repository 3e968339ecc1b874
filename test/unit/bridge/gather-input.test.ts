/** @module Stdin that arrives in small pieces reaches the session in few, whole and in order. */
import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherInput } from "../../../src/bridge/gather-input.ts";
import type { ClientFrame } from "../../../src/nomad/exec-frames.ts";

function gathering() {
  const handed: ClientFrame[] = [];
  return { handed, input: gatherInput((frame) => handed.push(frame)) };
}

const stdin = (text: string): ClientFrame => ({ stdin: { data: Buffer.from(text) } });
const RESIZE: ClientFrame = { ttySize: { height: 30, width: 100 } };
const CLOSE: ClientFrame = { stdin: { close: true } };

describe("gatherInput", () => {
  it("joins small pieces that arrive in one turn, and holds them no longer", async () => {
    const { handed, input } = gathering();
    for (const text of ["a", "b", "c"]) input.take(stdin(text));
    expect(handed).toEqual([]);
    await nextTurn();
    expect(handed).toEqual([stdin("abc")]);
  });

  it.each([
    ["a resize", RESIZE],
    ["the end of stdin", CLOSE],
    ["a heartbeat", {}],
    ["data with the end in one frame", { stdin: { data: Buffer.from("z"), close: true } }],
    ["data with a size in one frame", { ...stdin("z"), ...RESIZE }],
  ] as const)("hands over what it holds before %s", (_name, frame) => {
    const { handed, input } = gathering();
    input.take(stdin("a"));
    input.take(frame);
    expect(handed).toEqual([stdin("a"), frame]);
  });

  it("hands over within the turn what would grow too large, so that it holds less than 64 KiB", () => {
    const { handed, input } = gathering();
    for (let sent = 0; sent < 32; sent++) input.take({ stdin: { data: Buffer.alloc(2048) } });
    expect(handed.map((frame) => frame.stdin?.data?.length)).toEqual([64 * 1024]);
  });

  it("passes a large piece on as it is, uncopied", () => {
    const { handed, input } = gathering();
    const data = Buffer.alloc(32 * 1024);
    input.take({ stdin: { data } });
    expect(handed[0]?.stdin?.data).toBe(data);
  });

  it("hands over at once when told to, and nothing twice", async () => {
    const { handed, input } = gathering();
    input.take(stdin("a"));
    input.flush();
    input.flush();
    await nextTurn();
    expect(handed).toEqual([stdin("a")]);
  });

  it("keeps every byte and every other frame in order, whatever arrives in whatever turns", async () => {
    const step = fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom("resize", "turn", "flush"));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { handed, input } = gathering();
        const sent: string[] = [];
        for (const [index, each] of steps.entries()) {
          if (each === "turn") await nextTurn();
          else if (each === "flush") input.flush();
          else if (each === "resize") {
            sent.push("|");
            input.take(RESIZE);
          } else {
            const text = String.fromCharCode(97 + (index % 26)).repeat(each);
            sent.push(text);
            input.take(stdin(text));
          }
        }
        await nextTurn();
        expect(handed.map((frame) => frame.stdin?.data?.toString() ?? "|").join("") === sent.join("")).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
