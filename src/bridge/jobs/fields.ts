/** @module What the bodies of job requests hold beside the job: numbers, flags, nested objects, their keys in any case. Used by the handlers of jobs. */
import type { Body } from "../body.ts";

/** {} for anything that is no object. */
export function nestedOf(body: Body, name: string): Body {
  const value = body[name.toLowerCase()];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]));
}

/** Undefined for what is absent, null or no whole number that can be relied on. */
export function integerOf(body: Body, name: string): number | undefined {
  const value = body[name.toLowerCase()];
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** The texts of a map; keys stay as they are. */
export function stringsOf(body: Body, name: string): Readonly<Record<string, string>> {
  const value = body[name.toLowerCase()];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}
