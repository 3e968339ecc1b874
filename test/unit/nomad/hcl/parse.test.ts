import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHcl } from "../../../../src/nomad/hcl/parse.ts";
import type { Body, HclError } from "../../../../src/nomad/hcl/syntax.ts";
import { formatHclError } from "../../../../src/nomad/hcl/syntax.ts";
import { plainBody } from "./plain-value.ts";

function parsed(text: string, dialect: "hcl1" | "hcl2" = "hcl2"): Body {
  const result = parseHcl(text, dialect);
  if (!result.ok) throw new Error(formatHclError(result.error));
  return result.value;
}

function refusal(text: string, dialect: "hcl1" | "hcl2" = "hcl2"): HclError {
  const result = parseHcl(text, dialect);
  if (result.ok) throw new Error(`accepted ${JSON.stringify(text)}`);
  return result.error;
}

describe("parseHcl reads", () => {
  it.each([
    ["nothing", "", {}],
    ["a text of comments", "# one\n// two\n/* three\nlines */", {}],
    ["literals", 'a = "x"\nb = 1.5e3\nc = true\nd = null\ne = -2', { a: "x", b: 1500, c: true, d: null, e: -2 }],
    ["comments between tokens", "a /* b */ = /* c */ 1", { a: 1 }],
    ["comments behind a value", "a = 1 # one\nb = 2 // two\nc = 3 /* three */", { a: 1, b: 2, c: 3 }],
    ["escapes", String.raw`a = "\n\r\t\"\\\u00e9\U0001F600"`, { a: '\n\r\t"\\é😀' }],
    ["doubled signs as themselves", 'a = "$${x} %%{y} $ $$ 5%"', { a: "$${x} %%{y} $ $$ 5%" }],
    ["lists over lines with a last comma", 'a = [\n1,\n"b",\n]', { a: [1, "b"] }],
    ["objects with all kinds of keys", 'a = { b = 1, "c d" : 2\n3 = 4 }', { a: { 3: 4, b: 1, "c d": 2 } }],
    ["a heredoc", "a = <<EOF\n one\n\\n \"two\"\nEOF\n", { a: ' one\n\\n "two"\n' }],
    ["an empty heredoc", "a = <<EOF\nEOF\nb = 1\n", { a: "", b: 1 }],
    ["a heredoc that strips indentation", "a = <<-EOF\n    one\n\n   two\n     \n   EOF\n", { a: " one\n\ntwo\n     \n" }],
    ["indentation before an interpolation", "a = <<-EOF\n   ${x}\n    y\nEOF\n", { a: "${x}\n y\n" }],
    ["no indentation where an interpolation begins the line", "a = <<-EOF\n  x\n${y}\nEOF\n", { a: "  x\n${y}\n" }],
    ["interpolations, strings within them and braces within those", 'a = "x${f("}${"{"}", {b = 1})}y"', { a: 'x${f("}${"{"}", {b = 1})}y' }],
    ["a lone brace in a string of an interpolation", 'a = "${f("a{")}"', { a: '${f("a{")}' }],
    ["comments and line ends in an interpolation", 'a = "${f( # }\n 1) /* } */}"', { a: "${f( # }\n 1) /* } */}" }],
    ["a comment sign in a string of an interpolation", 'a = "${f("# }")}"', { a: '${f("# }")}' }],
    ["doubled signs in a string of an interpolation", 'a = "${f("$${")}"', { a: '${f("$${")}' }],
    ["a lone sign in a string of an interpolation", 'a = "${f("a$b")}"', { a: '${f("a$b")}' }],
    ["escapes around the surrogates", String.raw`a = "\ud7ff\ue000\U0010ffff"`, { a: "\ud7ff\ue000\u{10ffff}" }],
    ["directives", 'a = "%{ if x ~}b%{ endif }"', { a: "%{ if x ~}b%{ endif }" }],
    ["blocks with quoted and bare labels", 'job "a b" c {\n x = 1\n}', { job: { "a b": { c: [{ x: 1 }] } } }],
    ["a block on one line", "a { b = 1 }\nc {}", { a: [{ b: 1 }], c: [{}] }],
    ["blocks within blocks", "a {\n b {\n }\n b {\n }\n}", { a: [{ b: [{}, {}] }] }],
    ["Windows line ends", "a = 1\r\nb {\r\n c = 2\r\n}\r\n", { a: 1, b: [{ c: 2 }] }],
    ["a byte order mark", "\uFEFFa = 1", { a: 1 }],
  ])("%s", (_name, text, value) => {
    expect(plainBody(parsed(text), text)).toEqual(value);
  });

  it.each([
    ["several attributes on a line", 'a { b = 1 c = 2, d = 3 }', { a: [{ b: 1, c: 2, d: 3 }] }],
    ["quoted names", '"a" "b" { "c" = 1 }', { a: { b: [{ c: 1 }] } }],
    ["a repeated name, for its reader to judge", "a = 1\na = 2", { a: 2 }],
  ])("in the old dialect %s", (_name, text, value) => {
    expect(plainBody(parsed(text, "hcl1"), text)).toEqual(value);
    expect(parseHcl(text, "hcl2").ok).toBe(false);
  });
});

