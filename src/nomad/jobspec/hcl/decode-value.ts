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

const unsuitable = (needed: string): Result<never, string> => err(`Unsuitable value: ${needed} required`);

function textOf(value: Value): Result<string, string> {
  if (typeof value === "string") return ok(value);
  if (typeof value === "number" || typeof value === "boolean") return ok(String(value));
  return unsuitable("string");
}

function boolOf(value: Value): Result<boolean, string> {
  if (typeof value === "boolean") return ok(value);
  if (value === "true" || value === "1") return ok(true);
  if (value === "false" || value === "0") return ok(false);
  return unsuitable("bool");
}

const DECIMAL = /^[-+]?\d{1,30}(?:\.\d{1,30})?(?:[eE][-+]?\d{1,3})?$/;

function integerOf(value: Value, { min, max }: { readonly min: number; readonly max: number }): Result<number, string> {
  const number = typeof value === "string" && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== "number") return unsuitable("number");
  if (!Number.isInteger(number)) return err("Unsuitable value: value must be a whole number");
  if (number < min || number > max) return err(`Unsuitable value: value must be a whole number, between ${min} and ${max} inclusive`);
  return ok(number);
}

/** "1m30s", or a number of nanoseconds. */
function durationOf(value: Value): Result<number, string> {
  if (typeof value === "number") return Number.isInteger(value) ? ok(value) : err("Unsuitable value: value must be a whole number");
  if (typeof value !== "string") return unsuitable("duration");
  const parsed = parseDuration(value);
  return parsed.ok ? ok(Math.round(parsed.value * 1e6)) : err(`Unsuitable duration value: ${parsed.error}`);
}

function listOf(item: FieldType, value: Value): Result<unknown, string> {
  if (!Array.isArray(value)) return unsuitable(`list of ${item.kind === "integer" ? "number" : item.kind}`);
  const items: unknown[] = [];
  for (const element of value as readonly Value[]) {
    if (element === null) return err("Unsuitable value: null is not an element of a list");
    const decoded = decodeValue(item, element);
    if (!decoded.ok) return decoded;
    items.push(decoded.value);
  }
  return ok(items);
}

function mapOf(item: FieldType, value: Value): Result<unknown, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return unsuitable(`map of ${item.kind}`);
  const entries: [string, unknown][] = [];
  for (const [key, element] of Object.entries(value as { readonly [key: string]: Value })) {
    if (element === null) continue;
    const decoded = decodeValue(item, element);
    if (!decoded.ok) return decoded;
    entries.push([key, decoded.value]);
  }
  return ok(Object.fromEntries(entries));
}
