/** @module The fields and objects that two structs of a job's schema differ in. Used by diff-jobs.ts. Time and memory grow with the size of the two. */
import type { DecodedStruct } from "../decoded.ts";
import { type Field, type FieldType, type StructName, structOf } from "../schema/schema.ts";
import type { DiffType, FieldDiff, ObjectDiff } from "./diff-types.ts";

export type StructDiff = { readonly fields: readonly FieldDiff[]; readonly objects: readonly ObjectDiff[] };

type Maybe = DecodedStruct | null | undefined;

/** What differs, sorted by name. `without` are fields that are not looked at. */
export function diffStructs(struct: StructName, old: Maybe, next: Maybe, without: readonly string[] = []): StructDiff {
  const fields: FieldDiff[] = [];
  const objects: ObjectDiff[] = [];
  for (const field of structOf(struct).fields) {
    if (without.includes(field.name)) continue;
    const found = diffField(field, old?.[field.name], next?.[field.name]);
    fields.push(...found.fields);
    objects.push(...found.objects);
  }
  return { fields: fields.toSorted(byName), objects: objects.toSorted(byName) };
}

const NOTHING: StructDiff = { fields: [], objects: [] };

const byName = (a: { readonly Name: string }, b: { readonly Name: string }): number => (a.Name < b.Name ? -1 : a.Name > b.Name ? 1 : 0);

function diffField({ name, type }: Field, old: unknown, next: unknown): StructDiff {
  switch (type.kind) {
    case "struct": {
      const object = diffObject(type.struct, OBJECT_NAMES[name] ?? name, old as Maybe, next as Maybe);
      return object === undefined ? NOTHING : { fields: [], objects: [object] };
    }
    case "list":
      return { fields: [], objects: diffList(name, type.item, listOf(old), listOf(next)) };
    case "map":
      return diffMap(name, type.item, (old ?? {}) as DecodedStruct, (next ?? {}) as DecodedStruct);
    default:
      return { fields: diffText(name, textOf(old), textOf(next)), objects: [] };
  }
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);

/** Nil is the same as "". */
const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** A change of one text; none where both are the same. */
export function diffText(name: string, old: string, next: string): readonly FieldDiff[] {
  if (old === next) return [];
  return [{ Type: old === "" ? "Added" : next === "" ? "Deleted" : "Edited", Name: name, Old: old, New: next, Annotations: null }];
}

/** Undefined where both are the same; null and undefined are no object. */
export function diffObject(struct: StructName, name: string, old: Maybe, next: Maybe): ObjectDiff | undefined {
  const { fields, objects } = diffStructs(struct, old, next);
  return objectOf(name, typeOf(old, next), fields, objects);
}

export const typeOf = (old: unknown, next: unknown): DiffType => {
  if (old === null || old === undefined) return "Added";
  return next === null || next === undefined ? "Deleted" : "Edited";
};

function objectOf(name: string, type: DiffType, fields: readonly FieldDiff[], objects: readonly ObjectDiff[]): ObjectDiff | undefined {
  if (fields.length === 0 && objects.length === 0) return undefined;
  return { Type: type, Name: name, Fields: orNull(fields), Objects: orNull(objects) };
}

export const orNull = <T>(items: readonly T[]): readonly T[] | null => (items.length === 0 ? null : items);

/** What Nomad calls one of a list, and objects whose field has another name. */
const OBJECT_NAMES: Readonly<Record<string, string>> = {
  Constraints: "Constraint",
  Affinities: "Affinity",
  Spreads: "Spread",
  Services: "Service",
  Checks: "Check",
  Templates: "Template",
  Artifacts: "Artifact",
  VolumeMounts: "VolumeMount",
  Volumes: "Volume",
  Networks: "Network",
  ReservedPorts: "Static Port",
  DynamicPorts: "Dynamic Port",
  Devices: "Device",
  Identities: "Identity",
  Actions: "Action",
  Secrets: "Secret",
  ScalingPolicies: "Scaling",
  Links: "Link",
  Regions: "Region",
  Upstreams: "Upstream",
  Listeners: "Listener",
  Paths: "Path",
};

