/** @module Filling in what a decoded struct leaves open. Used by the canonicalising modules. */

/** `value` with each default whose field is absent or null. */
export function withDefaults<T extends object>(value: T, defaults: Partial<T>): T {
  const open = Object.entries(defaults).filter(([name]) => isNil((value as Record<string, unknown>)[name]));
  return open.length === 0 ? value : { ...value, ...Object.fromEntries(open) };
}

/** `value` where every field of `over` that is not nil wins: Go's Merge of its policies. */
export function merged<T extends object>(value: T, over: T | null | undefined): T {
  const set = Object.entries(over ?? {}).filter(([, item]) => !isNil(item));
  return { ...value, ...Object.fromEntries(set) };
}

/** `value` with null for each named list or map that is empty. */
export function emptyToNull<T extends object>(value: T, names: readonly (keyof T & string)[]): T {
  const empty = names.filter((name) => isEmpty(value[name]));
  return empty.length === 0 ? value : { ...value, ...Object.fromEntries(empty.map((name) => [name, null])) };
}

export const isNil = (value: unknown): value is null | undefined => value === null || value === undefined;

const isEmpty = (value: unknown): boolean => typeof value === "object" && value !== null && Object.keys(value).length === 0;
