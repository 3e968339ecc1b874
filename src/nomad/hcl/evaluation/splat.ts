/** @module Splats of HCL: one value is a list of itself, and null is an empty one. Used by expression.ts. */
import type { Splat } from "../syntax.ts";
import { isNull, isSequence, tuple, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, spend } from "./run.ts";

export function evaluateSplat({ source, each, marker }: Splat, scope: Scope, run: Run): Val | undefined {
  const value = run.evaluate(source, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value) && typeof value.type === "object" && value.type.kind !== "object" && value.type.kind !== "map") {
    return fail(run, marker, "Splat of null value; Splat expressions (with the * symbol) cannot be applied to null sequences.");
  }
  const elements = isSequence(value) ? value.items : isNull(value) ? [] : [value];
  const results: Val[] = [];
  for (const element of elements) {
    if (!spend(run, 1, marker)) return undefined;
    const result = run.evaluate(each, { names: NOTHING, parent: scope, element }, run);
    if (result === undefined) return undefined;
    results.push(result);
  }
  return tuple(results);
}

const NOTHING: ReadonlyMap<string, Val> = new Map();
