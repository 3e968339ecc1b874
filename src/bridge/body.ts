/** @module Request bodies as Nomad reads them: JSON whose keys are matched without regard to case. */
import { parseDuration } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { maxBracketDepth } from "../nomad/jobspec/bracket-depth.ts";

export type Body = Readonly<Record<string, unknown>>;

/** Of brackets that are open at once: reading a body of nothing else takes seconds. */
const MAX_DEPTH = 256;
const MAX_MEMBERS = 1000;

/** No body at all counts as {}. The error is for a 400. */
export function parseBody(bytes: string): Result<Body, string> {
  if (bytes.trim() === "") return ok({});
  if (maxBracketDepth(bytes) > MAX_DEPTH) return err(`the body is nested deeper than ${MAX_DEPTH} levels`);
  try {
    const value: unknown = JSON.parse(bytes);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return err("the body must be a JSON object");
    const members = Object.entries(value);
    if (members.length > MAX_MEMBERS) return err(`the body has ${members.length} members, and no request has more than ${MAX_MEMBERS}`);
    return ok(Object.fromEntries(members.map(([key, inner]) => [key.toLowerCase(), inner])));
  } catch (error) {
    return err(`the body is not JSON: ${String(error)}`);
  }
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
