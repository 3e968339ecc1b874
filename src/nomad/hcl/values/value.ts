/** @module Values while HCL is evaluated: they know their types, which the values that come out no longer do. Used by the evaluator and its functions. */
import type { Value } from "../evaluated.ts";
import { isNum, type Num, toNumber } from "./number.ts";
import type { Type } from "./type.ts";

export type Val = string | boolean | Num | Null | Sequence | Mapping;
export type Null = { readonly kind: "null"; readonly type: Type };
/** `element` is there for lists and sets. The items of a set are sorted, and no two are equal. */
export type Sequence = { readonly kind: "tuple" | "list" | "set"; readonly items: readonly Val[]; readonly element: Type; readonly size: number };
/** Entries are sorted by key. `element` counts for maps alone. */
export type Mapping = { readonly kind: "object" | "map"; readonly entries: ReadonlyMap<string, Val>; readonly element: Type; readonly size: number };

export const NULL: Null = { kind: "null", type: "any" };

export const tuple = (items: readonly Val[]): Sequence => ({ kind: "tuple", items, element: "any", size: sizeOfAll(items) });
export const list = (items: readonly Val[], element: Type): Sequence => ({ kind: "list", items, element, size: sizeOfAll(items) });
/** The items must be sorted and without repetition: see sets.ts. */
export const sortedSet = (items: readonly Val[], element: Type): Sequence => ({ kind: "set", items, element, size: sizeOfAll(items) });

export const object = (entries: Iterable<readonly [string, Val]>): Mapping => mapping("object", entries, "any");
export const map = (entries: Iterable<readonly [string, Val]>, element: Type): Mapping => mapping("map", entries, element);

/** Later entries win over earlier ones of the same key. */
function mapping(kind: Mapping["kind"], entries: Iterable<readonly [string, Val]>, element: Type): Mapping {
  const unsorted = new Map(entries);
  const keys = [...unsorted.keys()].sort(compareText);
  const sorted = new Map<string, Val>();
  let size = 1;
  for (const key of keys) {
    const value = unsorted.get(key) ?? NULL;
    sorted.set(key, value);
    size += sizeOf(value) + 1 + key.length / 16;
  }
  return { kind, entries: sorted, element, size };
}

/** What it costs to walk the whole of a value: about one a scalar, and one for 16 characters. What is shared counts each time. */
export function sizeOf(value: Val): number {
  if (typeof value === "string") return 1 + value.length / 16;
  if (isSequence(value) || isMapping(value)) return value.size;
  return 1;
}

const sizeOfAll = (items: readonly Val[]): number => items.reduce((sum: number, item) => sum + sizeOf(item), 1);

export const isNull = (value: Val): value is Null => typeof value === "object" && value.kind === "null";
export const isSequence = (value: Val): value is Sequence => typeof value === "object" && (value.kind === "tuple" || value.kind === "list" || value.kind === "set");
export const isMapping = (value: Val): value is Mapping => typeof value === "object" && (value.kind === "object" || value.kind === "map");

/** Takes as long as the value is large. */
export function typeOf(value: Val): Type {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (isNum(value)) return "number";
  if (value.kind === "null") return value.type;
  if (value.kind === "tuple") return { kind: "tuple", elements: value.items.map(typeOf) };
  if (value.kind === "object") return { kind: "object", attributes: new Map([...value.entries].map(([name, each]) => [name, typeOf(each)])) };
  return { kind: value.kind, element: value.element };
}

/** The name of the type alone, which takes no time. */
export function kindName(value: Val): string {
  if (isSequence(value) || isMapping(value)) return value.kind;
  if (typeof value === "object" && value.kind === "null") return "null";
  return typeof value === "string" ? "string" : typeof value === "boolean" ? "bool" : "number";
}

/** As UTF-8 sorts, which is by code point. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;

/** Whether a number in it is infinite. */
export function isInfinite(value: Val): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object") return false;
  if (isSequence(value)) return value.items.some(isInfinite);
  return isMapping(value) && [...value.entries.values()].some(isInfinite);
}

/** Without types, as the reader of a job sees it. */
export function plain(value: Val): Value {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (isNum(value)) return toNumber(value);
  if (value.kind === "null") return null;
  if (isSequence(value)) return value.items.map(plain);
  return Object.fromEntries([...value.entries].map(([key, each]) => [key, plain(each)]));
}
