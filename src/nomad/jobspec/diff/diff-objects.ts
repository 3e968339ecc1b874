/** @module The fields and objects that two structs of a job differ in, by the shapes of diff-shapes.ts. Used by diff-jobs.ts. Time and memory grow with the size of the two. */
import { canonicalJson } from "../../../lib/canonical-json.ts";
import type { DecodedStruct } from "../decoded.ts";
import { type Part, type Shape, WAIT_NAME } from "./diff-shapes.ts";
import type { DiffType, FieldDiff, ObjectDiff } from "./diff-types.ts";

type Maybe = DecodedStruct | null | undefined;

/** The fields of a struct that differ, sorted; with `context` also those that do not. */
export function diffFields({ fields }: Shape, [old, next]: readonly [Maybe, Maybe], context: boolean): readonly FieldDiff[] {
  return compareFlat(flatten(fields, old), flatten(fields, next), context);
}

/** The parts of a struct that differ, in the shape's order; with `context` also lists of texts that do not. */
export function diffParts({ parts = [] }: Shape, [old, next]: readonly [Maybe, Maybe], context: boolean): readonly ObjectDiff[] {
  return parts.flatMap((part) => diffPart(part, [old?.[part.field], next?.[part.field]], context));
}

type Flat = ReadonlyMap<string, string>;

/** Nil is no field at all. */
function flatten(fields: readonly string[], struct: Maybe): Flat {
  const flat = new Map<string, string>();
  for (const entry of fields) {
    const [field = "", shown = field] = entry.split(":");
    const value = struct?.[field];
    if (value === null || value === undefined) continue;
    if (Array.isArray(value)) {
      if (value.length > 0) flat.set(shown, value.join(","));
    } else if (typeof value === "object") {
      for (const [key, item] of Object.entries(value)) flat.set(shown === "" ? key : `${shown}[${key}]`, textOf(item));
    } else flat.set(shown, textOf(value));
  }
  return flat;
}

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
};

function compareFlat(old: Flat, next: Flat, context: boolean): readonly FieldDiff[] {
  const names = [...new Set([...old.keys(), ...next.keys()])].sort();
  return names.map((name) => fieldDiff(name, old.get(name) ?? "", next.get(name) ?? "")).filter(({ Type }) => context || Type !== "None");
}

function fieldDiff(Name: string, Old: string, New: string): FieldDiff {
  const Type = Old === New ? "None" : Old === "" ? "Added" : New === "" ? "Deleted" : "Edited";
  return { Type, Name, Old, New, Annotations: null };
}

