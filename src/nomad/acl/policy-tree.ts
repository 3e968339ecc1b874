/** @module The text of an ACL policy as a tree of blocks, whether it is HCL or JSON, and the keys in it that must not be there. Used by parse-policy.ts. */
import { err, ok, type Result } from "../../lib/result.ts";
import { parseJson } from "../hcl/json.ts";
import { DEFAULT_HCL_LIMITS, parseHcl } from "../hcl/parse.ts";
import type { Attribute, Block, Body, Expression, HclError, Label, ObjectItem } from "../hcl/syntax.ts";

/** Blocks of a policy, with the number of labels each has. */
const LABELS_OF_BLOCK: ReadonlyMap<string, 0 | 1> = new Map([
  ["namespace", 1], ["node_pool", 1], ["host_volume", 1], ["path", 1], ["agent", 0], ["node", 0], ["operator", 0], ["quota", 0], ["plugin", 0],
  ["sentinel", 0], ["variables", 0],
]);

/** Which keys may stand in which block, and whether more than once. "" is the top. */
const KEYS: Readonly<Record<string, { readonly once: readonly string[]; readonly often: readonly string[] }>> = {
  "": { once: ["agent", "node", "operator", "quota", "plugin", "sentinel"], often: ["namespace", "node_pool", "host_volume"] },
  namespace: { once: ["policy", "capabilities", "variables"], often: [] },
  variables: { once: [], often: ["path"] },
  path: { once: ["capabilities"], often: [] },
  node_pool: { once: ["policy", "capabilities"], often: [] },
  host_volume: { once: ["policy", "capabilities"], often: [] },
  operator: { once: ["policy", "capabilities"], often: [] },
};

/** A text that begins with "{" is read as JSON, as HCL 1 did. An attribute that holds an object is read as the block it stands for. */
export function policyTree(text: string): Result<Body, HclError> {
  if (!/^\s*\{/.test(text)) {
    const body = parseHcl(text, "hcl1", DEFAULT_HCL_LIMITS);
    return body.ok ? ok(withBlocks(body.value)) : body;
  }
  const json = parseJson(text, DEFAULT_HCL_LIMITS);
  if (!json.ok) return json;
  if (json.value.kind !== "object") return err({ message: "expected an object", position: json.value.range.start });
  return ok(withBlocks({ items: json.value.items.map(attributeOf), range: json.value.range }));
}

/** Keys that no such block knows, and keys that stand twice where one may; each once, in order. */
export function unexpectedKeys(body: Body, parent = ""): readonly string[] {
  const allowed = KEYS[parent] ?? { once: ["policy"], often: [] };
  const seen = new Set<string>();
  const found = new Set<string>();
  for (const item of body.items) {
    const key = item.kind === "block" ? item.type : item.name;
    if (!isPlaced(item, allowed) || (seen.has(key) && !allowed.often.includes(key))) found.add(key);
    else if (item.kind === "block") for (const inner of unexpectedKeys(item.body, key)) found.add(inner);
    seen.add(key);
  }
  return [...found];
}

/** A block only where a block is known, an attribute only where an attribute is; further labels are keys too, as in HCL 1. */
function isPlaced(item: Attribute | Block, allowed: { readonly once: readonly string[]; readonly often: readonly string[] }): boolean {
  const key = item.kind === "block" ? item.type : item.name;
  const labels = LABELS_OF_BLOCK.get(key);
  const isKnown = allowed.once.includes(key) || allowed.often.includes(key);
  if (!isKnown || (item.kind === "block") !== (labels !== undefined)) return false;
  return item.kind === "attribute" || item.labels.length <= (labels ?? 0);
}

function withBlocks(body: Body): Body {
  return { ...body, items: body.items.flatMap(blocksOf) };
}

function blocksOf(item: Attribute | Block): readonly (Attribute | Block)[] {
  if (item.kind === "block") return [{ ...item, body: withBlocks(item.body) }];
  const labels = LABELS_OF_BLOCK.get(item.name);
  if (labels === undefined || !holdsObjects(item.value)) return [item];
  const type: Label = { value: item.name, range: item.nameRange };
  if (labels === 0) return objectsIn(item.value).map((object) => blockOf(type, [], object));
  return objectsIn(item.value).flatMap((object) => object.items.flatMap((entry) => labelledBlocks(type, entry)));
}

function labelledBlocks(type: Label, { key, value }: ObjectItem): readonly (Attribute | Block)[] {
  if (!holdsObjects(value)) return [attributeOf({ key: { name: `${type.value}.${key.name}`, range: key.range }, value })];
  return objectsIn(value).map((object) => blockOf(type, [{ value: key.name, range: key.range }], object));
}

type ObjectExpression = Extract<Expression, { kind: "object" }>;

function blockOf(type: Label, labels: readonly Label[], object: ObjectExpression): Block {
  const body = withBlocks({ items: object.items.map(attributeOf), range: object.range });
  return { kind: "block", type: type.value, typeRange: type.range, labels, body, range: { start: type.range.start, end: object.range.end } };
}

function attributeOf({ key, value }: ObjectItem): Attribute {
  return { kind: "attribute", name: key.name, nameRange: key.range, value, range: { start: key.range.start, end: value.range.end } };
}

function holdsObjects(value: Expression): boolean {
  return value.kind === "object" || (value.kind === "tuple" && value.items.every((item) => item.kind === "object"));
}

function objectsIn(value: Expression): readonly ObjectExpression[] {
  if (value.kind === "object") return [value];
  return value.kind === "tuple" ? value.items.filter((item) => item.kind === "object") : [];
}
