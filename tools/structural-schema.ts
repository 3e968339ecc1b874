/**
 * @module A zod schema as the structural OpenAPI schema that a CustomResourceDefinition must hold. Used by the generators.
 * Source: kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions
 */
import * as z from "zod";

export type SchemaNode = {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  pattern?: string;
  required?: string[];
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  propertyNames?: unknown;
  [key: string]: unknown;
};

const NOT_STRUCTURAL = ["$schema", "$id", "id", "propertyNames"];

/** What a client may send: defaults are still to be filled in. Throws on what no structural schema can say. */
export function structuralSchema(schema: z.ZodType, path: string): SchemaNode {
  const json = z.toJSONSchema(schema, { io: "input", target: "openapi-3.0", reused: "inline" }) as SchemaNode;
  return structural(json, path);
}

function structural(node: SchemaNode, path: string): SchemaNode {
  if (node["$ref"] !== undefined) throw new Error(`${path}: a recursive schema cannot be structural`);
  if (node["anyOf"] !== undefined || node["oneOf"] !== undefined) throw new Error(`${path}: a union cannot be structural; use optional siblings and a CEL rule`);
  if (node.type === undefined) throw new Error(`${path}: a type is missing`);
  const { properties, items, additionalProperties, ...rest } = node;
  const result: SchemaNode = Object.fromEntries(Object.entries(rest).filter(([key]) => !NOT_STRUCTURAL.includes(key)));
  if (node.type === "integer") Object.assign(result, integerFormat(node));
  if (items !== undefined) result.items = structural(items, `${path}[]`);
  // Fields that nobody names are kept as they are: nothing can be said of them.
  const isOpaque = node["x-kubernetes-preserve-unknown-fields"] === true;
  if (typeof additionalProperties === "object" && !isOpaque) result.additionalProperties = structural(additionalProperties, `${path}{}`);
  if (properties !== undefined) {
    result.properties = Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, structural(inner, `${path}.${key}`)]));
  }
  return result;
}

function integerFormat({ minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: SchemaNode): SchemaNode {
  return { format: minimum >= -(2 ** 31) && maximum < 2 ** 31 ? "int32" : "int64" };
}
