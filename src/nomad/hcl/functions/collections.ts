/** @module HCL functions of lists, sets, tuples, maps and objects. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err } from "../../../lib/result.ts";
import { convert } from "../values/convert.ts";
import { isEqual, keyOf } from "../values/equal.ts";
import type { Num } from "../values/number.ts";
import { listOf, type Type, typeEquals } from "../values/type.ts";
import { unify } from "../values/unify.ts";
import { isMapping, isNull, isSequence, kindName, list, map, type Mapping, object, type Sequence, tuple, typeOf, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";

export const collectionFunctions: Readonly<Record<string, HclFunction>> = {
  chunklist: plainFunction("list:list size:number", ([items, size], budget) => chunks(items as Sequence, size as Num, budget)),
  coalesce: plainFunction("...vals:any?", coalesce),
  coalescelist: plainFunction("...vals:any?", coalesceList),
  compact: plainFunction("list:list(string)", ([items]) => give(list((items as Sequence).items.filter((item) => !isNull(item) && item !== ""), "string"))),
  concat: plainFunction("...seqs:any", concat),
  contains: plainFunction("list:any value:any", ([items, value]) => contains(items, value)),
  distinct: plainFunction("list:list", ([items]) => distinct(items as Sequence)),
  element: plainFunction("list:any index:number", ([items, index]) => elementAt(items, index as Num)),
  flatten: plainFunction("list:any", ([items], budget) => flatten(items, budget)),
  keys: plainFunction("inputMap:any", ([value]) => keys(value)),
  length: plainFunction("collection:any", ([value]) => lengthOf(value)),
  merge: plainFunction("...maps:any?", merge),
  reverse: plainFunction("list:any", ([items]) => reverse(items)),
  slice: plainFunction("list:any start_index:number end_index:number", ([items, start, end]) => slice(items, start as Num, end as Num)),
  values: plainFunction("values:any", ([value]) => values(value)),
};

function chunks({ items, element }: Sequence, size: Num, budget: { left: number }): CallResult {
  if (typeof size !== "number" || !Number.isFinite(size)) return err({ message: "invalid size: value must be a whole number" });
  if (size < 0) return err({ message: "the size argument must be positive" });
  if (!afford(budget, items.length)) return err({ message: TOO_LARGE });
  const made: Val[] = [];
  for (let at = 0; at < items.length; at += size === 0 ? items.length : size) made.push(list(items.slice(at, size === 0 ? items.length : at + size), element));
  return give(list(made, listOf(element)));
}

function coalesce(values: readonly Val[]): CallResult {
  if (values.length === 0) return err({ message: "at least one argument is required" });
  // Where there is none in common, a null without a type leaves it open.
  const type = unify(values.map(typeOf)) ?? (values.some((value) => isNull(value) && value.type === "any") ? "any" : undefined);
  if (type === undefined) return err({ message: "all arguments must have the same type" });
  const found = values.find((value) => !isNull(value));
  return found === undefined ? err({ message: "no non-null arguments" }) : converted(found, type);
}

function converted(value: Val, type: Type): CallResult {
  const result = convert(value, type);
  return result.ok ? result : err({ message: result.error });
}

function coalesceList(values: readonly Val[]): CallResult {
  if (values.length === 0) return err({ message: "at least one argument is required" });
  const isUnfit = (value: Val): boolean => (isNull(value) ? value.type === "any" : !isSequence(value) || value.kind === "set");
  if (values.some(isUnfit)) return err({ message: "coalescelist arguments must be lists or tuples" });
  for (const value of values) if (isSequence(value) && value.items.length > 0) return give(value);
  return err({ message: "no non-null arguments" });
}

/** A list where all are lists of types that have one in common; else a tuple. */
function concat(sequences: readonly Val[]): CallResult {
  if (sequences.length === 0) return err({ message: "at least one argument is required" });
  const bad = sequences.findIndex((value) => !isSequence(value) || value.kind === "set");
  if (bad !== -1) return refuse(bad, `all arguments must be lists or tuples; got ${kindName(sequences[bad] ?? false)}`);
  const all = sequences as readonly Sequence[];
  const items = all.flatMap((sequence) => sequence.items);
  const element = all.every(({ kind }) => kind === "list") ? unify(all.map((sequence) => sequence.element)) : undefined;
  return element === undefined ? give(tuple(items)) : converted(tuple(items), listOf(element));
}

