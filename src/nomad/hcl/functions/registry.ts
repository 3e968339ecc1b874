/** @module Every function that a job file can call, by name. Used by evaluate.ts. Source: developer.hashicorp.com/nomad/docs/job-specification/hcl2/functions */
import type { HclFunction } from "./function.ts";
import { numberFunctions } from "./numbers.ts";

/** What functions need from outside. */
export type FunctionSources = { readonly randomUuid?: () => string };

export function functionsFrom(_sources: FunctionSources): ReadonlyMap<string, HclFunction> {
  return new Map(Object.entries({ ...numberFunctions, try: { kind: "special", name: "try" }, can: { kind: "special", name: "can" }, convert: { kind: "special", name: "convert" } } as const));
}
