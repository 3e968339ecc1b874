import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstJsonValue, goKind } from "../../../src/nomad/go-json.ts";

describe("the first JSON value of a text", () => {
  it.each<[string, string | undefined]>([
    ["", "EOF"],
    ["  ", "EOF"],
    ["{", "unexpected EOF"],
    ["[", "unexpected EOF"],
    ["{\"a\"", "unexpected EOF"],
    ["{\"a\":", "unexpected EOF"],
    ["{\"a\":1", "unexpected EOF"],
    ["{\"a\":1,", "unexpected EOF"],
    ["{\"a\":1,}", "invalid character '}' looking for beginning of object key string"],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ["{\"a\" 1}", "invalid character '1' after object key"],
    ["{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["abc", "invalid character 'a' looking for beginning of value"],
    ["nul", "unexpected EOF"],
    ["nulx", "invalid character 'x' in literal null (expecting 'l')"],
    ["tru", "unexpected EOF"],
    ["trux", "invalid character 'x' in literal true (expecting 'e')"],
    ["falsy", "invalid character 'y' in literal false (expecting 'e')"],
    ["{\"a\":nul}", "invalid character '}' in literal null (expecting 'l')"],
    ["{\"a\":nulx}", "invalid character 'x' in literal null (expecting 'l')"],
    ["\"abc", "unexpected EOF"],
    ["\"a\nb\"", "invalid character '\\n' in string literal"],
    ["{\"a\":\"x\ny\"}", "invalid character '\\n' in string literal"],
    ["\"\\x\"", "invalid character 'x' in string escape code"],
    ["\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"],
    ["\"\\u12", "unexpected EOF"],
    ["-", "unexpected EOF"],
    ["-x", "invalid character 'x' in numeric literal"],
    ["01", undefined],
    ["1.", "unexpected EOF"],
    ["1.x", "invalid character 'x' after decimal point in numeric literal"],
    ["1e", "unexpected EOF"],
    ["1ex", "invalid character 'x' in exponent of numeric literal"],
    ["1e+", "unexpected EOF"],
    ["1e+x", "invalid character 'x' in exponent of numeric literal"],
    ["{\"a\":01}", "invalid character '1' after object key:value pair"],
    ["{\"a\":1}x", undefined],
    ["{\"a\":1} y", undefined],
    ["}", "invalid character '}' looking for beginning of value"],
    ["]", "invalid character ']' looking for beginning of value"],
    [",", "invalid character ',' looking for beginning of value"],
    [":", "invalid character ':' looking for beginning of value"],
    ["{,}", "invalid character ',' looking for beginning of object key string"],
    ["{\"a\":}", "invalid character '}' looking for beginning of value"],
    ["{\"a\":1}{", undefined],
    ["{\"a\":tru", "unexpected EOF"],
    ["\ufeff{}", "invalid character 'ï' looking for beginning of value"],
    ["{\"\u00e9\":x}", "invalid character 'x' looking for beginning of value"],
    ["\u00e9", "invalid character 'Ã' looking for beginning of value"],
    ["{\"a\":\u00e9}", "invalid character 'Ã' looking for beginning of value"],
    ["{\"a\":\u0001}", "invalid character '\\x01' looking for beginning of value"],
    ["{\"a\":\"\u0001\"}", "invalid character '\\x01' in string literal"],
    ["+1", "invalid character '+' looking for beginning of value"],
    [".5", "invalid character '.' looking for beginning of value"],
    ["{\"a\":.5}", "invalid character '.' looking for beginning of value"],
    ["{\"a\":+1}", "invalid character '+' looking for beginning of value"],
    ["{\"a\":NaN}", "invalid character 'N' looking for beginning of value"],
    ["{\"a\":1,,\"b\":2}", "invalid character ',' looking for beginning of object key string"],
    ["[1,,2]", "invalid character ',' looking for beginning of value"],
    ["{\"a\":[1,2}", "invalid character '}' after array element"],
    ["{\"a\":{\"b\":1]}", "invalid character ']' after object key:value pair"],
    ["\t\n{ \"a\" : 1 }", undefined],
    ["{\"a\":\"\\", "unexpected EOF"],
    ["{\"a\":\"\\u", "unexpected EOF"],
    ["{\"a\":-}", "invalid character '}' in numeric literal"],
    ["{\"a\":1.e5}", "invalid character 'e' after decimal point in numeric literal"],
    ["{\"a\":00}", "invalid character '0' after object key:value pair"],
    ["{\"a\":0x10}", "invalid character 'x' after object key:value pair"],
    ["{\"a\":1_0}", "invalid character '_' after object key:value pair"],
    ["{\"a\":\"\u007f\"}", undefined],
    ["{\"a\":'x'}", "invalid character '\\'' looking for beginning of value"],
    ["{\"a\":\"\\uD800\"}", undefined],
    ["{\"a\":1;}", "invalid character ';' after object key:value pair"],
    ["5", undefined],
    ["5 x", undefined],
    ["5x", undefined],
    ["\"s\"x", undefined],
    ["nullx", undefined],
    ["null", undefined],
    ["[]", undefined],
    ["true", undefined],
    ["{\"a\"\n:1\n", "unexpected EOF"],
    ["// c\n{}", "invalid character '/' looking for beginning of value"],
    ["{\"a\":1 // c\n}", "invalid character '/' after object key:value pair"],
  ])("of %j: Go's decoder says %s", (text, problem) => {
    const result = firstJsonValue(text);
    expect(result.ok ? undefined : result.error).toBe(problem);
  });

  it.each([
    ['{"a":1} y', '{"a":1}'],
    [' [1, {"b":"]"}] [', '[1, {"b":"]"}]'],
    ["01", "0"],
    ["nullx", "null"],
  ])("of %j is %j", (text, value) => {
    expect(firstJsonValue(text)).toEqual({ ok: true, value });
  });

  it("ends where any JSON ends, whatever follows", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("", " ", " x", "\n{"), (value, tail) => {
        expect(firstJsonValue(`${value}${tail}`)).toEqual({ ok: true, value });
      }),
    );
  });

  it("is found or refused where JSON.parse finds or refuses it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "1", "0", "-", ".", "e", "t", "rue", "null", " ", "\\", "u00e9") }), (text) => {
        const first = firstJsonValue(text);
        if (first.ok) expect(() => JSON.parse(first.value)).not.toThrow();
        if (!first.ok) expect(() => JSON.parse(text)).toThrow();
      }),
    );
  });
});

describe("the kind of a value", () => {
  it.each([
    [[], "array"],
    [true, "bool"],
    ["x", "string"],
    [5, "number"],
  ])("%j is %s", (value, kind) => {
    expect(goKind(value)).toBe(kind);
  });
});
