/** @module HCL that was written to take long, or much memory: each must end with its reason, and not by the time limit of the test. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateHcl } from "../../../../src/nomad/hcl/evaluate.ts";
import { expression } from "../../../hcl-oracle/generated.ts";
import { mistakes } from "./evaluated-value.ts";

const locals = (count: number, first: string, next: (before: string) => string): string =>
  `locals {\n  a0 = ${first}\n${Array.from({ length: count }, (_, index) => `  a${index + 1} = ${next(`local.a${index}`)}\n`).join("")}}\n`;
const TOO_COSTLY = /Evaluation too costly|the result would be larger than is accepted/;
const loop = (inner: string): string => ["a", "b", "c"].reduce((made, name) => `[for ${name} in range(1000) : ${made}]`, inner);

describe("a bomb is refused:", () => {
  it.each([
    ["lists that repeat each other", `${locals(40, "[1]", (it) => `[${it}, ${it}]`)}x = local.a40\n`],
    ["the text of such lists", `${locals(40, "[1]", (it) => `[${it}, ${it}]`)}x = jsonencode(local.a40)\n`],
    ["the comparison of such lists", `${locals(40, "[1]", (it) => `[${it}, ${it}]`)}x = local.a40 == local.a40\n`],
    ["texts that repeat each other", `${locals(60, '"xxxxxxxx"', (it) => `"\${${it}}\${${it}}"`)}x = local.a60\n`],
    ["conditions of such lists", `${locals(40, "[1]", (it) => `true ? [${it}, ${it}] : [${it}]`)}x = 1\n`],
    ["loops in loops", `x = ${loop("1")}\n`],
    ["loops in loops of which only success is asked", `x = can(${loop("1")})\n`],
    ["loops in a template", 'x = "%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }x%{ endfor }%{ endfor }%{ endfor }"\n'],
    ["a wide column", 'x = format("%1000000000s", "a")\n'],
    ["a wide margin", 'x = indent(1000000000, "a\\nb")\n'],
    ["a product", "x = setproduct(range(1000), range(1000), range(1000))\n"],
    ["texts that replace each other", `${locals(9, '"aaaaaaaaaa"', (it) => `replace(${it}, "a", ${it})`)}x = local.a9\n`],
    ["a regular expression over a long text", 'x = [for i in range(1000) : regex_replace(join("", [for x in range(1000) : "aaaaaaaa"]), "(a|aa|aaa)+$", "")]\n'],
    ["aliases of YAML", `x = yamldecode("a0: &a0 [x]\\n${Array.from({ length: 40 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]\\n`).join("")}")\n`],
    ["dynamic blocks in dynamic blocks", ["a", "b", "c"].reduce((inner, name) => `dynamic "${name}" {\n  for_each = range(1000)\n  content {\n${inner}\n}\n}\n`, "")],
  ])("%s", (_name, text) => {
    expect(mistakes(text).join("\n")).toMatch(TOO_COSTLY);
  });

  it.each([
    ["lists", `x = ${"[".repeat(1000)}${"]".repeat(1000)}\n`],
    ["parentheses", `x = ${"(".repeat(100_000)}`],
    ["signs", `x = ${"-".repeat(100_000)}1\n`],
    ["conditions", `x = ${"true ? 1 : ".repeat(10_000)}2\n`],
    ["blocks", `${"a {\n".repeat(1000)}${"}\n".repeat(1000)}`],
    ["directives", `x = "${"%{ if true }".repeat(10_000)}"\n`],
    ["templates", `x = ${'"${'.repeat(100_000)}`],
    ["splats", `x = []${"[*]".repeat(10_000)}\n`],
    ["YAML", `x = yamldecode("${"- ".repeat(10_000)}")\n`],
  ])("%s in each other", (_name, text) => {
    expect(mistakes(text).join("\n")).toMatch(/nested more than \d+ levels deep/);
  });

  it("a text over the limit", () => {
    expect(mistakes("x".repeat(1024 * 1024 + 1))).toEqual(["1:1 the text has 1048577 characters, but at most 1048576 are accepted"]);
  });

  it("50,000 locals in a circle", () => {
    const text = `locals {\n${Array.from({ length: 50_000 }, (_, index) => `  a${index} = local.a${(index + 1) % 50_000}\n`).join("")}}\n`;
    expect(evaluateHcl({ name: "x", text }, { limits: { maxChars: 1e8, maxDepth: 64 } })).toMatchObject({ ok: false, error: [{ message: expect.stringContaining("Circular local value") }] });
  });

  it.each([["a huge number", "1e999999999"], ["a square of squares", "pow(10, 100000)"], ["a division by nothing", "1 / 0"]])("%s", (_name, text) => {
    expect(mistakes(`x = ${text}\n`)).toEqual(["1:5 Unsuitable value; This number is infinite, which no job can hold."]);
  });
});

describe("what is long but plain is evaluated:", () => {
  it.each([
    ["a sum", Array.from({ length: 20_000 }, () => "1").join(" + "), 20_000],
    ["a chain of indexes", `[${"1".repeat(5)}]${"".padEnd(0)}[0]`, 11_111],
    ["a long text", `strlen("${"é".repeat(100_000)}")`, 100_000],
  ])("%s", (_name, text, value) => {
    const result = evaluateHcl({ name: "x", text: `x = ${text}\n` });
    expect(result.ok && result.value.attributes.get("x")?.value).toBe(value);
  });

  it("a chain of locals as long as the file", () => {
    const text = `${locals(5000, "1", (it) => `${it} + 1`)}x = local.a5000\n`;
    const result = evaluateHcl({ name: "x", text });
    expect(result.ok && result.value.attributes.get("x")?.value).toBe(5001);
  });
});

describe("any text", () => {
  const piece = fc.constantFrom("a", "x", " ", "\n", "=", "{", "}", "[", "]", "(", ")", '"', "\\", "${", "%{", "~}", "$", "<<EOF\n", "<<-E\n", "EOF\n", "/*", "*/", "#", ",", "1", "-", "null", ".", "*", "...", "?", ":", "=>", "for ", " in ", "if ", "&&", "==", "local.", "var.", "upper(", "dynamic ", "locals ", "variable ", "é", "\u{1F600}", "\uD800", "\r");
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(piece, { maxLength: 60 }).map((list) => list.join("")));

  it("gives a body or mistakes with places in the text, and never throws", () => {
    fc.assert(fc.property(text, (source) => expectWithin(source)), { numRuns: 3000 });
  });

  it("that was a good one before it was damaged does so too", () => {
    const damage = fc.tuple(expression, fc.nat(), fc.nat({ max: 3 }), piece);
    fc.assert(fc.property(damage, ([good, at, removed, added]) => {
      const offset = at % (good.length + 1);
      expectWithin(`locals {\n  l = ${good.slice(0, offset)}${added}${good.slice(offset + removed)}\n}\nx = local.l\n`);
    }), { numRuns: 2000 });
  });
});

function expectWithin(source: string): void {
  const result = evaluateHcl({ name: "x", text: source });
  const positions = result.ok ? [result.value.range.end] : result.error.map(({ position }) => position);
  expect(positions.length).toBeGreaterThan(0);
  for (const { offset, line } of positions) {
    expect(offset).toBeLessThanOrEqual(source.length);
    expect(source.slice(0, offset).split("\n").length).toBe(line);
  }
}
