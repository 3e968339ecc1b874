/** @module HCL functions that find, pair up and combine what collections hold. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err } from "../../../lib/result.ts";
import { convert } from "../values/convert.ts";
import { keyOf, set } from "../values/equal.ts";
import type { Type } from "../values/type.ts";
import { unify } from "../values/unify.ts";
import { isMapping, isNull, isSequence, list, map, object, type Sequence, tuple, typeOf, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";

export const lookupFunctions: Readonly<Record<string, HclFunction>> = {
  index: plainFunction("collection:any key:any", ([collection, key]) => indexInto(collection, key)),
  lookup: plainFunction("inputMap:any key:string default:any?", ([from, key, fallback]) => lookup(from, key as string, fallback)),
  setintersection: plainFunction("first_set:any ...other_sets:any", (sets) => combine(sets, (items, other) => items.filter((item) => other.has(item)))),
  setunion: plainFunction("first_set:any ...other_sets:any", (sets) => combine(sets, (items, other) => [...items, ...other.all])),
  setproduct: plainFunction("...sets:any", product),
  zipmap: plainFunction("keys:list(string) values:any", ([keys, values]) => zip(keys as Sequence, values)),
};

/** The element at a key. Nomad's documents promise the place of an element, but that is not what its agents do. */
function indexInto(collection: Val | undefined, key: Val | undefined): CallResult {
  if (collection === undefined || key === undefined) return err({ message: "invalid index" });
  if (isMapping(collection) && collection.kind === "map") {
    if (typeof key !== "string") return err({ message: "key for map must be string" });
    const found = collection.entries.get(key);
    return found === undefined ? err({ message: "invalid index" }) : give(found);
  }
  if (isMapping(collection) || !isSequence(collection) || collection.kind === "set") return err({ message: "collection must be a list, a map or a tuple" });
  if (typeof key !== "number") return err({ message: `key for ${collection.kind} must be number` });
  const found = Number.isInteger(key) && key >= 0 ? collection.items[key] : undefined;
  if (found !== undefined) return give(found);
  return err({ message: collection.kind === "tuple" ? `key must be between 0 and ${collection.items.length} inclusive` : "invalid index" });
}

function lookup(from: Val | undefined, key: string, fallback: Val | undefined): CallResult {
  if (from === undefined || !isMapping(from)) return refuse(0, "lookup() requires a map as the first argument");
  const found = from.entries.get(key);
  if (from.kind === "object") return give(found ?? fallback ?? false);
  const other = fallback === undefined ? undefined : convert(fallback, from.element);
  if (other === undefined || !other.ok) return refuse(2, "the default value must have the same type as the map elements");
  return give(found ?? other.value);
}

type Members = { readonly has: (item: Val) => boolean; readonly all: readonly Val[] };

/** Sets of one common element type, put together one after the other. */
function combine(args: readonly Val[], step: (items: readonly Val[], other: Members) => readonly Val[]): CallResult {
  const element = commonElement(args);
  if (element === undefined) return err({ message: "given sets must all have compatible element types" });
  const sets: Sequence[] = [];
  for (const [index, arg] of args.entries()) {
    const converted = convert(arg, { kind: "set", element });
    if (!converted.ok) return refuse(index, converted.error);
    sets.push(converted.value as Sequence);
  }
  const [first, ...others] = sets;
  const items = others.reduce((found: readonly Val[], other) => step(found, membersOf(other)), first?.items ?? []);
  return give(set(items, element));
}

function membersOf({ items }: Sequence): Members {
  const keys = new Set(items.map(keyOf));
  return { has: (item) => keys.has(keyOf(item)), all: items };
}

function commonElement(args: readonly Val[]): Type | undefined {
  const types: Type[] = [];
  for (const arg of args) {
    if (!isSequence(arg)) return undefined;
    if (arg.kind === "tuple") for (const item of arg.items) types.push(typeOf(item));
    else if (arg.items.length > 0 || arg.element !== "any") types.push(arg.element);
  }
  return unify(types);
}

/** Every combination of one element of each, as tuples; a set of them where all are sets. */
function product(args: readonly Val[], budget: { left: number }): CallResult {
  if (args.length < 2) return err({ message: "at least two arguments are required" });
  const elements: Type[] = [];
  let count = 1;
  for (const [index, arg] of args.entries()) {
    if (!isSequence(arg)) return refuse(index, "a set or a list is required");
    const element = arg.kind === "tuple" ? unify(arg.items.map(typeOf)) : arg.element;
    if (element === undefined) return refuse(index, "all elements must be of the same type");
    elements.push(element);
    count *= arg.items.length;
  }
  if (!afford(budget, count * args.length)) return err({ message: TOO_LARGE });
  const sequences = args as readonly Sequence[];
  const combinations = sequences.reduce(
    (rows: readonly (readonly Val[])[], { items }, index) => rows.flatMap((row) => items.map((item) => [...row, convertedTo(item, elements[index] ?? "any")])),
    [[]],
  );
  const type: Type = { kind: "tuple", elements };
  const tuples = combinations.map((row) => tuple(row));
  return give(sequences.every(({ kind }) => kind === "set") ? set(tuples, type) : list(tuples, type));
}

function convertedTo(item: Val, type: Type): Val {
  const converted = convert(item, type);
  return converted.ok ? converted.value : item;
}

function zip({ items: keys }: Sequence, values: Val | undefined): CallResult {
  if (values === undefined || !isSequence(values) || values.kind === "set") return err({ message: "values argument must be a list or tuple value" });
  if (keys.length !== values.items.length) return err({ message: `number of keys (${keys.length}) does not match number of values (${values.items.length})` });
  const nullAt = keys.findIndex(isNull);
  if (nullAt !== -1) return err({ message: `keys list has null value at index ${nullAt}` });
  const entries = keys.map((key, index) => [key as string, values.items[index] ?? false] as const);
  return give(values.kind === "list" ? map(entries, values.element) : object(entries));
}
