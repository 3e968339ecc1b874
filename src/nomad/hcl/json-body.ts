/**
 * @module A job file in HCL's JSON syntax as the body that its native syntax would have. JSON does not tell blocks from attributes: what Nomad
 * knows as a block is one where an object, or a list of objects, stands for it. Used by evaluate.ts.
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { startCursor } from "./cursor.ts";
import { parseExpression } from "./expression.ts";
import { parseJson } from "./json.ts";
import { type HclLimits, parseHclExpression } from "./parse.ts";
import type { Attribute, Block, Body, Expression, HclError, Label, ObjectItem } from "./syntax.ts";
import { parseTemplateText } from "./template.ts";

type Parsed<T> = Result<T, HclError>;
type Item = Attribute | Block;
type ObjectExpression = Extract<Expression, { kind: "object" }>;

/** Blocks with one label; those of NO_LABEL have none. */
const ONE_LABEL: ReadonlySet<string> = new Set(["variable", "job", "group", "task", "port", "volume", "dynamic", "device", "secret"]);
const NO_LABEL: ReadonlySet<string> = new Set([
  "action", "affinity", "artifact", "change_script", "check", "check_restart", "cni", "config", "connect", "constraint", "consul", "content", "csi_plugin",
  "disconnect", "dispatch_payload", "dns", "ephemeral_disk", "expose", "gateway", "identity", "lifecycle", "locals", "logs", "migrate",
  "mount_options", "multiregion", "network", "numa", "parameterized", "path", "periodic", "proxy", "reschedule", "resources", "restart", "scaling",
  "schedule", "service", "sidecar_service", "sidecar_task", "spread", "target", "template", "ui", "update", "upstreams", "validation", "variables", "vault",
  "volume_mount", "wait", "weights",
]);
/** Blocks that hold attributes alone, whatever their names. */
const FREE_FORM: ReadonlySet<string> = new Set(["config", "locals", "variables"]);

export function parseJsonBody(text: string, limits: HclLimits): Parsed<Body> {
  const json = parseJson(text, limits);
  if (!json.ok) return json;
  if (json.value.kind !== "object") return err({ message: "expected an object", position: json.value.range.start });
  return bodyOf(json.value, "", limits);
}

function bodyOf(object: ObjectExpression, parent: string, limits: HclLimits): Parsed<Body> {
  const items: Item[] = [];
  for (const entry of object.items) {
    // So HCL writes a comment in JSON.
    if (entry.key.name === "//") continue;
    const made = itemsOf(entry, parent, limits);
    if (!made.ok) return made;
    for (const item of made.value) items.push(item);
  }
  return ok({ items, range: object.range });
}

function itemsOf({ key, value }: ObjectItem, parent: string, limits: HclLimits): Parsed<readonly Item[]> {
  const type: Label = { value: key.name, range: key.range };
  const isBlock = !FREE_FORM.has(parent) && (ONE_LABEL.has(key.name) || NO_LABEL.has(key.name)) && holdsObjects(value);
  if (!isBlock) return attributeOf(type, value, parent, limits);
  if (!ONE_LABEL.has(key.name)) return blocksOf(type, [], value, limits);
  return all(objectsIn(value).flatMap(({ items }) => items), ({ key: label, value: inner }) => blocksOf(type, [{ value: label.name, range: label.range }], inner, limits));
}

function blocksOf(type: Label, labels: readonly Label[], value: Expression, limits: HclLimits): Parsed<readonly Block[]> {
  if (!holdsObjects(value)) return err({ message: `expected an object for this "${type.value}"`, position: value.range.start });
  return all(objectsIn(value), (object) => {
    const body = bodyOf(object, type.value, limits);
    if (!body.ok) return body;
    return ok([{ kind: "block" as const, type: type.value, typeRange: type.range, labels, body: body.value, range: { start: type.range.start, end: object.range.end } }]);
  });
}

function attributeOf({ value: name, range: nameRange }: Label, written: Expression, parent: string, limits: HclLimits): Parsed<readonly Attribute[]> {
  const isType = parent === "variable" && name === "type" && written.kind === "literal" && typeof written.value === "string";
  const value = isType ? parseHclExpression(written.value, limits) : withTemplates(written, limits);
  if (!value.ok) return isType ? err({ ...value.error, position: written.range.start }) : value;
  return ok([{ kind: "attribute", name, nameRange, value: { ...value.value, range: written.range }, range: { start: nameRange.start, end: written.range.end } }]);
}

/** Strings are templates, names of objects too. */
function withTemplates(expression: Expression, limits: HclLimits): Parsed<Expression> {
  if (expression.kind === "tuple") {
    const items = all(expression.items, (item) => asList(withTemplates(item, limits)));
    return items.ok ? ok({ ...expression, items: items.value }) : items;
  }
  if (expression.kind === "object") {
    const items = all(expression.items, ({ key, value }) => {
      const [name, each] = [templateOf(key.name, key.range, limits), withTemplates(value, limits)];
      if (!name.ok) return name;
      return each.ok ? ok([{ key: name.value.kind === "literal" ? key : { ...key, name: "", expression: name.value }, value: each.value }]) : each;
    });
    return items.ok ? ok({ ...expression, items: items.value }) : items;
  }
  return expression.kind === "literal" && typeof expression.value === "string" ? templateOf(expression.value, expression.range, limits) : ok(expression);
}

const asList = <T>(result: Parsed<T>): Parsed<readonly T[]> => (result.ok ? ok([result.value]) : result);

/** A mistake in a template stands where its string begins: what escapes have moved is not counted back. */
function templateOf(text: string, range: Expression["range"], limits: HclLimits): Parsed<Expression> {
  if (!/[$%]\{/.test(text)) return ok({ kind: "literal", value: text.normalize("NFC"), range });
  const parsed = parseTemplateText(startCursor(text, { dialect: "hcl2", maxDepth: limits.maxDepth, parseExpression }), range);
  return parsed.ok ? parsed : err({ ...parsed.error, position: range.start });
}

function all<T, U>(items: readonly T[], transform: (item: T) => Parsed<readonly U[]>): Parsed<readonly U[]> {
  const made: U[] = [];
  for (const item of items) {
    const each = transform(item);
    if (!each.ok) return each;
    for (const one of each.value) made.push(one);
  }
  return ok(made);
}

const holdsObjects = (value: Expression): boolean => value.kind === "object" || (value.kind === "tuple" && value.items.length > 0 && value.items.every(({ kind }) => kind === "object"));

function objectsIn(value: Expression): readonly ObjectExpression[] {
  if (value.kind === "object") return [value];
  return value.kind === "tuple" ? value.items.filter((item) => item.kind === "object") : [];
}
