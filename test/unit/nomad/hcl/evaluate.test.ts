import { describe, expect, it } from "vitest";
import { evaluateHcl, type EvaluateOptions } from "../../../../src/nomad/hcl/evaluate.ts";
import { err, ok } from "../../../../src/lib/result.ts";
import { formatDiagnostic } from "../../../../src/nomad/hcl/syntax.ts";
import { evaluated, mistakes, valueOf } from "./evaluated-value.ts";

describe("an expression gives", () => {
  it.each([
    ["1 + 2 * 3 - 4 / 2", 5],
    ["(1 + 2) * 3", 9],
    ["7 % 3", 1],
    ["-7 % 3", -1],
    ["0.1 + 0.2 == 0.3", true],
    ["9007199254740993 - 9007199254740992", 1],
    ['"=${1 / 3 * 3}"', "=1"],
    ['"=${12345678901234567890}"', "=12345678901234567890"],
    ['"1" + 1', 2],
    ["1 == \"1\"", false],
    ["!true || 1 < 2 && 3 >= 3", true],
    ['true ? 1 : "b"', "1"],
    ["false ? [1] : []", []],
    ["null == null", true],
    ["[1, 2,\n 3][1]", 2],
    ["{ a = { b = [5] } }.a.b[0]", 5],
    ['{ "a b" : 1, ("C") = 2, 3 = 4 }', { "a b": 1, C: 2, 3: 4 }],
    ["[{ a = 1 }, { a = 2 }][*].a", [1, 2]],
    ["[{ a = 1 }, { a = 2 }].*.a", [1, 2]],
    ["[[1], [2]].*[1][0]", 2],
    ["[[1], [2]][*][0]", [1, 2]],
    ["null[*]", []],
    ["5[*]", [5]],
    ['[for i, x in ["a", "b"] : "${i}${x}" if x != "a"]', ["1b"]],
    ['{ for x in ["a", "b", "a"] : x => 1... }', { a: [1, 1], b: [1] }],
    ['"%{ for x in [1, 2] ~} ${x} %{~ endfor }!"', "12!"],
    ['"%{ if false }a%{ else }b%{ endif }"', "b"],
    ["<<EOT\n  a ${1 + 1}\n  EOT", "  a 2\n"],
    ["<<-EOT\n    a\n   %{ if true ~}\n   b\n   %{ endif ~}\n  EOT", " a\n   b\n"],
    ['try([][0], "else")', "else"],
    ["can({}.a)", false],
    ['convert("5", number)', 5],
    ['convert(["1"], list(number))', [1]],
    ["max([1, 3, 2]...)", 3],
  ])("%s", (expression, value) => {
    expect(valueOf(expression)).toEqual(value);
  });
});

describe("names that nobody defined stay as they were written", () => {
  it.each([
    ["attr.kernel.name", "${attr.kernel.name}"],
    ['"${NOMAD_PORT_http}:${ meta.x }"', "${NOMAD_PORT_http}:${meta.x}"],
    ['"${env["HOME"]}/x"', '${env["HOME"]}/x'],
    ["[node.unique.name][0]", "${node.unique.name}"],
    ['"$${X} %%{X}"', "${X} %{X}"],
    ["[for x in [1] : y]", ["${y}"]],
    ["<<EOT\n${NOMAD_TASK_DIR}\nEOT", "${NOMAD_TASK_DIR}\n"],
  ])("%s", (expression, value) => {
    expect(valueOf(expression)).toEqual(value);
  });
});

describe("a file", () => {
  it("has variables and locals in any order", () => {
    const text = 'locals {\n  b = local.a + 1\n}\nx = "${var.n}-${local.b}"\nlocals {\n  a = var.n * 2\n}\nvariable "n" {\n  default = 3\n}\nvariables {\n  m = [1]\n}\ny = var.m\n';
    expect(evaluated(text)).toEqual({ x: "3-7", y: [1] });
  });

  it("has dynamic blocks, one in another", () => {
    const text = 'a {\n  dynamic "b" {\n    for_each = { x = [1, 2], y = [3] }\n    labels = [b.key]\n    content {\n      dynamic "c" {\n        for_each = b.value\n        iterator = it\n        content {\n          n = it.value\n          of = b.key\n        }\n      }\n    }\n  }\n  d {}\n}\n';
    const c = (n: number, of: string) => ["c", { n, of }];
    expect(evaluated(text)).toEqual({ blocks: [["a", { blocks: [["b x", { blocks: [c(1, "x"), c(2, "x")] }], ["b y", { blocks: [c(3, "y")] }], ["d", {}]] }]] });
  });

  it("tells everything that is wrong with it", () => {
    expect(mistakes("a = {}.b\nb = 1\nc = nope()\n")).toEqual([
      '1:7 Unsupported attribute; This object does not have an attribute named "b".',
      '3:5 Call to unknown function; There is no function named "nope".',
    ]);
  });

  it("gives the place of every value", () => {
    const result = evaluateHcl({ name: "job.hcl", text: "a {\n  b = 1 +\t2\n}\n" });
    const attribute = result.ok ? result.value.blocks[0]?.body.attributes.get("b") : undefined;
    expect(attribute).toMatchObject({ value: 3, nameRange: { start: { line: 2, column: 3 } }, valueRange: { start: { line: 2, column: 7 }, end: { line: 2, column: 12 } } });
  });
});

