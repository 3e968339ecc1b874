/** @module Conversion of HCL values to a type. Source: behaviour of go-cty's convert package. Used by variables, operators and functions. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { set } from "./equal.ts";
import { isNum, numText, parseNum } from "./number.ts";
import { isPrimitive, isWhole, type ObjectType, type Type, typeName } from "./type.ts";
import { unify } from "./unify.ts";
import { isMapping, isNull, isSequence, list, map, type Mapping, object, type Sequence, tuple, typeOf, type Val } from "./value.ts";

type Converted = Result<Val, string>;

/** The value as this type has it, or what is required instead. Takes as long as the value is large. */
export function convert(value: Val, type: Type): Converted {
  if (type === "any") return ok(value);
  if (isNull(value)) return familyOf(value.type) === familyOf(type) || value.type === "any" ? ok({ kind: "null", type }) : err(`${typeName(type)} required`);
  if (isPrimitive(type)) return toPrimitive(value, type);
  if (type.kind === "tuple") return toTuple(value, type.elements);
  if (type.kind === "object") return toObject(value, type);
  if (type.kind === "map") return toMap(value, type.element);
  return toSequence(value, type.kind, type.element);
}

/** Nulls of types that are not of one family cannot stand for each other. */
function familyOf(type: Type): "scalar" | "sequence" | "mapping" {
  if (typeof type === "string") return "scalar";
  return type.kind === "map" || type.kind === "object" ? "mapping" : "sequence";
}

function toPrimitive(value: Val, type: "string" | "number" | "bool"): Converted {
  if (typeOfScalar(value) === type) return ok(value);
  if (type === "string" && typeof value === "boolean") return ok(String(value));
  if (type === "string" && isNum(value)) return ok(numText(value));
  if (type === "number" && typeof value === "string") {
    const number = parseNum(value);
    return number === undefined ? err("a number is required") : ok(number);
  }
  if (type === "bool" && typeof value === "string") return toBool(value);
  return err(`${type} required`);
}

const typeOfScalar = (value: Val): Type | undefined => (isSequence(value) || isMapping(value) ? undefined : typeOf(value));

function toBool(text: string): Converted {
  if (text === "true" || text === "1") return ok(true);
  if (text === "false" || text === "0") return ok(false);
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return err(`a bool is required; to convert from string, use lowercase "${lower}"`);
  return err("a bool is required");
}

function toSequence(value: Val, kind: "list" | "set", element: Type): Converted {
  if (!isSequence(value)) return err(`${typeName({ kind, element })} required`);
  const wanted = wholeElement(value.items, value.kind === "tuple" ? undefined : value.element, element);
  if (wanted === undefined) return err("all list elements must have the same type");
  const items = convertAll(value.items, wanted, kind === "set" ? "set elements" : "element");
  if (!items.ok) return items;
  return ok(kind === "set" ? set(items.value, wanted) : list(items.value, wanted));
}

function toMap(value: Val, element: Type): Converted {
  if (!isMapping(value)) return err(`${typeName({ kind: "map", element })} required`);
  const wanted = wholeElement([...value.entries.values()], value.kind === "object" ? undefined : value.element, element);
  if (wanted === undefined) return err("all map elements must have the same type");
  const entries: [string, Val][] = [];
  for (const [key, each] of value.entries) {
    const converted = convert(each, wanted);
    if (!converted.ok) return err(`element ${JSON.stringify(key)}: ${converted.error}`);
    entries.push([key, converted.value]);
  }
  return ok(map(entries, wanted));
}

/** Where the wanted type is open, the one that all elements have in common. */
function wholeElement(items: readonly Val[], own: Type | undefined, wanted: Type): Type | undefined {
  if (isWhole(wanted)) return wanted;
  if (own !== undefined && wanted === "any") return own;
  return unify(items.map((item) => converted(item, wanted))) ?? undefined;
}

function converted(item: Val, wanted: Type): Type {
  const result = convert(item, wanted);
  return result.ok ? typeOf(result.value) : typeOf(item);
}

function toTuple(value: Val, elements: readonly Type[]): Converted {
  if (!isSequence(value) || value.kind === "set") return err("tuple required");
  if (value.items.length !== elements.length) return err(`tuple required, with ${elements.length} elements`);
  const items: Val[] = [];
  for (const [index, item] of value.items.entries()) {
    const each = convert(item, elements[index] ?? "any");
    if (!each.ok) return err(`element ${index}: ${each.error}`);
    items.push(each.value);
  }
  return ok(tuple(items));
}

function toObject(value: Val, type: ObjectType): Converted {
  if (!isMapping(value)) return err("object required");
  const missing = [...type.attributes.keys()].filter((name) => !value.entries.has(name) && type.optional?.has(name) !== true);
  const [first] = missing;
  if (first !== undefined && missing.length === 1) return err(`attribute ${JSON.stringify(first)} is required`);
  if (first !== undefined) return err(`attributes ${missing.map((name) => JSON.stringify(name)).join(", ")} are required`);
  return attributesOf(value, type);
}

function attributesOf(value: Mapping, type: ObjectType): Converted {
  const entries: [string, Val][] = [];
  for (const [name, wanted] of type.attributes) {
    const each = convert(value.entries.get(name) ?? { kind: "null", type: wanted }, wanted);
    if (!each.ok) return err(`attribute ${JSON.stringify(name)}: ${each.error}`);
    entries.push([name, each.value]);
  }
  return ok(object(entries));
}

function convertAll(items: Sequence["items"], type: Type, what: string): Result<readonly Val[], string> {
  const converted: Val[] = [];
  for (const [index, item] of items.entries()) {
    const each = convert(item, type);
    if (!each.ok) return err(what === "element" ? `element ${index}: ${each.error}` : `incorrect ${what}: ${each.error}`);
    converted.push(each.value);
  }
  return ok(converted);
}
