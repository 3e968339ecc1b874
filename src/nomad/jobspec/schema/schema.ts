/**
 * @module Nomad's `api.Job` as data: each struct with its fields. Decoding, canonicalising, HCL and diff all go by it, so that a field which
 * Nomad gains is one row.
 */
import type { FieldKind, FieldRow } from "./field-row.ts";
import { JOB_ROWS } from "./job-rows.ts";
import { SERVICE_ROWS } from "./service-rows.ts";
import { TASK_ROWS } from "./task-rows.ts";

const ROWS = { ...JOB_ROWS, ...TASK_ROWS, ...SERVICE_ROWS };

export type StructName = keyof typeof ROWS;
export const STRUCT_NAMES = Object.keys(ROWS) as readonly StructName[];

/** `go` is the type as Go's errors name it. A pointer's nil is null; that of a list or map too. */
export type FieldType = { readonly go: string; readonly pointer: boolean } & (
  | { readonly kind: "string" | "bool" | "bytes" | "any" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number; readonly duration: boolean }
  | { readonly kind: "list" | "map"; readonly item: FieldType }
  | { readonly kind: "struct"; readonly struct: StructName }
);

export type Field = {
  /** The Go name, which is the JSON key. */
  readonly name: string;
  readonly kind: FieldKind;
  /** "" for what HCL cannot write, and for a label without a name. */
  readonly hcl: string;
  readonly type: FieldType;
};

export type Struct = {
  readonly name: StructName;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** By the name as `foldedKey` makes it. */
  readonly byFoldedName: ReadonlyMap<string, Field>;
  /** Attributes and blocks by what they are called in HCL. */
  readonly byHclName: ReadonlyMap<string, Field>;
  readonly labels: readonly Field[];
};

/** The letters that Go's decoder takes as equal to s and k beside their capitals: long s and the Kelvin sign. */
export const foldedKey = (key: string): string => key.toLowerCase().replaceAll("\u017f", "s");

/** The largest of 64 bits has no float: the bound is the next one, which is what JSON.parse makes of it, and `decode` takes the one below. */
const signed = (bits: number) => ({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
const unsigned = (bits: number) => ({ min: 0, max: 2 ** bits - 1 });

const INTEGERS: Readonly<Record<string, { readonly min: number; readonly max: number }>> = {
  int: signed(64),
  int8: signed(8),
  int64: signed(64),
  uint8: unsigned(8),
  uint16: unsigned(16),
  uint32: unsigned(32),
  uint64: unsigned(64),
  "time.Duration": signed(64),
};

const STRINGS: Readonly<Record<string, string>> = { string: "string", CSIPluginType: "api.CSIPluginType" };

const isStructName = (text: string): text is StructName => Object.hasOwn(ROWS, text);

/** @throws for a type that no row may have: a fault of the tables */
function parseType(text: string): FieldType {
  if (text.startsWith("*")) return { ...parseType(text.slice(1)), pointer: true };
  const pointer = false;
  if (text === "bool") return { kind: "bool", go: text, pointer };
  if (text === "[]byte") return { kind: "bytes", go: "[]uint8", pointer };
  if (text === "any") return { kind: "any", go: "interface {}", pointer };
  const string = STRINGS[text];
  if (string !== undefined) return { kind: "string", go: string, pointer };
  const integer = INTEGERS[text];
  if (integer !== undefined) return { kind: "integer", ...integer, duration: text === "time.Duration", go: text, pointer };
  if (text.startsWith("[]")) return withItem("list", "[]", parseType(text.slice(2)));
  if (text.startsWith("map[string]")) return withItem("map", "map[string]", parseType(text.slice("map[string]".length)));
  if (isStructName(text)) return { kind: "struct", struct: text, go: `api.${text}`, pointer };
  throw new Error(`the job's schema has a type that is not known: ${text}`);
}

const withItem = (kind: "list" | "map", prefix: string, item: FieldType): FieldType => ({
  kind,
  item,
  go: `${prefix}${item.pointer ? "*" : ""}${item.go}`,
  pointer: false,
});

function parseStruct(name: StructName): Struct {
  const rows: readonly FieldRow[] = ROWS[name];
  const fields = rows.map(([field, kind, hcl, type]) => ({ name: field, kind, hcl, type: parseType(type) }));
  return {
    name,
    fields,
    byName: new Map(fields.map((field) => [field.name, field])),
    byFoldedName: new Map(fields.map((field) => [foldedKey(field.name), field])),
    byHclName: new Map(fields.filter(({ kind }) => kind !== "label" && kind !== "none").map((field) => [field.hcl, field])),
    labels: fields.filter(({ kind }) => kind === "label"),
  };
}

const STRUCTS = Object.fromEntries(STRUCT_NAMES.map((name) => [name, parseStruct(name)])) as Readonly<Record<StructName, Struct>>;

export const structOf = (name: StructName): Struct => STRUCTS[name];
