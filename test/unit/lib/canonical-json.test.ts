import * as fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "../../../src/lib/canonical-json.ts";

/** The same with every object's keys the other way round, and a member that is undefined. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries([...Object.entries(value).toReversed().map(([key, inner]) => [key, turned(inner)] as const), ["not there", undefined]]);
}

it("is the same whatever the order of keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(turned(value))).toBe(canonicalJson(value));
    }),
  );
});

it("says all that the value says", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

it.each<[unknown, string]>([
  [{ b: 1, a: { d: [{ y: 1, x: 2 }], c: null } }, '{"a":{"c":null,"d":[{"x":2,"y":1}]},"b":1}'],
  [{ a: undefined }, "{}"],
  [[undefined], "[null]"],
  [undefined, "null"],
  [{ b: 1, 10: 2, 9: 3 }, '{"9":3,"10":2,"b":1}'],
])("of %j is %s", (value, text) => expect(canonicalJson(value)).toBe(text));
