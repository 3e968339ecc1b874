/** @module Blocks of HCL as structs of the job's schema. Used by job-from-hcl.ts. */
import { err, type Result } from "../../../lib/result.ts";
import type { EvaluatedAttribute, EvaluatedBlock, EvaluatedBody, Value } from "../../hcl/evaluated.ts";
import type { Range } from "../../hcl/syntax.ts";
import type { DecodedStruct } from "../decoded.ts";
import { type Field, type FieldType, type Struct, type StructName, structOf } from "../schema/schema.ts";
import { decodeValue, NULL_NOT_ALLOWED } from "./decode-value.ts";
import { type Decoding, fail, formatRange } from "./decoding.ts";
import { suggestion } from "./suggest.ts";

/** What a struct has in HCL beside its own fields: these are read into fields that `normalise` takes out again, or by the shorthand itself. */
export type Extras = {
  /** Blocks by name, each a field as the schema would have it. */
  readonly blocks?: readonly Field[];
  /** An attribute that is a field in other words. Undefined where it is none of these. */
  readonly shorthand?: (name: string, value: Value) => DecodedStruct | undefined;
  /** Labels that the schema does not have. */
  readonly labels?: readonly string[];
  /** Whether they may be left out. */
  readonly labelsOptional?: boolean;
  readonly fromLabels?: (labels: readonly string[]) => DecodedStruct;
};

export type ExtrasOf = (struct: StructName) => Extras;

type Context = { readonly decoding: Decoding; readonly extrasOf: ExtrasOf };

/** Maps that may be written with `=` as well as as a block. */
const MAP_ATTRIBUTES = new Set(["meta", "env"]);

/** One block as a struct: what could be read of it. */
export function decodeBlock(name: StructName, block: EvaluatedBlock, context: Context): DecodedStruct {
  const type = structOf(name);
  const extras = context.extrasOf(name);
  const values = new Map<string, unknown>(Object.entries(labelValues(type, extras, block, context.decoding)));
  const ranges = new Map<string, Range>();
  for (const attribute of block.body.attributes.values()) decodeAttribute({ type, extras, defined: block.body.attributes }, attribute, { values, ranges }, context);
  for (const [hcl, blocks] of Map.groupBy(block.body.blocks, (inner) => inner.type)) {
    const field = extras.blocks?.find((extra) => extra.hcl === hcl) ?? type.byHclName.get(hcl);
    if (field?.kind !== "block") {
      for (const inner of blocks) fail(context.decoding, inner.typeRange, `Unsupported block type; ${blockHint(hcl, field, blockNames(type, extras))}`);
      continue;
    }
    const read = decodeBlocks(field, blocks, context);
    if (read === undefined) continue;
    values.set(field.name, read);
    const [first] = blocks;
    if (first !== undefined) ranges.set(field.name, first.range);
  }
  requireArguments(type, values, block, context.decoding);
  return marked(Object.fromEntries(values), ranges, block, context.decoding);
}

function marked(struct: DecodedStruct, ranges: Map<string, Range>, block: EvaluatedBlock, decoding: Decoding): DecodedStruct {
  decoding.fields.set(struct, ranges);
  decoding.blocks.set(struct, block.range);
  return struct;
}

function blockHint(hcl: string, field: Field | undefined, known: readonly string[]): string {
  const said = `Blocks of type "${hcl}" are not expected here.`;
  const near = suggestion(hcl, known);
  if (near !== "" || field === undefined) return `${said}${near}`;
  return `${said} Did you mean to define argument "${hcl}"? If so, use the equals sign to assign it a value.`;
}

function argumentHint(hcl: string, field: Field | undefined, known: readonly string[]): string {
  const said = `An argument named "${hcl}" is not expected here.`;
  const near = suggestion(hcl, known);
  if (near !== "" || field === undefined) return `${said}${near}`;
  return `${said} Did you mean to define a block of type "${hcl}"?`;
}

const argumentNames = (type: Struct, defined: ReadonlyMap<string, unknown>): readonly string[] =>
  type.fields.filter(({ kind, hcl }) => (kind === "attribute" || kind === "required") && !defined.has(hcl)).map(({ hcl }) => hcl);

const blockNames = (type: Struct, extras: Extras): readonly string[] => [...type.fields.filter(({ kind }) => kind === "block"), ...(extras.blocks ?? [])].map(({ hcl }) => hcl);

function labelValues(type: Struct, extras: Extras, block: EvaluatedBlock, decoding: Decoding): DecodedStruct {
  const names = [...type.labels.map(({ hcl }) => hcl), ...(extras.labels ?? [])];
  const [spare] = block.labels.slice(names.length);
  if (block.labels.length < names.length && extras.labelsOptional !== true) {
    const [missing = ""] = names.slice(block.labels.length);
    fail(decoding, block.typeRange, `Missing ${missing} for ${block.type}; All ${block.type} blocks must have ${names.length} labels (${names.join(", ")}).`);
  }
  if (spare !== undefined) fail(decoding, spare.range, `Extraneous label for ${block.type}; ${labelHint(block.type, names)}`);
  const texts = block.labels.map(({ value }) => value);
  const own = Object.fromEntries(type.labels.map(({ name }, index) => [name, texts[index] ?? ""]));
  return { ...own, ...extras.fromLabels?.(texts) };
}

