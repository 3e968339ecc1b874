import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesGlob } from "../../../../src/nomad/acl/glob.ts";

describe("matchesGlob", () => {
  it.each([
    ["*", "", true],
    ["", "", true],
    ["", "a", false],
    ["a", "a", true],
    ["a", "A", false],
    ["a*", "a", true],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a*b*c", "a1b2b3c", true],
    ["a*b*c", "a1c2b", false],
    ["a?", "ab", false],
    ["a.b", "axb", false],
    ["**", "x", true],
  ])("%s against %s: %s", (glob, name, answer) => {
    expect(matchesGlob(glob, name)).toBe(answer);
  });

  it("agrees with the regular expression of the same meaning", () => {
    const letters = (pattern: RegExp): fc.Arbitrary<string> => fc.stringMatching(pattern);
    fc.assert(
      fc.property(letters(/^[ab*]{0,8}$/), letters(/^[ab]{0,10}$/), (glob, name) => {
        expect(matchesGlob(glob, name)).toBe(new RegExp(`^${glob.replaceAll("*", ".*")}$`).test(name));
      }),
    );
  });
});
