/** @module Equality and order of HCL values, and the sets that follow from them. Used by operators and functions. */
import { compare, isNum, numText } from "./number.ts";
import { type Type, typeEquals } from "./type.ts";
import { compareText, isMapping, isNull, isSequence, type Sequence, sortedSet, type Val } from "./value.ts";

/** Values of different types are never equal; two nulls are, whatever their types. */
export function isEqual(a: Val, b: Val): boolean {
  if (isNull(a) || isNull(b)) return isNull(a) && isNull(b);
  if (isNum(a) || isNum(b)) return isNum(a) && isNum(b) && compare(a, b) === 0;
  if (isSequence(a)) {
    if (!isSequence(b) || a.kind !== b.kind || a.items.length !== b.items.length || !typeEquals(a.element, b.element)) return false;
    return a.items.every((item, index) => isEqual(item, b.items[index] ?? false));
  }
  if (isMapping(a)) {
    if (!isMapping(b) || a.kind !== b.kind || a.entries.size !== b.entries.size || !typeEquals(a.element, b.element)) return false;
    return [...a.entries].every(([key, value]) => {
      const other = b.entries.get(key);
      return other !== undefined && isEqual(value, other);
    });
  }
  return a === b;
}

/** Sorts the items and drops repetitions. Scalars are in their own order, and what holds others by what it holds. */
export function set(items: readonly Val[], element: Type): Sequence {
  const keyed = new Map(items.map((item) => [keyOf(item), item]));
  const sorted = [...keyed].sort(([keyA, a], [keyB, b]) => compareItems(a, b) || compareText(keyA, keyB));
  return sortedSet(sorted.map(([, item]) => item), element);
}

function compareItems(a: Val, b: Val): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (isNum(a) && isNum(b)) return compare(a, b);
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  return Number(isNull(a)) - Number(isNull(b));
}

/** The same text for equal values, and different ones for all others of the same type. */
export function keyOf(value: Val): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean") return value ? "t" : "f";
  if (isNum(value)) return numText(value);
  if (isNull(value)) return "n";
  if (isSequence(value)) return `[${value.items.map(keyOf).join(",")}]`;
  return `{${[...value.entries].map(([key, each]) => `${JSON.stringify(key)}:${keyOf(each)}`).join(",")}}`;
}
