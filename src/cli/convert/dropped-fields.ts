/** @module Fields of a job's JSON that Nomad's API does not have, and passes over in silence. Used by convert. */
import { foldedKey } from "../../nomad/jobspec/schema/schema.ts";
import { isDictionary } from "../explain-problems.ts";
import type { Observed } from "./report.ts";

/** More are not told. */
const MAX_FIELDS = 100;

/** @param decoded the same job, as the API reads it */
export function unknownFields(raw: unknown, decoded: unknown): readonly Observed[] {
  return unknownPaths(raw, decoded, "")
    .slice(0, MAX_FIELDS)
    .map((path): Observed => ({ level: "lost", path, message: "is no field of Nomad's API, which passes it over too", remedy: "look for a slip in its name, or take it out" }));
}

function unknownPaths(raw: unknown, decoded: unknown, path: string): readonly string[] {
  if (Array.isArray(raw) && Array.isArray(decoded)) return raw.flatMap((item, i) => unknownPaths(item, decoded[i], `${path}[${i}]`));
  if (!isDictionary(raw) || !isDictionary(decoded)) return [];
  const byFolded = new Map(Object.keys(decoded).map((key) => [foldedKey(key), key]));
  return Object.entries(raw).flatMap(([key, value]) => {
    const known = Object.hasOwn(decoded, key) ? key : byFolded.get(foldedKey(key));
    const at = `${path}${path === "" ? "" : "."}${known ?? key}`;
    // Null is nothing that could get lost.
    if (known === undefined) return value === null ? [] : [at];
    return unknownPaths(value, decoded[known], at);
  });
}