describe("functions that need something from outside", () => {
  const files: NonNullable<EvaluateOptions["files"]> = {
    readFile: (path) => (path === "a.txt" ? ok(Buffer.from("é")) : path === "bad" ? ok(Buffer.from([0xff])) : err(`no file exists at ${path}`)),
    kindOf: (path) => (path === "a.txt" ? "file" : path === "dir" ? "directory" : undefined),
    filesBelow: (folder) => (folder === "dir" ? ok(["a.txt", "b.md", "sub/c.txt", "sub/deep/d.txt", "x[1]"]) : err(`no folder ${folder}`)),
    absolutePath: (path) => `/srv/${path}`,
    home: "/home/u",
  };

  it.each([
    ['file("a.txt")', "é"],
    ['filebase64("a.txt")', "w6k="],
    ['fileexists("a.txt")', true],
    ['fileexists("nope")', false],
    ['abspath("a")', "/srv/a"],
    ['pathexpand("~/x")', "/home/u/x"],
    ['pathexpand("~user/x")', "~user/x"],
    ['[for p in ["a/b", "a/b/", "/", "", "b", "a//"] : basename(p)]', ["b", "b", "/", ".", "b", "a"]],
    ['[for p in ["a/b", "a/b/", "/", "", "b", "/a/../b/c", "../x"] : dirname(p)]', ["a", "a/b", "/", ".", ".", "/b", ".."]],
    ['fileset("dir", "*.txt")', ["a.txt"]],
    ['fileset("dir", "**/*.txt")', ["a.txt", "sub/c.txt", "sub/deep/d.txt"]],
    ['fileset("dir", "*/c.{md,txt}")', ["sub/c.txt"]],
    ['fileset("dir", "[a-b].???")', ["a.txt"]],
    ['fileset("dir", "[!a].*")', ["b.md"]],
    ['fileset("dir", "x\\\\[1]")', ["x[1]"]],
  ])("%s", (expression, value) => {
    expect(valueOf(expression, { files })).toEqual(value);
  });

  it.each([
    ['file("nope")', /no file exists at nope/],
    ['file("bad")', /not valid UTF-8; use the filebase64 function/],
    ['fileexists("dir")', /is not a regular file/],
    ['fileset("dir", "{a")', /invalid pattern/],
  ])("%s is refused", (expression, message) => {
    expect(mistakes(`x = ${expression}\n`, { files })).toEqual([expect.stringMatching(message)]);
  });

  it.each(["abspath", "basename", "dirname", "file", "filebase64", "fileexists", "fileset", "pathexpand"])("%s is refused where nobody gave files", (name) => {
    expect(mistakes(`x = ${name}("a", "b")\n`)).toEqual([expect.stringMatching(/^1:5 Unsupported function; .*filesystem functions are disabled/)]);
  });

  it("uuidv4 takes what the caller draws, and bcrypt is refused", () => {
    expect(valueOf("uuidv4()", { randomUuid: () => "drawn" })).toBe("drawn");
    expect(mistakes("x = uuidv4()\ny = bcrypt(1)\nz = rsadecrypt(1, 2)\n")).toEqual([expect.stringMatching("^1:5 Unsupported"), expect.stringMatching("^2:5 Unsupported"), expect.stringMatching("^3:5 Unsupported")]);
  });
});

describe("a dynamic block is refused", () => {
  const dynamic = (inner: string): string => `dynamic "b" {\n${inner}\n}\n`;

  it.each([
    ["without a collection", "  content {\n  }", /^1:1 Missing required argument; The argument "for_each" is required/],
    ["without content", "  for_each = []", /^1:1 Missing dynamic content block/],
    ["with two contents", "  for_each = []\n  content {\n  }\n  content {\n  }", /^5:3 Extraneous dynamic content block/],
    ["over null", "  for_each = null\n  content {\n  }", /^2:14 Invalid dynamic for_each value; Cannot use a null value/],
    ["over a text", '  for_each = "a"\n  content {\n  }', /^2:14 Invalid dynamic for_each value; Cannot use a string value/],
    ["with an iterator that is no name", "  for_each = []\n  iterator = a.b\n  content {\n  }", /^3:14 Invalid expression/],
    ["with labels that are no list", "  for_each = []\n  labels = 1\n  content {\n  }", /^3:12 Invalid expression; A static list/],
    ["with a label that is no text", "  for_each = [1]\n  labels = [[]]\n  content {\n  }", /^3:13 Invalid dynamic block label/],
    ["with another argument", "  for_each = []\n  foreach = 1\n  content {\n  }", /^3:3 Unsupported argument; An argument named "foreach"/],
  ])("%s", (_name, inner, message) => {
    expect(mistakes(dynamic(inner))).toEqual([expect.stringMatching(message)]);
  });
});

describe("a mistake as Nomad's agents write it", () => {
  it.each([
    ["x = {}.a\n", 'job.hcl:1,7-9: Unsupported attribute; This object does not have an attribute named "a".'],
    ["x = true ? 1 : [\n1]\n", "job.hcl:1,5-2,3: Inconsistent conditional result types; The true and false result expressions must have consistent types. The 'true' value is number, but the 'false' value is tuple."],
    ["x = ;\n", 'job.hcl:1,5-5: Invalid expression; expected a value, but found ";"'],
  ])("%j", (text, written) => {
    const result = evaluateHcl({ name: "job.hcl", text });
    expect(result.ok ? [] : result.error.map(formatDiagnostic)).toEqual([written]);
  });
});