function contains(items: Val | undefined, value: Val | undefined): CallResult {
  if (items === undefined || !isSequence(items)) return err({ message: "argument must be list, tuple, or set" });
  return give(value !== undefined && items.items.some((item) => isEqual(item, value)));
}

function distinct({ items, element }: Sequence): CallResult {
  const first = new Map<string, Val>();
  for (const item of items) {
    const key = keyOf(item);
    if (!first.has(key)) first.set(key, item);
  }
  return give(list([...first.values()], element));
}

function elementAt(items: Val | undefined, index: Num): CallResult {
  if (items === undefined || !isSequence(items) || items.kind === "set") return err({ message: `cannot read elements from ${items === undefined ? "" : kindName(items)}` });
  if (typeof index !== "number" || !Number.isFinite(index)) return err({ message: "invalid index: value must be a whole number" });
  if (items.items.length === 0) return err({ message: "cannot use element function with an empty list" });
  return give(items.items.at(index % items.items.length) ?? false);
}

function flatten(value: Val | undefined, budget: { left: number }): CallResult {
  if (value === undefined || !isSequence(value)) return err({ message: "can only flatten lists, sets and tuples" });
  const flat: Val[] = [];
  const open: Val[] = value.items.toReversed();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!afford(budget, 1)) return err({ message: TOO_LARGE });
    if (isSequence(next)) for (const item of next.items.toReversed()) open.push(item);
    else flat.push(next);
  }
  return give(tuple(flat));
}

function keys(value: Val | undefined): CallResult {
  if (value === undefined || !isMapping(value)) return refuse(0, "must have map or object type");
  const names = [...value.entries.keys()];
  return give(value.kind === "map" ? list(names, "string") : tuple(names));
}

function values(value: Val | undefined): CallResult {
  if (value === undefined || !isMapping(value)) return err({ message: "values() requires a map as the first argument" });
  const items = [...value.entries.values()];
  return give(value.kind === "map" ? list(items, value.element) : tuple(items));
}

function lengthOf(value: Val | undefined): CallResult {
  if (value !== undefined && isSequence(value)) return give(value.items.length);
  return value !== undefined && isMapping(value) && value.kind === "map" ? give(value.entries.size) : err({ message: "collection must be a list, a map or a tuple" });
}

/** Nulls are passed over. A map where all are maps of one type; else an object. */
function merge(args: readonly Val[]): CallResult {
  const bad = args.find((value) => !isNull(value) && !isMapping(value));
  if (bad !== undefined) return err({ message: `arguments must be maps or objects, got ${JSON.stringify(kindName(bad))}` });
  const maps = args.filter((value): value is Mapping => isMapping(value));
  const [first] = maps;
  const entries = maps.flatMap((value) => [...value.entries]);
  const isMap = first !== undefined && maps.every(({ kind, element }) => kind === "map" && typeEquals(element, first.element));
  return give(isMap ? map(entries, first.element) : object(entries));
}

function reverse(value: Val | undefined): CallResult {
  if (value === undefined || !isSequence(value)) return refuse(0, `can only reverse list or tuple values, not ${value === undefined ? "" : kindName(value)}`);
  const items = value.items.toReversed();
  return give(value.kind === "tuple" ? tuple(items) : list(items, value.element));
}

function slice(value: Val | undefined, start: Num, end: Num): CallResult {
  if (value === undefined || !isSequence(value)) return refuse(0, "must be a list or tuple value");
  if (value.kind === "set") return refuse(0, "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the ordering of the result is not important");
  const { length } = value.items;
  if (typeof start !== "number" || !Number.isFinite(start)) return refuse(1, "invalid start index: value must be a whole number");
  if (start < 0) return refuse(1, "start index must not be less than zero");
  if (start > length) return refuse(1, "start index must not be greater than the length of the list");
  if (typeof end !== "number" || !Number.isFinite(end)) return refuse(2, "invalid end index: value must be a whole number");
  if (end < 0) return refuse(2, "end index must not be less than zero");
  if (end > length) return refuse(2, "end index must not be greater than the length of the list");
  if (start > end) return refuse(1, "start index must not be greater than end index");
  const items = value.items.slice(start, end);
  return give(value.kind === "tuple" ? tuple(items) : list(items, value.element));
}
