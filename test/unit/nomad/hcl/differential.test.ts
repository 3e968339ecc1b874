import { parse as parseWithOracle } from "@cdktn/hcl2json";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHcl } from "../../../../src/nomad/hcl/parse.ts";
import { expression } from "../../../hcl-oracle/generated.ts";
import { plainBody } from "./plain-value.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,5}$/).filter((word) => !["for", "true", "false", "null"].includes(word));
const blank = fc.constantFrom("", " ", "  ", "\t", " /* c */ ");
const lineEnd = fc.constantFrom("\n", "\n\n", " # c\n", " // c\n", "\r\n", "\n/* c\n */\n");
const char = fc.constantFrom("a", "Z", " ", "é", "😀", "$", "%", "{", "}", "${", "%{", "'", "#", "/", "<<", "\\", '"', "\n", "\t");

const quoted = fc.array(char, { maxLength: 8 }).map((chars) => JSON.stringify(chars.join("").replace(/([$%])\{/g, "$1$1{")));
const heredoc = fc
  .tuple(fc.constantFrom("<<", "<<-"), fc.array(fc.stringMatching(/^[ \t]{0,3}[a-z"\\ ]{0,5}(\$\{x\})?[a-z]{0,2}$/), { maxLength: 4 }))
  .map(([open, lines]) => `${open}END\n${lines.map((line) => `${line}\n`).join("")} END`);
const interpolated = fc.constantFrom('"${a.b}"', '"x-${f("}")}-y"', '"%{if a}b%{endif}"', '"${f({})}"', '"${a}$${b}"');
const number = fc.oneof(fc.integer({ min: 0, max: 1e9 }).map(String), fc.constantFrom("1.5", "2e3", "0.25", "1E+2", "-7"));
const scalar = fc.oneof(quoted, interpolated, number, fc.constantFrom("true", "false", "null"));

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 3 },
    scalar,
    fc.tuple(fc.array(tie("value"), { maxLength: 3 }), blank, fc.boolean()).map(([items, space, last]) => `[${items.join(`,${space}`)}${last && items.length > 0 ? "," : ""}]`),
    fc
      .tuple(fc.uniqueArray(name, { maxLength: 3 }), fc.array(tie("value"), { minLength: 3, maxLength: 3 }), fc.constantFrom(",", "\n", ", "))
      .map(([keys, values, separator]) => `{${keys.map((key, index) => `${key} = ${values[index]}`).join(separator)}}`),
  ),
}));

const attribute = fc.tuple(name, blank, fc.oneof(value, heredoc)).map(([key, space, text]) => ({ key, text: `${key}${space}= ${text}` }));
const attributes = fc
  .tuple(fc.uniqueArray(attribute, { maxLength: 4, selector: ({ key }) => key }), lineEnd)
  .map(([list, end]) => list.map(({ text }) => `${text}${text.endsWith("END") ? "\n" : end}`).join(""));
const block = fc
  .tuple(fc.constantFrom("B0 ", "B1 one ", 'B1 "o n e" ', 'B2 x "y" '), attributes, attributes)
  .map(([head, body, inner]) => `${head}{\n${body}B0 {\n${inner}}\n}\n`);
const file = fc.tuple(attributes, fc.array(block, { maxLength: 3 })).map(([head, blocks]) => head + blocks.join(""));

async function oracle(text: string): Promise<unknown> {
  try {
    return await parseWithOracle("x.hcl", text);
  } catch (thrown) {
    return { refused: String(thrown) };
  }
}

describe("parseHcl beside HashiCorp's own parser", () => {
  it("reads the same values from generated files", async () => {
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        const result = parseHcl(text, "hcl2");
        expect(result.ok ? plainBody(result.value, text) : result.error).toEqual(await oracle(text));
      }),
      { numRuns: 150 },
    );
  });

  it("accepts and refuses the same damaged files", async () => {
    const damage = fc.tuple(file, fc.nat(), fc.nat({ max: 2 }), fc.constantFrom("", "{", "}", '"', "\n", "=", ",", "]", "[", " "));
    await fc.assert(
      fc.asyncProperty(damage, async ([text, at, removed, added]) => {
        const offset = at % (text.length + 1);
        const damaged = (text.slice(0, offset) + added + text.slice(offset + removed)).toWellFormed();
        const result = parseHcl(damaged, "hcl2");
        const expected = await oracle(damaged);
        const refused = typeof expected === "object" && expected !== null && "refused" in expected;
        expect({ text: damaged, accepted: result.ok }).toEqual({ text: damaged, accepted: !refused });
      }),
      { numRuns: 300 },
    );
  });

  it.each(["a[\n*]", "a[*\n]", "a[\n*].b", "{ x = a[\n*] }", "(a[\n*])", "[a[*\n]]", "f(a[\n*].b)", '"${a[\n*]}"', "a[\n0]", "a[0\n]", "a[ /* c */ * ]"])("accepts or refuses %j alike", async (text) => {
    const expected = await oracle(`x = ${text}\n`);
    const refused = typeof expected === "object" && expected !== null && "refused" in expected;
    expect(parseHcl(`x = ${text}\n`, "hcl2").ok).toBe(!refused);
  });

  it("accepts and refuses the same expressions, damaged or not", async () => {
    const added = fc.constantFrom("", "{", "}", '"', "\n", "=", ",", "]", "[", " ", "(", ")", ".", "*", "...", "?", ":", "=>", "${", "%{ if", "~}", "#", "/*", "for ", "if ", "-", "!", "&&", "<<A\n", "::");
    const damage = fc.tuple(expression, fc.boolean(), fc.nat(), fc.nat({ max: 2 }), added);
    await fc.assert(
      fc.asyncProperty(damage, async ([good, isDamaged, at, removed, piece]) => {
        const offset = at % (good.length + 1);
        const text = `x = ${isDamaged ? good.slice(0, offset) + piece + good.slice(offset + removed) : good}\n`.toWellFormed();
        const expected = await oracle(text);
        const refused = typeof expected === "object" && expected !== null && "refused" in expected;
        // The oracle reckons out what has no names in it, and may refuse that.
        fc.pre(!refused || !/Invalid operand|Operation failed|Null value as key|Incorrect key type/.test(String(expected.refused)));
        expect({ text, accepted: parseHcl(text, "hcl2").ok }).toEqual({ text, accepted: !refused });
      }),
      { numRuns: 1500 },
    );
  });
});
