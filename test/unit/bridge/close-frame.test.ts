import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closeCodeOf, truncateUtf8 } from "../../../src/bridge/close-frame.ts";

const bytes = (text: string) => Buffer.byteLength(text);
const text = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", " "), maxLength: 80 });

describe("truncateUtf8", () => {
  it.each([
    ["abc", 3, "abc"],
    ["abcd", 3, "abc"],
    ["aé", 2, "a"],
    ["a€", 3, "a"],
    ["😀", 3, ""],
    ["😀😀", 7, "😀"],
    ["abc", 0, ""],
    ["", 5, ""],
  ])("cuts %j at %i bytes to %j", (whole, max, cut) => expect(truncateUtf8(whole, max)).toBe(cut));

  it("is the longest beginning that fits, and cuts no character", () => {
    fc.assert(
      fc.property(text, fc.nat(150), (whole, max) => {
        const cut = truncateUtf8(whole, max);
        expect(whole.startsWith(cut)).toBe(true);
        expect(bytes(cut)).toBeLessThanOrEqual(max);
        const [next = ""] = whole.slice(cut.length);
        if (next !== "") expect(bytes(cut + next)).toBeGreaterThan(max);
      }),
    );
  });
});

describe("closeCodeOf", () => {
  it.each([[undefined, 1011], [500, 1011], [403, 1008], [404, 1008], [400, 1008]] as const)("turns status %s into %i", (status, code) => expect(closeCodeOf(status)).toBe(code));
});