describe("parseHcl refuses, with the place and what was expected,", () => {
  it.each([
    ["a missing value", "a =\n", [1, 4], 'Invalid expression; expected a value, but found a line end'],
    ["a comment in place of a value", "a = # b\n", [1, 8], "Invalid expression; expected a value, but found a line end"],
    ["a missing brace", "a {\n b = 1\n", [3, 1], 'Unclosed configuration block; expected "}", but found the end of the text'],
    ["a lone name", "x = 1\nabc\n", [2, 4], 'Invalid block definition; expected "=", a label or "{" after "abc", but found a line end'],
    ["two attributes on a line", "a = 1 b = 2", [1, 7], 'Missing newline after argument; expected a line end, but found "b"'],
    ["two attributes in a block on one line", "a { b = 1, c = 2 }", [1, 10], 'Invalid single-argument block definition; expected "}" behind the one attribute of this line; write several on lines of their own, but found ","'],
    ["a repeated attribute", "a = 1\nb = 2\n  a = 3", [3, 3], 'Attribute redefined; "a" is set already on line 1; remove one of the two'],
    ["an unclosed string", 'a = "b', [1, 5], "Unterminated template string; this string has no closing quote"],
    ["a string over two lines", 'a = "b\nc"', [1, 7], "Invalid multi-line string; a quoted string must end on its own line; write \\n, or use a heredoc"],
    ["an unknown escape", String.raw`a = "\q"`, [1, 6], String.raw`Invalid escape sequence; expected one of \n \r \t \" \\ \uNNNN \UNNNNNNNN after the backslash; write \\ for a backslash itself`],
    ["half of a surrogate pair", String.raw`a = "\ud800"`, [1, 6], String.raw`Invalid escape sequence; expected one of \n \r \t \" \\ \uNNNN \UNNNNNNNN after the backslash; write \\ for a backslash itself`],
    ["text behind the marker of a heredoc", "a = <<EOF x\ny\nEOF\n", [1, 10], 'Invalid expression; expected a line end right after "<<EOF"'],
    ["a heredoc without marker", "a = <<\ny\n", [1, 7], 'Invalid expression; expected a marker, such as EOF, right after "<<"'],
    ["something wrong below blank lines", "\n\n\n\na = ;", [5, 5], 'Invalid expression; expected a value, but found ";"'],
    ["an unclosed heredoc", "a = <<EOF\nb\nEOF", [1, 5], 'Unterminated template string; this heredoc has no line that holds "EOF" alone'],
    ["an unclosed comment", "a = 1 /* b", [1, 7], 'Missing newline after argument; expected a line end, but found a comment without its closing "*/"'],
    ["an unclosed interpolation", 'a = "x${b', [1, 7], 'Unclosed template interpolation sequence; this template part has no closing "}"'],
    ["a list without commas", "a = [1 2]", [1, 8], 'Missing item separator; expected "," or "]" in this list, but found "2"'],
    ["an object without separators", "a = { b = 1 c = 2 }", [1, 13], 'Missing attribute separator; expected ",", a line end or "}" in this object, but found "c"'],
    ["a template as a label", 'a "${b}" {}', [1, 3], "Invalid string literal; a label must be a plain string, without template parts"],
    ["a character that nothing begins with", "a = 1\n;", [2, 1], 'Argument or block definition required; expected the name of an attribute or block, but found ";"'],
  ])("%s", (_name, text, place, message) => {
    const { position, message: actual } = refusal(text);
    expect({ place: [position.line, position.column], message: actual }).toEqual({ place, message });
  });

  it.each([
    ["a reference", "a = var.b", [1, 5]],
    ["a call", 'a = "x"\nb = f(1)', [2, 5]],
    ["an operator", "a = 1 + 2", [1, 7]],
    ["a comparison", "a = 1 == 2", [1, 7]],
    ["a condition", "a = true ? 1 : 2", [1, 10]],
    ["parentheses", "a = (1)", [1, 5]],
    ["an index", "a = [1][0]", [1, 8]],
    ["a for expression in a list", "a = [for x in [] : x]", [1, 6]],
    ["a for expression in an object", "a = {for x in [] : x => x}", [1, 6]],
    ["an expression as a key", "a = {-b = 1}", [1, 6]],
    ["an expression as a key that begins with a number", "a = {-0-00 = 1}", [1, 8]],
    ["a key in parentheses", "a = {(b) = 1}", [1, 6]],
  ])("%s in the old dialect, which has no expressions", (_name, text, place) => {
    const { position, message } = refusal(text, "hcl1");
    expect([position.line, position.column]).toEqual(place);
    expect(message).toMatch(/^expressions are not supported here: found .+, but expected a plain value$/);
  });

  it.each([
    ["a text over the limit", `a = "${"x".repeat(200)}"`, /^the text has 206 characters, but at most 100 are accepted$/],
    ["lists in lists", `a = ${"[".repeat(9)}${"]".repeat(9)}`, /^Nesting too deep; nested more than 5 levels deep$/],
    ["blocks in blocks", `${"a {\n".repeat(9)}${"}\n".repeat(9)}`, /^Nesting too deep; nested more than 5 levels deep$/],
    ["braces in an interpolation", `a = "\${${"{".repeat(9)}${"}".repeat(10)}"`, /^Nesting too deep; nested more than 5 levels deep$/],
  ])("%s", (_name, text, message) => {
    const result = parseHcl(text, "hcl2", { maxChars: 100, maxDepth: 5 });
    expect(result).toMatchObject({ ok: false, error: { message: expect.stringMatching(message) } });
  });
});

