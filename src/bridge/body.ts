/** @module Request bodies as Nomad reads them: JSON whose keys are matched without regard to case. */
import { parseDuration } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { firstJsonValue, goKind } from "../nomad/go-json.ts";
import { maxBracketDepth } from "../nomad/jobspec/bracket-depth.ts";
import { fieldProblem, REQUEST_TYPES } from "./request-types.ts";

export type Body = Readonly<Record<string, unknown>>;

/** Of brackets that are open at once: reading a body of nothing else takes seconds. */
const MAX_DEPTH = 256;
const MAX_MEMBERS = 1000;

/**
 * The body of a write, whose problem is told in the words of Go's decoder.
 * @param row of access's table; where Nomad reads no body for it, whatever is sent counts as {}
 */
export function parseBody(row: string, bytes: string): Result<Body, { readonly status: 400 | 500; readonly message: string }> {
  const expected = REQUEST_TYPES[row];
  if (expected === undefined) return ok({});
  const { status = 400, prefix = "", optional = false } = expected;
  if (bytes === "") return optional ? ok({}) : err({ status, message: `${prefix}Request body is empty` });
  const body = readBody(bytes, expected.type);
  const problem = body.ok ? fieldProblem(expected, body.value) : body.error;
  return problem === undefined ? ok(body.ok ? body.value : {}) : err({ status, message: `${prefix}${problem}` });
}

/** What comes after the first value is not looked at, and `null` is as good as {}. */
function readBody(bytes: string, type: string): Result<Body, string> {
  if (maxBracketDepth(bytes) > MAX_DEPTH) return err(`the body is nested deeper than ${MAX_DEPTH} levels`);
  const first = firstJsonValue(bytes);
  if (!first.ok) return first;
  const value: unknown = JSON.parse(first.value);
  if (value === null) return ok({});
  if (typeof value !== "object" || Array.isArray(value)) return err(`json: cannot unmarshal ${goKind(value)} into Go value of type ${type}`);
  const members = Object.entries(value);
  if (members.length > MAX_MEMBERS) return err(`the body has ${members.length} members, and no request has more than ${MAX_MEMBERS}`);
  return ok(Object.fromEntries(members.map(([key, inner]) => [key.toLowerCase(), inner])));
}

/** "" for a member that is absent, null, or no text. */
export function textOf(body: Body, name: string): string {
  const value = body[name.toLowerCase()];
  return typeof value === "string" ? value : "";
}

export const isTrue = (body: Body, name: string): boolean => body[name.toLowerCase()] === true;

/** Only the texts in a list. */
export function textsOf(body: Body, name: string): readonly string[] {
  const value = body[name.toLowerCase()];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** Milliseconds of a duration given as text or as nanoseconds; 0 where it is absent. */
export function durationOf(body: Body, name: string): Result<number, string> {
  const value = body[name.toLowerCase()];
  if (value === undefined || value === null || value === "") return ok(0);
  if (typeof value === "number") return ok(value / 1e6);
  return typeof value === "string" ? parseDuration(value) : err(`${name} is neither a duration nor a number of nanoseconds`);
}

/** An object in the body, its keys in lower case; {} where it is absent or no object. */
export function objectOf(body: Body, name: string): Body {
  const value = body[name.toLowerCase()];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner as unknown]));
}

/** Only the texts among an object's values. Keys are kept as they are. */
export function textMapOf(body: Body, name: string): Readonly<Record<string, string>> {
  const value = body[name.toLowerCase()];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (typeof inner === "string" ? [[key, inner]] : [])));
}
