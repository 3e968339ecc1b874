import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Files, runConvert } from "./run-convert.ts";

const FOLDER = join(import.meta.dirname, "../../../golden/convert");
const INPUTS = readdirSync(FOLDER).filter((name) => /^[\w-]+\.(hcl|json)$/.test(name));
const read = (name: string) => readFileSync(join(FOLDER, name), "utf8");
const PLAIN = read("plain.hcl");

function compareGolden(name: string, text: string): void {
  const path = join(FOLDER, name);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(text).toBe(existsSync(path) ? readFileSync(path, "utf8") : undefined);
}

describe("convert, beside its golden files", () => {
  it("has inputs", () => expect(INPUTS.length).toBeGreaterThanOrEqual(6));

  it.each(INPUTS.flatMap((file) => ["nomadjob", "exectask", "kubernetes"].map((target) => ({ file, target }))))("makes $target of $file, the same bytes twice", async ({ file, target }) => {
    const argv = [file, `-to=${target}`, ...(target === "kubernetes" ? ["-image=debian:13"] : [])];
    const [first, second] = [await runConvert(argv, { [file]: read(file) }), await runConvert(argv, { [file]: read(file) })];
    expect(second).toEqual(first);
    compareGolden(`${file.split(".")[0]}.${target}.out.yaml`, first.out);
    compareGolden(`${file.split(".")[0]}.${target}.report.txt`, first.complaints);
    expect(first.complaints).not.toContain("hunter2");
  });

  it.each(["json", "markdown"])("reports all of them as %s", async (format) => {
    const { out } = await runConvert(["-report", format, "-out=objects", ...INPUTS], Object.fromEntries(INPUTS.map((file) => [file, read(file)])));
    compareGolden(`all.report.${format === "json" ? "json.out" : "md"}`, out);
  });
});

describe("convert, by its exit code", () => {
  const cases: readonly (readonly [string, number, readonly string[], Files, RegExp])[] = [
    ["all is converted", 0, ["plain.hcl"], { "plain.hcl": PLAIN }, /1 file: 0 refused, 0 lost/],
    ["nothing is lost, and -strict", 0, ["-strict", "plain.hcl"], { "plain.hcl": PLAIN }, /0 lost/],
    ["something is lost", 0, ["web.hcl"], { "web.hcl": read("web.hcl") }, /1 lost/],
    ["something is lost, and -strict", 3, ["web.hcl", "--strict"], { "web.hcl": read("web.hcl") }, /1 lost/],
    ["a job is refused, and -strict", 1, ["refused.hcl", "--strict"], { "refused.hcl": read("refused.hcl") }, /1 refused/],
    ["no ExecTask can say it", 1, ["web.hcl", "-to", "exectask"], { "web.hcl": read("web.hcl") }, /nothing is made of it/],
    ["a file is not there", 1, ["a.hcl"], {}, /cannot read a\.hcl: there is no such file/],
    ["a file is wrong", 1, ["a.hcl"], { "a.hcl": 'job "a" {\n  typ = "service"\n}\n' }, /a\.hcl:2,3-6: .*typ/],
    ["Nomad refuses the job", 1, ["a.hcl"], { "a.hcl": 'job "a" {}\n' }, /Missing job task groups/],
    ["the namespace is none of Kubernetes'", 1, ["a.hcl"], { "a.hcl": PLAIN.replace('job "plain" {', 'job "plain" {\n  namespace = "Team_A"') }, /namespace "Team_A" .* -namespace=<name>/],
    ["no words", 2, [], {}, /what is to be converted/],
    ["an unknown flag", 2, ["-loud", "a"], {}, /flag provided but not defined: -loud/],
    ["an unknown target", 2, ["-to=helm", "a"], {}, /-to is "helm"; it must be one of nomadjob, exectask/],
    ["an unknown format", 2, ["-report=xml", "a"], {}, /-report is "xml"/],
    ["a variable without a value", 2, ["-var", "a", "f"], {}, /-var "a" has no value; write -var a=value/],
    ["an image where none is used", 2, ["-image=a", "f"], {}, /-image is for -to=kubernetes alone/],
    ["an empty option", 2, ["-out=", "f"], {}, /-out is empty/],
    ["a config that is not there", 2, ["-config=c", "f"], {}, /cannot read c/],
    ["a folder that cannot be written", 1, ["-out=/read-only", "plain.hcl"], { "plain.hcl": PLAIN }, /cannot write \/read-only\/default\.nb-plain-\w+\.yaml: permission denied/],
  ];
  it.each(cases.map(([what, code, argv, files, complaint]) => ({ what, code, argv, files, complaint })))("is $code where $what", async ({ code, argv, files, complaint }) => {
    const run = await runConvert(argv, files);
    expect(run.code).toBe(code);
    expect(run.complaints).toMatch(complaint);
  });

  it("is 0 for the help", async () => expect(await runConvert(["-h"], {})).toMatchObject({ code: 0, out: expect.stringContaining("Usage: nomad-bridge convert") as string }));
});

