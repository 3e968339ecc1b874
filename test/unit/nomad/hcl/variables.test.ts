import { describe, expect, it } from "vitest";
import { evaluateHcl, type EvaluateOptions } from "../../../../src/nomad/hcl/evaluate.ts";
import { evaluated, mistakes } from "./evaluated-value.ts";

const declared = (body: string): string => `variable "v" {\n  ${body}\n}\nx = var.v\n`;
const valueWith = (body: string, options: EvaluateOptions): unknown => evaluated(declared(body), options)["x"];

describe("the value of a variable", () => {
  const everywhere: EvaluateOptions = {
    environment: { NOMAD_VAR_v: "from the environment" },
    variableFiles: [{ name: "a.hcl", text: 'v = "from a"' }, { name: "b.json", text: '{"v": "from ${b}"}' }],
    flags: ["v=from a flag", "v=from the last flag"],
  };
  const { environment = {}, variableFiles = [] } = everywhere;

  it.each([
    ["its default, where nobody gives another", {}, "from the default"],
    ["the environment's, before the default", { environment }, "from the environment"],
    ["the last file's, before the environment", { environment, variableFiles }, "from ${b}"],
    ["the last flag's, before everything", everywhere, "from the last flag"],
  ])("is %s", (_name, options, value) => {
    expect(valueWith('default = "from the default"', options)).toBe(value);
  });

  it.each([
    ["string", "5", "5"],
    ["number", "5", 5],
    ["number", "1e3", 1000],
    ["bool", "true", true],
    ["bool", "1", true],
    ["any", "[1]", "[1]"],
    ["list(string)", '["a", 1]', ["a", "1"]],
    ["set(number)", "[3, 1, 3]", [1, 3]],
    ["map(number)", '{ a = "1" }', { a: 1 }],
    ["object({ a = string, b = optional(number) })", "{ a = 1 }", { a: "1", b: null }],
    ["tuple([string, bool])", '[1, "true"]', ["1", true]],
  ])("of type %s from the text %s", (type, text, value) => {
    expect(valueWith(`type = ${type}`, { flags: [`v=${text}`] })).toEqual(value);
    expect(valueWith(`type = ${type}`, { environment: { NOMAD_VAR_v: text } })).toEqual(value);
  });

  it("has the type of its default where none is written", () => {
    expect(valueWith("default = [1]", { flags: ["v=[2, 3]"] })).toEqual([2, 3]);
    expect(valueWith('default = "a"', { flags: ["v=[2, 3]"] })).toBe("[2, 3]");
  });

  it("is the default for null where nulls are not let in", () => {
    const nulls = { variableFiles: [{ name: "f", text: "v = null" }] };
    expect(valueWith('default = "d"\n  nullable = false', nulls)).toBe("d");
    expect(valueWith('default = "d"', nulls)).toBeNull();
  });

  it("may hold signs that mean something to a template", () => {
    expect(valueWith("type = string", { flags: ["v=${a} $${b} %{c"] })).toBe("${a} $${b} %{c");
  });
});