const labelHint = (type: string, names: readonly string[]): string =>
  names.length === 0 ? `No labels are expected for ${type} blocks.` : `Only ${names.length} labels (${names.join(", ")}) are expected for ${type} blocks.`;

type Read = { readonly values: Map<string, unknown>; readonly ranges: Map<string, Range> };

type Place = { readonly type: Struct; readonly extras: Extras; readonly defined: ReadonlyMap<string, EvaluatedAttribute> };

function decodeAttribute({ type, extras, defined }: Place, attribute: EvaluatedAttribute, into: Read, { decoding }: Context): void {
  const { name, value, nameRange, valueRange, startRange } = attribute;
  const short = extras.shorthand?.(name, value);
  if (short !== undefined) {
    for (const [field, item] of Object.entries(short)) {
      into.values.set(field, item);
      into.ranges.set(field, valueRange);
    }
    return;
  }
  const field = type.byHclName.get(name);
  const isArgument = field?.kind === "attribute" || field?.kind === "required" || (field?.type.kind === "map" && MAP_ATTRIBUTES.has(name));
  if (field === undefined || !isArgument) {
    fail(decoding, nameRange, `Unsupported argument; ${argumentHint(name, field, argumentNames(type, defined))}`);
    return;
  }
  if (value === null) return;
  const decoded = decodeValue(field.type, value);
  if (!decoded.ok) {
    fail(decoding, startRange, `Unsuitable value type; ${decoded.error}`);
    return;
  }
  into.values.set(field.name, decoded.value);
  into.ranges.set(field.name, valueRange);
}

function requireArguments(type: Struct, values: ReadonlyMap<string, unknown>, block: EvaluatedBlock, decoding: Decoding): void {
  for (const { kind, hcl, name } of type.fields) {
    if (kind !== "required" || values.has(name)) continue;
    fail(decoding, block.body.range, `Missing required argument; The argument "${hcl}" is required, but no definition was found.`);
  }
}

/** All the blocks of one name in a body, as the value of its field. */
function decodeBlocks(field: Field, blocks: readonly EvaluatedBlock[], context: Context): unknown {
  const { type } = field;
  if (type.kind === "list" && type.item.kind === "struct") {
    const { struct } = type.item;
    return blocks.map((block) => decodeBlock(struct, block, context));
  }
  if (type.kind === "map" && type.item.kind === "struct") {
    const { struct } = type.item;
    return Object.fromEntries(blocks.map((block) => [block.labels[0]?.value ?? "", decodeBlock(struct, block, context)]));
  }
  const [first, second] = blocks;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    fail(
      context.decoding,
      second.typeRange,
      `Duplicate ${field.hcl} block; Only one ${field.hcl} block is allowed. Another was defined at ${context.decoding.filename}:${formatRange(first.typeRange)}.`,
    );
    return undefined;
  }
  if (type.kind === "struct") return decodeBlock(type.struct, first, context);
  return type.kind === "map" ? decodeMapBlock(type.item, first, context.decoding) : undefined;
}

/** A block whose attributes are the entries of a map; where any value may stand, blocks in it are lists of maps. */
function decodeMapBlock(item: FieldType, block: EvaluatedBlock, decoding: Decoding): DecodedStruct {
  if (item.kind === "any") return freeForm(block.body, block.range, decoding);
  const [inner] = block.body.blocks;
  if (inner !== undefined) fail(decoding, inner.typeRange, `Unsupported block type; ${blockHint(inner.type, undefined, [])}`);
  const [label] = block.labels;
  if (label !== undefined) fail(decoding, label.range, `Extraneous label for ${block.type}; ${labelHint(block.type, [])}`);
  const values = new Map<string, unknown>();
  const ranges = new Map<string, Range>();
  for (const { name, value, valueRange, startRange } of block.body.attributes.values()) {
    const decoded: Result<unknown, string> = value === null ? err(NULL_NOT_ALLOWED) : decodeValue(item, value);
    if (!decoded.ok) {
      fail(decoding, startRange, `Unsuitable value type; ${decoded.error}`);
      continue;
    }
    values.set(name, decoded.value);
    ranges.set(name, valueRange);
  }
  return marked(Object.fromEntries(values), ranges, block, decoding);
}

function freeForm(body: EvaluatedBody, range: Range, decoding: Decoding): DecodedStruct {
  const attributes = [...body.attributes.values()];
  const blocks = [...Map.groupBy(body.blocks, ({ type }) => type)].map(([type, inner]) => [type, inner.map((block) => labelled(block, decoding))] as const);
  const struct = Object.fromEntries([...attributes.map(({ name, value }) => [name, value] as const), ...blocks]);
  decoding.blocks.set(struct, range);
  decoding.fields.set(struct, new Map(attributes.map(({ name, valueRange }) => [name, valueRange])));
  return struct;
}

/** Labels are keys around the block: `logging "x" { … }` is a list of `{ x = [{ … }] }`. */
function labelled(block: EvaluatedBlock, decoding: Decoding): DecodedStruct {
  const inside = freeForm(block.body, block.range, decoding);
  return block.labels.reduceRight<DecodedStruct>((within, { value }) => Object.fromEntries([[value, [within]]]), inside);
}
