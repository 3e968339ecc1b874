import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesPattern, parsePattern } from "../../../../../src/mapping/job/placement/pattern.ts";

function matches(pattern: string, text: string): boolean | string {
  const parsed = parsePattern(pattern);
  return parsed.ok ? matchesPattern(parsed.value, text) : parsed.error;
}

/** Patterns of everything that both engines have. */
const atoms = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "\\s", "\\.", "\\b", "1", "-", "[a-c1-3]", "[-a]", "[\\d.]");
const patterns = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "small" }, atoms, tie("group"), tie("repeat"), tie("pair"), tie("choice")),
  group: tie("any").map((inner) => `(${String(inner)})`),
  repeat: fc.tuple(tie("any"), fc.constantFrom("*", "+", "?", "{2}", "{1,}", "{0,3}", "*?")).map(([inner, times]) => `(?:${String(inner)})${times}`),
  pair: fc.tuple(tie("any"), tie("any")).map(([a, b]) => `${String(a)}${String(b)}`),
  choice: fc.tuple(tie("any"), tie("any")).map(([a, b]) => `(?:${String(a)}|${String(b)})`),
})).any;

describe("a pattern", () => {
  it("matches exactly what JavaScript's own engine matches", () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: fc.constantFrom("a", "b", "c", "1", ".", "-", " ", "\n"), maxLength: 8 }), fc.boolean(), (pattern, text, whole) => {
        const source = whole ? `^${String(pattern)}$` : String(pattern);
        expect(matches(source, text)).toBe(new RegExp(source, "u").test(text));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["(?i)LINUX", "linux", true], ["(?i)[a-z]+x", "LINUX", true], ["[[:alpha:]]+", "1a", true], ["^[[:digit:]]+$", "1a", false], ["(?P<name>x)y", "xy", true], ["\\Aab\\z", "ab", true],
    ["a|b|", "c", true], ["^(a|b)$", "c", false], ["x{2,3}$", "xxxx", true], ["^x{2,3}$", "xxxx", false], ["a{,2}", "a{,2}", true], ["^é.$", "é😀", true], ["", "x", true], ["\\t", "\t", true], ["[]a]", "]", true],
  ])("%s on %j: %s", (pattern, text, answer) => expect(matches(pattern, text)).toBe(answer));

  it.each([
    ["(", /"\(" without "\)"/], [")", /"\)" without "\("/], ["[a", /"\[" without "\]"/], ["*a", /nothing to repeat/], ["a**", /repetition of a repetition/], ["a{2,1}", /its own minimum/], ["a{1001}", /more than 1000 times/],
    ["\\", /ends with a backslash/], ["\\pL", /"\\p", which is not supported/], ["(?=a)", /neither/], ["[z-a]", /ends before it begins/], ["[[:nope:]]", /not known/], ["(".repeat(60), /nested/], ["a".repeat(1025), /longer than 1024/],
  ])("that cannot be read says why: %s", (pattern, text) => expect(matches(pattern, "a")).toMatch(text));

  it.each([["(a*)*b", "a".repeat(5000)], ["(a|a)*$", `${"a".repeat(5000)}b`], ["(.*){50}x", "a".repeat(2000)], ["((a{1000}){1000}){1000}", "a".repeat(3000)], ["(((){1000}){1000}){1000}", "a"]])("made to be slow comes to an end: %s", (pattern, text) =>
    expect(typeof matches(pattern, text)).toBe("boolean"),
  );
});
