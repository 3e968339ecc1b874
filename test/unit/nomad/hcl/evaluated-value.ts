/** @module Evaluated HCL as plain JavaScript values, so that tests can compare them. */
import { evaluateHcl, type EvaluateOptions } from "../../../../src/nomad/hcl/evaluate.ts";
import type { EvaluatedBody } from "../../../../src/nomad/hcl/evaluated.ts";
import { formatHclError } from "../../../../src/nomad/hcl/syntax.ts";

/** Attributes by name, and blocks in order as `type label …` with their own. */
export function plainEvaluated(body: EvaluatedBody): Record<string, unknown> {
  const attributes = [...body.attributes].map(([name, { value }]) => [name, value] as const);
  const blocks = body.blocks.map(({ type, labels, body: inner }) => [[type, ...labels.map(({ value }) => value)].join(" "), plainEvaluated(inner)] as const);
  return { ...Object.fromEntries(attributes), ...(blocks.length === 0 ? {} : { blocks }) };
}

export function evaluated(text: string, options: EvaluateOptions = {}): Record<string, unknown> {
  const result = evaluateHcl({ name: "job.hcl", text }, options);
  if (!result.ok) throw new Error(result.error.map(formatHclError).join("\n"));
  return plainEvaluated(result.value);
}

/** The value of one expression. */
export const valueOf = (expression: string, options: EvaluateOptions = {}): unknown => evaluated(`x = ${expression}\n`, options)["x"];

/** Everything that is wrong, as "line:column message". */
export function mistakes(text: string, options: EvaluateOptions = {}): readonly string[] {
  const result = evaluateHcl({ name: "job.hcl", text }, options);
  if (result.ok) throw new Error(`accepted: ${JSON.stringify(plainEvaluated(result.value))}`);
  return result.error.map(({ position, message }) => `${position.line}:${position.column} ${message}`);
}
