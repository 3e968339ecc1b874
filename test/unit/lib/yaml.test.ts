import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { toYaml } from "../../../src/lib/yaml.ts";

const scalar = fc.oneof(fc.string(), fc.constantFrom("on", "yes", "1:30", "0o7", "1e3", "null", "~", "- a", "a: b", "#", "\t", "2020-01-01", "=", "<<"), fc.integer(), fc.boolean(), fc.constant(null));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie("value"), { maxLength: 4 }), fc.dictionary(fc.string().filter((key) => key !== "__proto__"), tie("value"), { maxKeys: 4, noNullPrototype: true })),
}));

describe("toYaml", () => {
  it.each(["1.1", "1.2"] as const)("is read back as the same values by YAML %s", (version) => {
    fc.assert(
      fc.property(value, (given) => {
        expect(parse(toYaml(given), { version, merge: false })).toEqual(given);
      }),
      { numRuns: 200 },
    );
  });

  it.each([["on", '"on"'], ["yes", '"yes"'], ["1:30", '"1:30"'], ["true", '"true"'], ["plain", "plain"]])("writes the text %s as %s", (text, written) => {
    expect(toYaml(text)).toBe(`${written}\n`);
  });

  it("keeps long lines whole and writes shared objects twice", () => {
    const shared = { words: "word ".repeat(60).trim() };
    expect(toYaml([shared, shared])).toBe(`- words: ${shared.words}\n- words: ${shared.words}\n`);
  });
});
