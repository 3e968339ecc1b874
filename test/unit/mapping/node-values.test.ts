import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { execTaskSpec } from "../../../src/api/exec-task.ts";
import type { NodeRecord } from "../../../src/contract/node-record.ts";
import { jobNeedsNodeValues, namesNodeValue, needsNodeValues } from "../../../src/mapping/node-values.ts";

/** How a task asks for each value of a node's record. */
const ASKED: Readonly<Record<keyof NodeRecord, string>> = {
  id: "${node.unique.id}",
  name: "${node.unique.name}",
  datacenter: "${nomad.datacenter}",
  region: "${node.region}",
  class: "${node.class}",
  pool: "${node.pool}",
  attributes: "${attr.unique.hostname}",
  meta: "${meta.rack}",
};

describe("namesNodeValue", () => {
  it.each(Object.entries(ASKED))("sees that %s is asked for by %s", (_value, text) => {
    expect(namesNodeValue(text)).toBe(true);
    expect(namesNodeValue(`a ${text} b`)).toBe(true);
  });

  it.each([
    '${upper(node.class)}', '${ node.class }', '${meta["rack"]}', '${length(meta)}', '${f("\\"", node.class)}', '${env["A"]}-${attr.kernel.name}', '${lower("}${node.class}")}', '${"a" == "b" ? { x = attr.y } : 1}',
    '${lower("${meta.rack}")}', '$${node.class}', '$$${node.class}', '${ " ${node.class}', '${"\\${node.class}"}', "${lower(\"\\\"\")}${meta.x}", "${ nomad . datacenter }",
  ])("sees a value of the node in %s", (text) => expect(namesNodeValue(text)).toBe(true));

  it.each([
    "", "node.class", "$node.class", "{node.class}", "${NOMAD_TASK_DIR}/node.js", "${NOMAD_META_rack}", '${env["node.class"]}', "${NOMAD_TASK_DIR}/node.js --port ${NOMAD_PORT_http}", "${nomad.region}",
    "${some_meta}", "${nodes}", "$ {node.class}",
  ])("sees none in %s", (text) => expect(namesNodeValue(text)).toBe(false));

  it("never overlooks what is replaced by pattern, whatever stands around it", () => {
    const piece = fc.constantFrom("${", "}", '"', "\\", "$", "{", "a", " ", "$${", "(");
    const around = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(fc.property(around, around, (before, after) => namesNodeValue(`${before}\${node.class}${after}`)));
  });

  /** Well-formed templates; in some of their expressions stands "@". */
  const { template } = fc.letrec<{ template: string; expression: string }>((tie) => ({
    template: fc
      .array(fc.oneof({ maxDepth: 4 }, fc.constantFrom("a", "}", " {", "node.x"), tie("expression").map((inner) => `\${${inner}}`)), { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join("")),
    expression: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("NOMAD_DC", "@"),
      tie("template").map((inner) => `"${inner}"`),
      tie("expression").map((inner) => `f(${inner}, "}")`),
      tie("expression").map((inner) => `{ k = ${inner} }`),
    ),
  }));

  it("finds a reference at any depth of an expression, and none where there is none", () => {
    fc.assert(
      fc.property(template, (text) => {
        expect(namesNodeValue(text.replaceAll("@", "NOMAD_DC"))).toBe(false);
        expect(namesNodeValue(text.replaceAll("@", "upper(attr.os.name)"))).toBe(text.includes("@"));
      }),
    );
  });
});

describe("needsNodeValues", () => {
  const needs = (spec: object) => needsNodeValues(execTaskSpec.parse({ command: "x", ...spec }));
  const asks = "${node.class}";

  it.each<[string, object]>([
    ["command", { command: asks }], ["args", { args: ["a", asks] }], ["workDir", { workDir: `/${asks}` }], ["env", { env: { A: asks } }], ["meta", { meta: { a: asks } }],
    ["an artifact's source", { artifacts: [{ source: asks }] }], ["an artifact's destination", { artifacts: [{ source: "a", destination: asks }] }],
    ["an artifact's options", { artifacts: [{ source: "a", options: { ref: asks } }] }], ["an artifact's headers", { artifacts: [{ source: "a", headers: { H: asks } }] }],
    ["artifactSource", { artifactSource: asks }], ["a template's source", { templates: [{ source: asks, destination: "a" }] }],
    ["a template's destination", { templates: [{ data: "x", destination: asks }] }],
  ])("looks at %s", (_field, spec) => expect(needs(spec)).toBe(true));

  it.each<[string, object]>([
    ["the data of a template", { templates: [{ data: asks, destination: "a" }] }], ["the user, which is never interpolated", { user: asks }], ["names of variables", { env: { [asks]: "a" }, meta: { [asks]: "a" } }],
  ])("leaves out %s", (_field, spec) => expect(needs(spec)).toBe(false));
});

describe("jobNeedsNodeValues", () => {
  it.each<[boolean, object]>([
    [true, { TaskGroups: [{ Tasks: [{ Env: { A: "${node.class}" } }] }] }], [true, { Meta: { a: "${attr.kernel.name}" } }], [false, { TaskGroups: [{ Tasks: [{ Env: { A: "plain", B: 1, C: null } }] }] }],
    [false, { Constraints: [{ LTarget: "${attr.kernel.name}" }], TaskGroups: [{ Affinities: [{ LTarget: "${node.class}" }], Spreads: [{ Attribute: "${node.datacenter}" }] }] }],
  ])("is %s for %j", (expected, job) => expect(jobNeedsNodeValues(job)).toBe(expected));
});
