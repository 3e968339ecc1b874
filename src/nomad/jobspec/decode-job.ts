/**
 * @module Nomad's job out of JSON, as Go's encoding/json reads `api.Job`: keys in any case, unknown keys ignored, another type refused in
 * Go's words. Pure, total, and bounded in depth and size. Used by the bridge for register, plan and validate, and by jobspec's own parsers.
 */
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { maxBracketDepth } from "./bracket-depth.ts";
import type { DecodedJob, DecodedStruct } from "./decoded.ts";
import { type Field, type FieldType, foldedKey, type Struct, type StructName, structOf } from "./schema/schema.ts";

export type DecodeLimits = { readonly maxChars: number; readonly maxDepth: number };

/** A job of 1 MiB is the most that is stored; the rest is room for blanks and for what stands beside it in a request. */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = { maxChars: 8 * 1024 * 1024, maxDepth: 128 };

type Decoding = { readonly path: readonly string[]; readonly depth: number; readonly owner: string; readonly maxDepth: number };

const TOP: { readonly owner: string; readonly path: readonly string[] } = { owner: "", path: [] };

/** What made a value no job; thrown inside this module only. */
class Mismatch extends Error {}

/** A job from JSON that was parsed. `request` is the Go type whose field "Job" it stands in, for errors: "JobRegisterRequest". */
export function decodeJob(json: unknown, request = ""): Result<DecodedJob, string> {
  const decoded = decodeStruct("Job", json, request === "" ? undefined : { owner: request, path: ["Job"] });
  return decoded.ok ? ok(decoded.value as DecodedJob) : decoded;
}

/** The job of a request body, which is `{"Job": …}` or the job itself. Undefined where "Job" is null: Nomad has its own word for that. */
export function decodeJobBody(json: unknown, request = "JobRegisterRequest"): Result<DecodedJob | undefined, string> {
  const wrapped = Object.entries(isRecord(json) ? json : {}).findLast(([key]) => foldedKey(key) === "job");
  if (wrapped === undefined) return decodeJob(json);
  return wrapped[1] === null ? ok(undefined) : decodeJob(wrapped[1], request);
}

/** The same from text. Refuses what is larger or nested deeper than the limits before it reads it. */
export function parseJobJson(text: string, limits: DecodeLimits = DEFAULT_DECODE_LIMITS): Result<DecodedJob | undefined, string> {
  if (text.length > limits.maxChars) return err(`the job has ${text.length} characters, and at most ${limits.maxChars} are read`);
  if (maxBracketDepth(text) > limits.maxDepth) return err(tooDeep(limits.maxDepth));
  try {
    return decodeJobBody(JSON.parse(text));
  } catch (thrown) {
    return err(`the job is not JSON: ${messageOf(thrown)}`);
  }
}

/** Any struct of the schema, such as the `ScalingPolicy` of a request. `place` is where it stands, in Go's names. */
export function decodeStruct(name: StructName, json: unknown, place = TOP): Result<DecodedStruct, string> {
  try {
    return ok(struct(structOf(name), json, { ...place, depth: 0, maxDepth: DEFAULT_DECODE_LIMITS.maxDepth }));
  } catch (thrown) {
    if (thrown instanceof Mismatch) return err(thrown.message);
    throw thrown;
  }
}

const tooDeep = (maxDepth: number): string => `the job is nested deeper than ${maxDepth} levels`;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function struct(type: Struct, json: unknown, at: Decoding): DecodedStruct {
  if (!isRecord(json)) throw mismatch(json, `api.${type.name}`, at);
  const read = new Map<string, unknown>();
  for (const [key, value] of Object.entries(json)) {
    const field = type.byName.get(key) ?? type.byFoldedName.get(foldedKey(key));
    if (field === undefined) continue;
    // Go leaves what is there as it is where null comes for anything that is no pointer, list or map.
    if (value === null && !isNillable(field.type)) continue;
    read.set(field.name, decode(field.type, value, below(type, field, at)));
  }
  return Object.fromEntries(read);
}

const isNillable = (type: FieldType): boolean => type.pointer || type.kind === "list" || type.kind === "map" || type.kind === "bytes";

const below = (type: Struct, field: Field, at: Decoding): Decoding => ({
  ...at,
  path: [...at.path, field.name],
  depth: at.depth + 1,
  owner: type.name,
});