describe("parseHcl refuses the escape", () => {
  it.each([String.raw`\ud800`, String.raw`\udfff`, String.raw`\U0000dabc`, String.raw`\U00110000`, String.raw`\u12`, String.raw`\u12xy`, String.raw`\U0001F60`, String.raw`\u+123`, String.raw`\x41`])("%s", (escape) => {
    expect(refusal(`a = "${escape}"`).position).toEqual({ offset: 5, line: 1, column: 6 });
  });
});

describe("the tree", () => {
  it("has no template where the signs are doubled", () => {
    const [dollar, percent] = parsed('a = "$${x}"\nb = "%%{x}"').items;
    expect([dollar, percent]).toMatchObject([{ value: { kind: "literal", value: "${x}" } }, { value: { kind: "literal", value: "%{x}" } }]);
  });

  it("has the place of every name, label and value", () => {
    const [block] = parsed('# first\njob "web" {\n  count = [1,\n    "two"]\n}').items;
    if (block?.kind !== "block") throw new Error("no block");
    const [attribute] = block.body.items;
    if (attribute?.kind !== "attribute" || attribute.value.kind !== "tuple") throw new Error("no list");
    expect(block.typeRange.start).toEqual({ offset: 8, line: 2, column: 1 });
    expect(block.labels[0]?.range).toEqual({ start: { offset: 12, line: 2, column: 5 }, end: { offset: 17, line: 2, column: 10 } });
    expect(attribute.nameRange.start).toEqual({ offset: 22, line: 3, column: 3 });
    expect(attribute.value.items[1]?.range.start).toEqual({ offset: 38, line: 4, column: 5 });
    expect(block.range.end).toEqual({ offset: 46, line: 5, column: 2 });
  });

  it("keeps an interpolation of the old dialect as it was written, with its place", () => {
    const [attribute] = parsed('a = "x-${ env["B"] }"', "hcl1").items;
    expect(attribute).toMatchObject({
      value: { kind: "template", parts: [{ kind: "text", value: "x-" }, { kind: "unread", source: '${ env["B"] }', range: { start: { offset: 7 } } }] },
    });
  });
});

describe("parseHcl on any text", () => {
  const pieces = fc.constantFrom("a", " ", "\n", "=", "{", "}", "[", "]", '"', "\\", "${", "%{", "$", "<<EOF", "<<-", "EOF", "/*", "*/", "#", ",", "1", "-", "null", ".", "(", "é", "\u{1F600}", "\uD800", "\r");
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.array(pieces, { maxLength: 60 }).map((list) => list.join("")));

  it("gives a tree or an error within the text, and never throws", () => {
    fc.assert(
      fc.property(text, fc.constantFrom("hcl1" as const, "hcl2" as const), (source, dialect) => {
        const result = parseHcl(source, dialect);
        const position = result.ok ? result.value.range.end : result.error.position;
        expect(position.offset).toBeLessThanOrEqual(source.length);
        expect(source.slice(0, position.offset).split("\n").length).toBe(position.line);
      }),
      { numRuns: 2000 },
    );
  });
});
