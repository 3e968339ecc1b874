/** @module What the escape sequence of a terminal session lets through. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ESCAPE_START, flushEscape, stepEscape } from "../../../src/nomad/escape.ts";

const TILDE = 0x7e;

/** All of the input, one piece after the other, as a session sees it. */
function run(pieces: readonly Uint8Array[]): { readonly sent: string; readonly disconnect: boolean } {
  let state = ESCAPE_START;
  const sent: Buffer[] = [];
  for (const piece of pieces) {
    const step = stepEscape(state, piece, TILDE);
    sent.push(step.send);
    if (step.disconnect) return { sent: Buffer.concat(sent).toString("latin1"), disconnect: true };
    state = step.state;
  }
  sent.push(flushEscape(state, TILDE));
  return { sent: Buffer.concat(sent).toString("latin1"), disconnect: false };
}

/** The rule said once more, as one pass over the whole text. */
function expected(text: string): { readonly sent: string; readonly disconnect: boolean } {
  const leave = /(?:^|[\r\n])~\./.exec(text.replaceAll(/((?:^|[\r\n]))~~/g, "$1\0"));
  const kept = leave === null ? text : text.replaceAll(/((?:^|[\r\n]))~~/g, "$1\0").slice(0, leave.index + leave[0].length - 2);
  return { sent: kept.replaceAll(/(^|[\r\n])~~/g, "$1~").replaceAll("\0", "~"), disconnect: leave !== null };
}

const typed = fc.string({ unit: fc.constantFrom("~", ".", "\n", "\r", "a"), maxLength: 14 });

describe("stepEscape", () => {
  it.each([
    { input: "", sent: "", disconnect: false },
    { input: "ls -l\r", sent: "ls -l\r", disconnect: false },
    { input: "~.", sent: "", disconnect: true },
    { input: "~.rest", sent: "", disconnect: true },
    { input: "ls\r~.", sent: "ls\r", disconnect: true },
    { input: "ls\n~.", sent: "ls\n", disconnect: true },
    { input: "\r\n~.", sent: "\r\n", disconnect: true },
    { input: "he~.lo", sent: "he~.lo", disconnect: false },
    { input: "~~", sent: "~", disconnect: false },
    { input: "~~.", sent: "~.", disconnect: false },
    { input: "~~~.", sent: "~~.", disconnect: false },
    { input: "~~\r~.", sent: "~\r", disconnect: true },
    { input: "~x", sent: "~x", disconnect: false },
    { input: "~x~.", sent: "~x~.", disconnect: false },
    { input: "~", sent: "~", disconnect: false },
    { input: "a\r~", sent: "a\r~", disconnect: false },
    { input: "~\r~.", sent: "~\r", disconnect: true },
    { input: "cd ~/x\r", sent: "cd ~/x\r", disconnect: false },
  ])("sends $sent for $input", ({ input, sent, disconnect }) => {
    expect(run([Buffer.from(input)])).toEqual({ sent, disconnect });
  });

  it("passes what it has before the next key comes", () => {
    expect(stepEscape("line-start", Buffer.from("a"), TILDE)).toEqual({ state: "in-line", send: Buffer.from("a"), disconnect: false });
    expect(stepEscape("line-start", Buffer.from("~"), TILDE)).toEqual({ state: "after-escape", send: Buffer.alloc(0), disconnect: false });
  });

  it("knows another escape character", () => {
    expect(stepEscape("line-start", Buffer.from("%."), 0x25).disconnect).toBe(true);
    expect(stepEscape("line-start", Buffer.from("~."), 0x25)).toMatchObject({ send: Buffer.from("~."), disconnect: false });
  });

  it("gives the same for any split of the bytes", () => {
    fc.assert(
      fc.property(typed, fc.array(fc.nat(14), { maxLength: 4 }), (text, cuts) => {
        const whole = Buffer.from(text);
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        expect(run(pieces)).toEqual(run([whole]));
      }),
    );
  });

  it("follows the rule on any text", () => {
    fc.assert(
      fc.property(typed, (text) => {
        expect(run([Buffer.from(text)])).toEqual(expected(text));
      }),
      { numRuns: 1000 },
    );
  });
});
