import { describe, expect, it } from "vitest";
import * as z from "zod";
import { customResourceDefinition } from "../../../tools/crd.ts";
import { KINDS } from "../../../tools/kinds.ts";
import { type SchemaNode, structuralSchema } from "../../../tools/structural-schema.ts";

describe("structuralSchema", () => {
  it.each<[string, z.ZodType, object]>([
    ["a bounded text", z.string().min(1).max(5).regex(/^a/), { type: "string", minLength: 1, maxLength: 5, pattern: "^a" }],
    ["a choice", z.enum(["a", "b"]), { type: "string", enum: ["a", "b"] }],
    ["a small number", z.int().min(0).max(100), { type: "integer", minimum: 0, maximum: 100, format: "int32" }],
    ["the greatest 32-bit number", z.int().min(-(2 ** 31)).max(2 ** 31 - 1), { type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 - 1, format: "int32" }],
    ["a larger number", z.int().min(0).max(2 ** 31), { type: "integer", minimum: 0, maximum: 2 ** 31, format: "int64" }],
    ["a list", z.array(z.boolean()).max(3), { type: "array", maxItems: 3, items: { type: "boolean" } }],
    ["a map, whose keys have no schema", z.record(z.string().max(9), z.string().max(4)), { type: "object", additionalProperties: { type: "string", maxLength: 4 } }],
    ["a default, which a client may leave out", z.object({ a: z.string().max(1).default("x") }), { type: "object", properties: { a: { type: "string", maxLength: 1, default: "x" } } }],
    ["what a client must send", z.object({ a: z.boolean(), b: z.boolean().optional() }), { type: "object", required: ["a"], properties: { a: { type: "boolean" }, b: { type: "boolean" } } }],
    ["rules and words", z.boolean().meta({ "x-kubernetes-validations": [{ rule: "self" }] }).describe("words"), { type: "boolean", description: "words", "x-kubernetes-validations": [{ rule: "self" }] }],
    ["a field named as what is left out", z.object({ id: z.boolean() }), { type: "object", required: ["id"], properties: { id: { type: "boolean" } } }],
  ])("writes %s", (_name, schema, expected) => expect(structuralSchema(schema, "spec")).toEqual(expected));

  type Tree = { readonly children: readonly Tree[] };
  const tree: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(tree) }));

  it.each<[string, z.ZodType, RegExp]>([
    ["a union", z.object({ a: z.union([z.string(), z.boolean()]) }), /^spec\.a: a union cannot be structural/],
    ["a union in a list in a map", z.record(z.string(), z.array(z.union([z.string(), z.boolean()]))), /^spec\{\}\[\]: a union/],
    ["anything", z.object({ a: z.unknown() }), /^spec\.a: a type is missing/],
    ["a tree", tree, /a recursive schema cannot be structural$/],
  ])("refuses %s, and says where", (_name, schema, message) => expect(() => structuralSchema(schema, "spec")).toThrow(message));
});

type Definition = {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: SchemaNode }; readonly additionalPrinterColumns: readonly { readonly jsonPath: string }[] }[] };
};
type Place = { readonly path: string; readonly node: SchemaNode };

function placesOf(node: SchemaNode, path: string): readonly Place[] {
  const inner = node.additionalProperties;
  return [
    { path, node },
    ...(node.items === undefined ? [] : placesOf(node.items, `${path}[]`)),
    ...(typeof inner === "object" ? placesOf(inner, `${path}{}`) : []),
    ...Object.entries(node.properties ?? {}).flatMap(([key, child]) => placesOf(child, `${path}.${key}`)),
  ];
}

describe.each(KINDS.map((definition) => [definition.kind, customResourceDefinition(definition) as Definition] as const))("the CRD of %s", (_kind, crd) => {
  const version = crd.spec.versions[0]!;
  const places = placesOf(version.schema.openAPIV3Schema, "");
  const own = places.filter(({ path }) => /^\.(spec|status)/.test(path));
  const pathsWhere = (wrong: (node: SchemaNode) => boolean) => own.filter(({ node }) => wrong(node)).map(({ path }) => path);

  it("has a type everywhere, and nothing that no structural schema may have", () => {
    expect(pathsWhere((node) => typeof node.type !== "string")).toEqual([]);
    expect(pathsWhere((node) => ["$ref", "$schema", "anyOf", "oneOf", "allOf", "propertyNames", "id"].some((key) => Object.hasOwn(node, key)))).toEqual([]);
    expect(pathsWhere((node) => node.properties !== undefined && node.additionalProperties !== undefined)).toEqual([]);
  });

  it("bounds every list, map, number and text, or CEL's budget and etcd are not", () => {
    expect(pathsWhere((node) => node.type === "array" && node["maxItems"] === undefined)).toEqual([]);
    expect(pathsWhere((node) => typeof node.additionalProperties === "object" && node["maxProperties"] === undefined)).toEqual([]);
    expect(pathsWhere((node) => node.type === "integer" && (node.minimum === undefined || node.maximum === undefined) && node.format !== "int64")).toEqual([]);
    expect(pathsWhere((node) => node.type === "string" && node["maxLength"] === undefined && node.enum === undefined && node.pattern === undefined && node.format === undefined)).toEqual([]);
  });

  it("has defaults that its own schema takes", () => {
    const wrong = own.filter(({ node }) => node.default !== undefined && node.enum !== undefined && !node.enum.includes(node.default));
    const untrue = own.filter(({ node }) => typeof node.default === "number" && (node.default < (node.minimum ?? node.default) || node.default > (node.maximum ?? node.default)));
    const unlike = own.filter(({ node }) => typeof node.default === "string" && node.pattern !== undefined && !new RegExp(node.pattern).test(node.default));
    expect([...wrong, ...untrue, ...unlike].map(({ path }) => path)).toEqual([]);
  });

  it("prints only what the schema has", () => {
    const plain = version.additionalPrinterColumns.map(({ jsonPath }) => jsonPath.replace(/\[.*?\]/g, "[]")).filter((path) => path !== ".metadata.creationTimestamp");
    expect(plain.filter((path) => !places.some((place) => place.path === path))).toEqual([]);
  });
});