function diffPart(part: Part, [old, next]: readonly [unknown, unknown], inherited: boolean): readonly ObjectDiff[] {
  const context = part.context ?? true;
  switch (part.kind) {
    case "texts":
      return diffTexts(part.name, [listOf(old) as readonly string[], listOf(next) as readonly string[]], { context, always: inherited && context });
    case "free":
      return diffFree(part.name, [structOf(old), structOf(next)], context);
    case "one":
      return diffStruct(part, [structOf(old), structOf(next)]);
    default:
      return byType(pairsOf(part, old, next).flatMap((pair) => diffStruct(part, pair)));
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
const structOf = (value: unknown): DecodedStruct | undefined => (value === null || value === undefined ? undefined : (value as DecodedStruct));

/** What came, what went, what changed; each in the order of the job. */
const byType = (objects: readonly ObjectDiff[]): readonly ObjectDiff[] => objects.toSorted((a, b) => (a.Type < b.Type ? -1 : a.Type > b.Type ? 1 : 0));

function diffStruct({ name, shape, context = true }: Part, [old, next]: readonly [Maybe, Maybe]): readonly ObjectDiff[] {
  if (canonicalJson(old ?? null) === canonicalJson(next ?? null)) return [];
  const pair = [withNils(name, old), withNils(name, next)] as const;
  return [{ Type: typeOf(old, next), Name: name, Fields: orNull(diffFields(shape, pair, context)), Objects: orNull(diffParts(shape, pair, context)) }];
}

/** Durations that are not set, of which Nomad shows a word. */
function withNils(name: string, struct: Maybe): Maybe {
  if (struct === null || struct === undefined) return struct;
  if (name === "Disconnect") return { ...struct, LostAfter: struct["LostAfter"] ?? 0, StopOnClientAfter: struct["StopOnClientAfter"] ?? "nil" };
  return name === WAIT_NAME && "Max" in struct ? { ...struct, Min: struct["Min"] ?? "nil", Max: struct["Max"] ?? "nil" } : struct;
}

export const typeOf = (old: unknown, next: unknown): DiffType => {
  if (old === null || old === undefined) return "Added";
  return next === null || next === undefined ? "Deleted" : "Edited";
};

export const orNull = <T>(items: readonly T[]): readonly T[] | null => (items.length === 0 ? null : items);

/** The order of texts does not count. */
function diffTexts(name: string, [old, next]: readonly [readonly string[], readonly string[]], { context, always }: { readonly context: boolean; readonly always: boolean }): readonly ObjectDiff[] {
  const [before, after] = [new Set(old), new Set(next)];
  const come = [...after].filter((text) => !before.has(text)).sort();
  const gone = [...before].filter((text) => !after.has(text)).sort();
  const kept = context ? [...before].filter((text) => after.has(text)).sort() : [];
  const type = come.length === 0 ? (gone.length === 0 ? "None" : "Deleted") : gone.length === 0 ? "Added" : "Edited";
  if (type === "None" && (!always || kept.length === 0)) return [];
  const stood = [...kept.map((text) => fieldDiff(name, text, text)), ...gone.map((text) => fieldDiff(name, text, ""))].toSorted((a, b) => (a.Old < b.Old ? -1 : 1));
  return [{ Type: type, Name: name, Fields: [...come.map((text) => fieldDiff(name, "", text)), ...stood], Objects: null }];
}

function diffFree(name: string, [old, next]: readonly [Maybe, Maybe], context: boolean): readonly ObjectDiff[] {
  const [before, after] = [leavesOf(old ?? {}), leavesOf(next ?? {})];
  if (compareFlat(before, after, false).length === 0) return [];
  const type = before.size === 0 ? "Added" : after.size === 0 ? "Deleted" : "Edited";
  return [{ Type: type, Name: name, Fields: orNull(compareFlat(before, after, context)), Objects: null }];
}

/** `args[0]`, `mount[0][target]`: each scalar in a free form by its path. A block, which HCL makes a list of one, is shown without its number. */
function leavesOf(form: DecodedStruct): Flat {
  const leaves = new Map<string, string>();
  for (const [key, value] of Object.entries(form)) collect(value, key, leaves);
  return leaves;
}

function collect(value: unknown, path: string, into: Map<string, string>): void {
  if (typeof value !== "object" || value === null) {
    into.set(path, textOf(value));
    return;
  }
  for (const [key, item] of Object.entries(value)) collect(item, `${path}[${key}]`, into);
}

type Pair = readonly [DecodedStruct | undefined, DecodedStruct | undefined];

function pairsOf({ kind, key = "" }: Part, old: unknown, next: unknown): readonly Pair[] {
  if (kind === "map") return pairUp(Object.entries(structOf(old) ?? {}) as Entries, Object.entries(structOf(next) ?? {}) as Entries);
  const keyOf = (item: DecodedStruct): string => (kind === "set" ? canonicalJson(item) : textOf(item[key]));
  const entries = (value: unknown) => (listOf(value) as readonly DecodedStruct[]).map((item) => [keyOf(item), item] as const);
  const pairs = pairUp(entries(old), entries(next));
  return kind === "paired" ? pairLeftOvers(pairs) : pairs;
}

type Entries = readonly (readonly [string, DecodedStruct])[];

/** Items of the same key in order, then those that only one side has. */
function pairUp(old: Entries, next: Entries): readonly Pair[] {
  const before = Map.groupBy(old, ([key]) => key);
  const after = Map.groupBy(next, ([key]) => key);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [left, right] = [before.get(key) ?? [], after.get(key) ?? []];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index): Pair => [left[index]?.[1], right[index]?.[1]]);
  });
}

/** What went and what came are one item that has changed, as far as there are as many of both. */
function pairLeftOvers(pairs: readonly Pair[]): readonly Pair[] {
  const gone = pairs.filter(([, next]) => next === undefined).map(([old]) => old);
  const come = pairs.filter(([old]) => old === undefined).map(([, next]) => next);
  const rest = Array.from({ length: Math.max(gone.length, come.length) }, (_, index): Pair => [gone[index], come[index]]);
  return [...pairs.filter(([old, next]) => old !== undefined && next !== undefined), ...rest];
}
