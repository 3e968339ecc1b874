/** @module The way into the HCL evaluator: a job file with its variables, locals and functions becomes plain values. Used by jobspec. */
import { err, ok, type Result } from "../../lib/result.ts";
import type { EvaluatedBody } from "./evaluated.ts";
import { assignmentsOf, type SourceFile } from "./evaluation/assignments.ts";
import { evaluate } from "./evaluation/expression.ts";
import { evaluateBody } from "./evaluation/body.ts";
import { evaluateLocals } from "./evaluation/locals.ts";
import { isSpent, type Run, type Scope, TOO_COSTLY, within } from "./evaluation/run.ts";
import type { Budget } from "./budget.ts";
import { declare, resolve } from "./evaluation/variables.ts";
import { type FunctionSources, functionsFrom } from "./functions/registry.ts";
import { parseJsonBody } from "./json-body.ts";
import { DEFAULT_HCL_LIMITS, type HclLimits, parseHcl } from "./parse.ts";
import type { Block, Body, HclError } from "./syntax.ts";

export type { SourceFile } from "./evaluation/assignments.ts";

export type EvaluateOptions = FunctionSources & {
  /** `name=value` of each `-var`, in order. They win over files, files over the environment, and that over defaults. */
  readonly flags?: readonly string[];
  readonly variableFiles?: readonly SourceFile[];
  /** The `NOMAD_VAR_…` alone, the prefix included. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether values for variables that the file does not declare are mistakes. Default: true. */
  readonly strict?: boolean;
  readonly limits?: HclLimits;
  /** What the evaluation may cost, in steps: about one a node, an element, or 16 characters. Default: 2 million, which takes a second or two. */
  readonly maxSteps?: number;
};

export const DEFAULT_MAX_STEPS = 2_000_000;

/**
 * The body of a file of HCL, or of JSON where it begins with "{", without its variables and locals, or everything that is wrong with it, each with its place. Names that nobody defined stay as
 * they were written, in "${…}": they are for the client to resolve. Never throws, whatever the texts, and takes time and memory by the
 * limits alone.
 */
export function evaluateHcl(file: SourceFile, options: EvaluateOptions = {}): Result<EvaluatedBody, readonly HclError[]> {
  const limits = options.limits ?? DEFAULT_HCL_LIMITS;
  const parsed = /^\s*\{/.test(file.text) ? parseJsonBody(file.text, limits) : parseHcl(file.text, "hcl2", limits);
  if (!parsed.ok) return err([{ ...parsed.error, filename: file.name }]);
  const budget: Budget = { left: options.maxSteps ?? DEFAULT_MAX_STEPS };
  const run: Run = { evaluate, filename: file.name, functions: functionsFrom(options), budget, unknownNames: "keep", errors: [] };
  const body = evaluateFile(parsed.value, run, { ...options, limits });
  if (isSpent(run) && !run.errors.some(({ message }) => message === TOO_COSTLY)) run.errors.push({ message: TOO_COSTLY, position: parsed.value.range.start, filename: file.name });
  return run.errors.length === 0 ? ok(body) : err(run.errors);
}

function evaluateFile(body: Body, run: Run, options: EvaluateOptions & { readonly limits: HclLimits }): EvaluatedBody {
  const blocksOf = (...types: readonly string[]) => body.items.filter((item): item is Block => item.kind === "block" && types.includes(item.type));
  const variables = declare(blocksOf("variable", "variables"), run);
  const given = { environment: options.environment ?? {}, files: options.variableFiles ?? [], flags: options.flags ?? [] };
  const assignments = assignmentsOf(given, run, options.limits);
  const values = resolve(variables, assignments, { run, strict: options.strict ?? true, limits: options.limits });
  const withVariables: Scope = { names: new Map([["var", values]]) };
  // What follows from a mistake in a variable would only hide it.
  if (run.errors.length > 0) return { attributes: new Map(), blocks: [], range: body.range };
  const locals = evaluateLocals(blocksOf("locals").map((block) => block.body), withVariables, run);
  if (run.errors.length > 0) return { attributes: new Map(), blocks: [], range: body.range };
  const rest = body.items.filter((item) => item.kind === "attribute" || !["variable", "variables", "locals"].includes(item.type));
  return evaluateBody({ items: rest, range: body.range }, within(withVariables, [["local", locals]]), run);
}
