import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { API_VERSION, type ExecTask } from "../../src/api/exec-task.ts";
import { bridgeConfigSpec } from "../../src/api/bridge-config.ts";
import { acceptTask, podForTask } from "../../src/mapping/pod-for-task.ts";
import { customResourceDefinition } from "../../tools/crd.ts";
import { KINDS } from "../../tools/kinds.ts";
import type { SchemaNode } from "../../tools/structural-schema.ts";
import { sha256 } from "./mapping/mapping-fixtures.ts";

const FOLDER = join(import.meta.dirname, "../../manifests/samples");

type Sample = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string }; readonly spec: object };
type Definition = { readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: SchemaNode } }[] } };

const samples = globSync("*.yaml", { cwd: FOLDER }).map((file) => ({ file, sample: parse(readFileSync(join(FOLDER, file), "utf8")) as Sample }));
const tasks = samples.filter(({ sample }) => sample.kind === "ExecTask");

/** What the samples' own comments ask for: a host volume beside what every profile has. */
const CONFIG = bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"], hostVolumes: [{ name: "shared", path: "/srv/shared" }] }] });

/** Fields that the CRD does not have: the API server drops them, and kubectl refuses them. */
function unknownFields(value: unknown, node: SchemaNode, path: string): readonly string[] {
  if (Array.isArray(value)) return node.items === undefined ? [] : value.flatMap((each, i) => unknownFields(each, node.items as SchemaNode, `${path}[${i}]`));
  if (typeof value !== "object" || value === null || node.properties === undefined) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = node.properties?.[key];
    return field === undefined ? [`${path}.${key}`] : unknownFields(inner, field, `${path}.${key}`);
  });
}

function schemaOf(kind: string): SchemaNode {
  const definition = KINDS.find((each) => each.kind === kind);
  if (definition === undefined) throw new Error(`no kind ${kind}`);
  const spec = (customResourceDefinition(definition) as Definition).spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
  if (spec === undefined) throw new Error(`${kind} has no spec`);
  return spec;
}

describe("the samples", () => {
  it.each(samples.map(({ file, sample }) => [file, sample] as const))("%s is one of our objects, with fields that its CRD has", (_file, { apiVersion, kind, spec }) => {
    expect(apiVersion).toBe(API_VERSION);
    expect(unknownFields(spec, schemaOf(kind), "spec")).toEqual([]);
  });

  it.each(tasks.map(({ file, sample }) => [file, sample as unknown as ExecTask] as const))("%s is accepted and becomes a pod", (_file, task) => {
    const accepted = acceptTask({ ...task, metadata: { ...task.metadata, namespace: "default", uid: "u" } }, CONFIG, sha256);
    expect(accepted).toMatchObject({ ok: true });
    if (accepted.ok) expect(podForTask(accepted.value, { index: 0, serial: 1, reschedules: 0 }, { launcher: "launcher", fetch: "fetch" })).toMatchObject({ ok: true });
  });

  it.each(tasks.map(({ file, sample }) => [file, sample.metadata.name] as const))("%s has a task of the file's name", (file, name) => expect(`${name}.yaml`).toBe(file));

  it("show what a task can be beyond a command", () => {
    const fields = new Set(tasks.flatMap(({ sample }) => Object.keys(sample.spec)));
    expect(["artifacts", "logs", "tasks", "templates", "volumes"].filter((field) => !fields.has(field))).toEqual([]);
  });
});