describe("convert of several files", () => {
  it("goes on behind a bad one, and says so by its exit code", async () => {
    const run = await runConvert(["bad.hcl", "plain.hcl", "-out=o"], { "bad.hcl": "job {", "plain.hcl": PLAIN });
    expect(run).toMatchObject({ code: 1, out: expect.stringContaining("2 files, 1 not converted") as string });
    expect(Object.keys(run.written)).toEqual([expect.stringMatching(/^o\/default\.nb-plain-[0-9a-f]{8}\.yaml$/)]);
  });

  it("never lets two jobs be one object", async () => {
    const run = await runConvert(["a.hcl", "b.hcl"], { "a.hcl": PLAIN, "b.hcl": PLAIN });
    expect(run).toMatchObject({ code: 1, complaints: expect.stringContaining('job "plain" of namespace "default" is in a.hcl too') as string });
    expect(parseAllDocuments(run.out)).toHaveLength(1);
  });

  it("takes both where -namespace is not the same", async () => {
    const run = await runConvert(["a.hcl", "b.hcl"], { "a.hcl": PLAIN, "b.hcl": PLAIN.replace('job "plain" {', 'job "plain" {\n  namespace = "b"') });
    expect(run.code).toBe(0);
    expect(parseAllDocuments(run.out).map((document) => (document.toJS() as { metadata: object }).metadata)).toMatchObject([{ namespace: "default" }, { namespace: "b" }]);
  });
});

describe("the inputs of a job file", () => {
  const JOB = PLAIN.replace("[\"infinity\"]", "[var.a, file(\"beside.txt\")]").replace(/^/, 'variable "a" { default = "of the file" }\n');
  const args = (out: string) => /args:\n\s+- (.*)\n\s+- (.*)/.exec(out)?.slice(1);

  it.each([
    ["the file itself", [], {}, "of the file"],
    ["the environment", [], { NOMAD_VAR_a: "environment" }, "environment"],
    ["a file of variables", ["-var-file=v.hcl"], { NOMAD_VAR_a: "environment" }, "variables"],
    ["the last -var", ["-var-file", "v.hcl", "-var", "a=1", "-var=a=x=2"], { NOMAD_VAR_a: "environment" }, "x=2"],
  ])("are taken from %s", async (_from, argv, env, value) => {
    const run = await runConvert([...argv, "a.hcl"], { "a.hcl": JOB, "beside.txt": "beside", "v.hcl": 'a = "variables"\n' }, env);
    expect({ code: run.code, args: args(run.out) }).toEqual({ code: 0, args: [value, "beside"] });
  });

  it("are judged by the BridgeConfig that is given", async () => {
    const config = (raw: boolean) => `kind: BridgeConfig\nspec: { profiles: [{ name: own, namespaces: ["*"], allowRawExec: ${raw}, allowRoot: ${raw} }] }\n`;
    const files = { "a.hcl": read("every-node.hcl"), "c.yaml": config(true) };
    expect(await runConvert(["-config=c.yaml", "a.hcl"], files)).toMatchObject({ code: 0 });
    expect(await runConvert(["-config=c.yaml", "a.hcl"], { ...files, "c.yaml": config(false) })).toMatchObject({ code: 1, complaints: expect.stringMatching(/raw_exec.*"own"/s) as string });
  });
});
