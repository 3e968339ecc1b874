/** @module Values of HCL as the types of the job's schema, converted as HCL converts them. Used by decode-body.ts. */
import { parseDuration } from "../../../lib/duration.ts";
import { err, ok, type Result } from "../../../lib/result.ts";
import type { Value } from "../../hcl/evaluated.ts";
import type { FieldType } from "../schema/schema.ts";

/** The value, or what HCL says of one that does not fit. Null is no value at all, and is for the caller to leave out. */
export function decodeValue(type: FieldType, value: Value): Result<unknown, string> {
  switch (type.kind) {
    case "string":
    case "bytes":
      return textOf(value);
    case "bool":
      return boolOf(value);
    case "integer":
      return type.duration ? durationOf(value) : integerOf(value, type);
    case "list":
      return listOf(type.item, value);
    case "map":
      return mapOf(type.item, value);
    case "any":
      return ok(value);
    case "struct":
      return err("Unsuitable value: a block is required");
  }
}

export const NULL_NOT_ALLOWED = "Unsuitable value: null value is not allowed";

/** What HCL calls the type of a value where another one was wanted. */
function typeName(value: Value): string {
  if (Array.isArray(value)) return "tuple";
  if (typeof value === "boolean") return "bool";
  return typeof value;
}

/** A text could have been converted, and is none that can; anything else is of another type. */
const unsuitable = (needed: string, value: Value): Result<never, string> =>
  err(`Unsuitable value: ${typeof value === "string" && !needed.includes(" ") ? `a ${needed} is required` : `${needed} required, but have ${typeName(value)}`}`);

function textOf(value: Value): Result<string, string> {
  if (typeof value === "string") return ok(value);
  if (typeof value === "number" || typeof value === "boolean") return ok(String(value));
  return unsuitable("string", value);
}

function boolOf(value: Value): Result<boolean, string> {
  if (typeof value === "boolean") return ok(value);
  if (value === "true" || value === "1") return ok(true);
  if (value === "false" || value === "0") return ok(false);
  return unsuitable("bool", value);
}

const DECIMAL = /^[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?$/;

/** The bounds of 64 bits have no number of ours. */
const boundsOf = (min: number, max: number): string => (max >= 2 ** 63 - 1 ? `${-(2n ** 63n)} and ${2n ** 63n - 1n}` : `${min} and ${max} inclusive`);

function integerOf(value: Value, { min, max }: { readonly min: number; readonly max: number }): Result<number, string> {
  const number = typeof value === "string" && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== "number") return unsuitable("number", value);
  if (Number.isInteger(number) && number >= min && number <= max) return ok(number);
  return err(`Unsuitable value: value must be a whole number, between ${boundsOf(min, max)}`);
}

/** "1m30s", or a number of nanoseconds. */
function durationOf(value: Value): Result<number, string> {
  if (typeof value === "number") return Number.isInteger(value) ? ok(value) : err(`Unsuitable value: value must be a whole number, between ${boundsOf(-(2 ** 63), 2 ** 63)}`);
  if (typeof value !== "string") return err(`Unsuitable value: expected a string but found ${typeName(value)}`);
  const parsed = parseDuration(value);
  const ns = parsed.ok ? Math.round(parsed.value * 1e6) : Infinity;
  return Math.abs(ns) < 2 ** 63 ? ok(ns) : err(`Unsuitable duration value: ${durationFault(value)}`);
}

/** In Go's words. */
function durationFault(text: string): string {
  const quoted = JSON.stringify(text);
  if (/^[-+]?\d{1,30}(?:\.\d{0,30})?$/.test(text)) return `time: missing unit in duration ${quoted}`;
  const unit = /^[-+]?\d{1,30}(?:\.\d{0,30})?([^\d.]{1,30})$/.exec(text)?.[1];
  const isUnknown = unit !== undefined && !["ns", "us", "\u00b5s", "\u03bcs", "ms", "s", "m", "h"].includes(unit);
  return isUnknown ? `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}` : `time: invalid duration ${quoted}`;
}

function listOf(item: FieldType, value: Value): Result<unknown, string> {
  if (!Array.isArray(value)) return unsuitable(`list of ${item.kind === "integer" ? "number" : item.kind}`, value);
  const items: unknown[] = [];
  for (const [index, element] of (value as readonly Value[]).entries()) {
    if (element === null) return err(NULL_NOT_ALLOWED);
    const decoded = decodeValue(item, element);
    if (!decoded.ok) return err(decoded.error.replace("Unsuitable value: ", `Unsuitable value: element ${index}: `));
    items.push(decoded.value);
  }
  return ok(items);
}

function mapOf(item: FieldType, value: Value): Result<unknown, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return unsuitable(`map of ${item.kind}`, value);
  const entries: [string, unknown][] = [];
  for (const [key, element] of Object.entries(value as { readonly [key: string]: Value })) {
    if (element === null) continue;
    const decoded = decodeValue(item, element);
    if (!decoded.ok) return decoded;
    entries.push([key, decoded.value]);
  }
  return ok(Object.fromEntries(entries));
}