function decode(type: FieldType, json: unknown, at: Decoding): unknown {
  if (at.depth > at.maxDepth) throw new Mismatch(tooDeep(at.maxDepth));
  if (json === null) return null;
  switch (type.kind) {
    case "string":
    case "bool":
      if (typeof json !== (type.kind === "bool" ? "boolean" : "string")) throw mismatch(json, type.go, at);
      return json;
    case "integer":
      return integer(type, json, at);
    case "bytes":
      return bytes(json, at);
    case "any":
      return anything(json, at);
    case "list":
      if (!Array.isArray(json)) throw mismatch(json, type.go, at);
      return json.map((item: unknown, index) => element(type.item, item, `${at.path.join(".")}[${index}]`, at));
    case "map":
      if (!isRecord(json)) throw mismatch(json, type.go, at);
      return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, element(type.item, item, `${at.path.join(".")}[${JSON.stringify(key)}]`, at)]));
    case "struct":
      return struct(structOf(type.struct), json, at);
  }
}

/** Null in a list or a map is Go's zero value; a struct that is nil is something that no one can run, and Go's own Canonicalize falls over it. */
function element(type: FieldType, json: unknown, place: string, at: Decoding): unknown {
  if (json !== null) return decode(type, json, { ...at, depth: at.depth + 1 });
  if (type.kind === "struct") throw new Mismatch(`json: ${place} is null, and must be an object of type ${type.go}`);
  return type.kind === "string" ? "" : type.kind === "integer" ? 0 : null;
}

function integer(type: FieldType & { kind: "integer" }, json: unknown, at: Decoding): number {
  if (typeof json !== "number") throw mismatch(json, type.go, at);
  if (!Number.isInteger(json) || json < type.min || json > type.max) throw mismatch(json, type.go, at, ` ${json}`);
  // The largest int64 is no float. What comes back must be one that Go can read again.
  return Math.min(json, largestSafeFor(type.max)) + 0;
}

const largestSafeFor = (max: number): number => (max >= 2 ** 63 ? max - max / 2 ** 53 : max);

/** Base64 as Go reads it, with padding, or a list of bytes; given as base64 without line breaks. */
function bytes(json: unknown, at: Decoding): string {
  if (Array.isArray(json)) return btoa(json.map((item: unknown) => String.fromCharCode(byte(item, at))).join(""));
  if (typeof json !== "string") throw mismatch(json, "[]uint8", at);
  const compact = json.replaceAll(/[\r\n]/g, "");
  const padding = compact.endsWith("==") ? 2 : compact.endsWith("=") ? 1 : 0;
  const stray = /[^A-Za-z0-9+/]/.exec(compact.slice(0, compact.length - padding));
  if (stray !== null) throw illegalBase64(stray.index);
  if (compact.length % 4 !== 0) throw illegalBase64(compact.length - (compact.length % 4));
  return compact;
}

const illegalBase64 = (at: number): Mismatch => new Mismatch(`illegal base64 data at input byte ${at}`);

function byte(json: unknown, at: Decoding): number {
  if (typeof json !== "number") throw mismatch(json, "uint8", at);
  if (!Number.isInteger(json) || json < 0 || json > 255) throw mismatch(json, "uint8", at, ` ${json}`);
  return json;
}

/** A copy that has no prototype's keys in it. */
function anything(json: unknown, at: Decoding): unknown {
  if (at.depth > at.maxDepth) throw new Mismatch(tooDeep(at.maxDepth));
  const inside = { ...at, depth: at.depth + 1 };
  if (Array.isArray(json)) return json.map((item) => anything(item, inside));
  if (isRecord(json)) return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, anything(item, inside)]));
  return json;
}

const jsonKind = (json: unknown): string => {
  if (Array.isArray(json)) return "array";
  return typeof json === "boolean" ? "bool" : typeof json;
};

function mismatch(json: unknown, go: string, at: Decoding, literal = ""): Mismatch {
  const kind = json === null || json === undefined ? "null" : jsonKind(json);
  const where = at.path.length === 0 ? `Go value of type ${go}` : `Go struct field ${at.owner === "" ? "" : `${at.owner}.`}${at.path.join(".")} of type ${go}`;
  return new Mismatch(`json: cannot unmarshal ${kind}${literal} into ${where}`);
}
