import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../../src/nomad/hcl/json.ts";
import type { Expression } from "../../../../src/nomad/hcl/syntax.ts";

/** Back to plain JSON text, so that repeated keys and a key such as "__proto__" stay what they are. */
function textOf(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return JSON.stringify(expression.value);
    case "tuple":
      return `[${expression.items.map(textOf).join(",")}]`;
    case "object":
      return `{${expression.items.map(({ key, value }) => `${JSON.stringify(key.name)}:${textOf(value)}`).join(",")}}`;
    default:
      throw new Error(`JSON has no ${expression.kind}`);
  }
}

describe("parseJson", () => {
  it("reads what JSON.parse reads, pretty or not", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 2, "\t"), (text, space) => {
        const written = JSON.stringify(JSON.parse(text), undefined, space);
        const result = parseJson(written);
        expect(result.ok ? textOf(result.value) : result.error).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("keeps a repeated key, and template signs as plain text", () => {
    const result = parseJson('{"a": 1, "a": "${b}"}');
    expect(result.ok && textOf(result.value)).toBe('{"a":1,"a":"${b}"}');
  });

  it.each([
    ["nothing", "", [1, 1], "expected a value, but found the end of the text"],
    ["a name without quotes", "{a: 1}", [1, 2], 'expected a name in quotes, but found "a"'],
    ["a missing colon", '{"a" 1}', [1, 6], 'expected ":", but found "1"'],
    ["a missing comma", '{"a": 1\n "b": 2}', [2, 2], 'expected "," or "}", but found "\\""'],
    ["a last comma", "[1,]", [1, 4], 'expected a value, but found "]"'],
    ["more than one value", "{} {}", [1, 4], 'expected the end of the text, but found "{"'],
    ["an unclosed list", "[1", [1, 3], 'expected "," or "]", but found the end of the text'],
    ["too many levels", "[".repeat(99), [1, 65], "nested more than 64 levels deep"],
  ])("refuses %s with the place", (_name, text, place, message) => {
    const result = parseJson(text);
    if (result.ok) throw new Error("accepted");
    expect([result.error.position.line, result.error.position.column]).toEqual(place);
    expect(result.error.message).toBe(message);
  });

  it.each(['"a', '"\\q"', "nul", "01", "-", '"\n"', "'a'"])("refuses %j", (text) => {
    expect(parseJson(text).ok).toBe(false);
  });

  it("refuses a text over the limit", () => {
    expect(parseJson('"abc"', { maxChars: 4, maxDepth: 9 })).toMatchObject({ ok: false, error: { message: "the text has 5 characters, but at most 4 are accepted" } });
  });
});