describe("a variable is refused with its place and reason:", () => {
  it.each([
    ["no value", "type = string", {}, /^1:1 Unset variable "v"; A used variable must be set or have a default value/],
    ["a default of another type", "type = number\n  default = [1]", {}, /^3:13 Invalid default value for variable; .*: number required\.$/],
    ["a value of another type", "type = number", { flags: ["v=a"] }, /^1:1 Invalid value for variable; The value for v is not compatible with the variable's type constraint: a number is required\.$/],
    ["an unknown type", "type = strin", { flags: ["v=a"] }, /^2:10 Invalid type specification; The keyword "strin" is not a valid type specification\.$/],
    ["a type without its argument", "type = list", { flags: ["v=a"] }, /^2:10 Invalid type specification; The list type constructor requires one argument/],
    ["an unknown argument", 'type = string\n  defualt = "a"', { flags: ["v=a"] }, /^3:3 Unsupported argument; An argument named "defualt" is not expected here\.$/],
    ["names in a default", "default = var.w", {}, /^2:13 Variables not allowed; Variables may not be used here\.$/],
    ["a value that is not HCL", "type = list(string)", { flags: ["v=[a"] }, /^1:3 Missing item separator; expected "," or "\]" in this list/],
    ["a name in a value", "type = list(string)", { flags: ["v=[a]"] }, /^1:2 Variables not allowed/],
  ])("%s", (_name, body, options, message) => {
    expect(mistakes(declared(body), options)).toEqual([expect.stringMatching(message)]);
  });

  it("two of one name", () => {
    expect(mistakes('variable "v" {\n  default = 1\n}\nvariables {\n  v = 2\n}\n')).toEqual(["5:3 Duplicate variable; Duplicate v variable definition found."]);
  });

  it.each([
    ["a value that its rule forbids", "length(var.v) > 2", ['1:1 Invalid value for variable; Too short.']],
    ["a rule that is no rule", '"x"', ["4:17 Invalid variable validation result; The condition expression must be of type bool."]],
    ["a rule about other names", "var.w", ['4:20 Unsupported attribute; This object does not have an attribute named "w".']],
  ])("%s", (_name, condition, expected) => {
    const text = declared(`type = list(string)\n  validation {\n    condition = ${condition}\n    error_message = "Too short."\n  }`);
    expect(mistakes(text, { flags: ['v=["a"]'] })).toEqual(expected);
  });

  it("accepts what its rule allows", () => {
    expect(valueWith('type = number\n  validation {\n    condition = var.v > 2\n    error_message = "Too small."\n  }', { flags: ["v=3"] })).toBe(3);
  });
});

describe("a value for a variable that the file does not declare", () => {
  const given: EvaluateOptions = { environment: { NOMAD_VAR_w: "1" }, variableFiles: [{ name: "f.hcl", text: "\nw = 1" }], flags: ["w=1"] };

  it("is refused, each with where it was given", () => {
    const result = evaluateHcl({ name: "job.hcl", text: "x = 1\n" }, given);
    expect(result.ok ? [] : result.error.map(({ filename, message, position }) => [filename, position.line, message.split(";")[0]])).toEqual([
      ["f.hcl", 2, "Undefined variable"], ["<value for var.w from arguments>", 1, "Undefined -var variable"],
    ]);
  });

  it("does not count in the environment, which may serve several job files", () => {
    expect(evaluated("x = 1\n", { environment: { NOMAD_VAR_w: "1" } })).toEqual({ x: 1 });
  });

  it("does not count where the caller is not strict", () => {
    expect(evaluated("x = 1\n", { ...given, strict: false })).toEqual({ x: 1 });
  });

  it.each([
    ["a flag without a sign", { flags: ["secret"] }, /^1:1 Invalid -var option; (?!.*secret)/],
    ["a file that is no HCL", { variableFiles: [{ name: "f", text: "a {" }] }, /^1:4 Unclosed configuration block; expected "}"/],
    ["blocks in a file", { variableFiles: [{ name: "f", text: "a {\n}\n" }] }, /^1:1 Unexpected "a" block; Blocks are not allowed here\.$/],
    ["calls in a file", { variableFiles: [{ name: "f", text: "v = upper(1)" }] }, /Call to unknown function/],
  ])("tells of %s", (_name, options, message) => {
    expect(mistakes(declared("default = 1"), options)).toEqual([expect.stringMatching(message)]);
  });
});

describe("locals", () => {
  it.each([
    ["a circle", "locals {\n  a = local.b\n  b = [local.c]\n  c = local.a\n}\n", ["2:3 Circular local value; These locals refer to each other: local.a → local.b → local.c → local.a. Break the circle."]],
    ["itself", "locals {\n  a = local.a\n}\n", ["2:3 Circular local value; These locals refer to each other: local.a → local.a. Break the circle."]],
    ["two of one name", "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n", ["5:3 Duplicate value in locals; Duplicate a definition found."]],
    ["one that is not there", "locals {\n  a = local.b\n}\n", ['2:12 Unsupported attribute; This object does not have an attribute named "b".']],
  ])("refuse %s", (_name, text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });

  it("find each other in templates, calls, loops and objects", () => {
    const text = 'locals {\n  z = { (local.k) = [for x in local.l : "${x}${local.s}"] }\n  k = upper(local.s)\n  l = [local.s]\n  s = "a"\n}\nx = local.z\n';
    expect(evaluated(text)).toEqual({ x: { A: ["aa"] } });
  });
});