/** The field by which two of a list are the same one, edited; others are taken away and added. */
const KEYS: Partial<Record<StructName, string>> = {
  Service: "Name",
  ServiceCheck: "Name",
  Port: "Label",
  Template: "DestPath",
  WorkloadIdentity: "Name",
  Action: "Name",
  Secret: "Name",
  RequestedDevice: "Name",
  SpreadTarget: "Value",
};

function diffList(name: string, item: FieldType, old: readonly unknown[], next: readonly unknown[]): readonly ObjectDiff[] {
  if (item.kind !== "struct") return diffSet(name, old.map(textOf), next.map(textOf));
  const { struct } = item;
  const pairs = pairUp(struct, old as readonly DecodedStruct[], next as readonly DecodedStruct[]);
  return pairs.flatMap(([before, after]) => diffObject(struct, OBJECT_NAMES[name] ?? name, before, after) ?? []);
}

/** A list of texts is one object whose fields are what came and went; its order does not count. */
function diffSet(name: string, old: readonly string[], next: readonly string[]): readonly ObjectDiff[] {
  const before = new Set(old);
  const after = new Set(next);
  const gone = [...before].filter((text) => !after.has(text)).sort();
  const come = [...after].filter((text) => !before.has(text)).sort();
  const fields = [...come.flatMap((text) => diffText(name, "", text)), ...gone.flatMap((text) => diffText(name, text, ""))];
  const type = before.size === 0 ? "Added" : after.size === 0 ? "Deleted" : "Edited";
  const object = objectOf(name, type, fields, []);
  return object === undefined ? [] : [object];
}

type Pair = readonly [DecodedStruct | undefined, DecodedStruct | undefined];

/** Items of the same key in order, then those that only one side has. Items that are equal to the letter are left out. */
function pairUp(struct: StructName, old: readonly DecodedStruct[], next: readonly DecodedStruct[]): readonly Pair[] {
  const key = KEYS[struct];
  const keyOf = (item: DecodedStruct): string => (key === undefined ? letterOf(item) : textOf(item[key]));
  const before = Map.groupBy(old, keyOf);
  const after = Map.groupBy(next, keyOf);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((each) => {
    const left = before.get(each) ?? [];
    const right = after.get(each) ?? [];
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index): Pair => [left[index], right[index]]);
  });
}

/** The order in which a map was written is no part of it: an API server gives maps back sorted. */
const letterOf = (item: DecodedStruct): string =>
  JSON.stringify(item, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );

/** Texts are fields such as `Meta[key]`; structs are objects; what is free in form is one object with a field for each leaf. */
function diffMap(name: string, item: FieldType, old: DecodedStruct, next: DecodedStruct): StructDiff {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
  if (item.kind === "struct") {
    const { struct } = item;
    return { fields: [], objects: keys.flatMap((key) => diffObject(struct, OBJECT_NAMES[name] ?? name, own(old, key) as Maybe, own(next, key) as Maybe) ?? []) };
  }
  if (item.kind === "string") return { fields: keys.flatMap((key) => diffText(`${name}[${key}]`, textOf(own(old, key)), textOf(own(next, key)))), objects: [] };
  const object = objectOf(name, mapType(old, next), diffLeaves(leavesOf(old), leavesOf(next)), []);
  return object === undefined ? NOTHING : { fields: [], objects: [object] };
}

const own = (map: DecodedStruct, key: string): unknown => (Object.hasOwn(map, key) ? map[key] : undefined);

function mapType(old: DecodedStruct, next: DecodedStruct): DiffType {
  if (Object.keys(old).length === 0) return "Added";
  return Object.keys(next).length === 0 ? "Deleted" : "Edited";
}

function diffLeaves(old: ReadonlyMap<string, string>, next: ReadonlyMap<string, string>): readonly FieldDiff[] {
  const names = [...new Set([...old.keys(), ...next.keys()])].sort();
  return names.flatMap((name) => diffText(name, old.get(name) ?? "", next.get(name) ?? ""));
}

/** `args[0]`, `mount[0][target]`: each scalar in a free form by its path. */
function leavesOf(form: DecodedStruct): ReadonlyMap<string, string> {
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
