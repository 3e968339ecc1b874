/** @module One evaluation of an HCL text: what is in scope, what it may cost, and what has gone wrong in it. Used by every part of the evaluator. */
import type { HclFunction } from "../functions/function.ts";
import type { Budget } from "../budget.ts";
import type { Expression, HclError, Range } from "../syntax.ts";
import type { Val } from "../values/value.ts";

export type Evaluate = (expression: Expression, scope: Scope, run: Run) => Val | undefined;

export type Run = {
  /** For the parts of expressions, which hold expressions in turn. */
  readonly evaluate: Evaluate;
  readonly filename: string;
  readonly functions: ReadonlyMap<string, HclFunction>;
  readonly budget: Budget;
  /** What a name stands for that nobody has defined: its own source in "${…}", or an error. */
  readonly unknownNames: "keep" | "refuse";
  readonly errors: HclError[];
};

/** Names from the innermost outwards. `element` is where the nearest splat is. */
export type Scope = { readonly names: ReadonlyMap<string, Val>; readonly parent?: Scope; readonly element?: Val };

/** More mistakes than this are not told: nobody reads them, and a loop can make many. */
const MAX_ERRORS = 20;

/** Notes what went wrong. Given back as the result of the step that failed. */
export function fail(run: Run, range: Range, message: string): undefined {
  if (run.errors.length < MAX_ERRORS) run.errors.push(errorAt(run, range, message));
  return undefined;
}

export const errorAt = ({ filename }: { readonly filename: string }, range: Range, message: string): HclError => ({
  message, position: range.start, end: range.end, ...(filename === "" ? {} : { filename }),
});

/** False once the budget is used up; the one error about it stands where that happened. */
export function spend(run: Run, steps: number, range: Range): boolean {
  const before = run.budget.left;
  run.budget.left = before - steps;
  if (run.budget.left >= 0) return true;
  if (before >= 0) run.errors.push(errorAt(run, range, TOO_COSTLY));
  return false;
}

export const isSpent = (run: Run): boolean => run.budget.left < 0;

export const TOO_COSTLY = "Evaluation too costly; This file makes more values than are accepted, by a loop or by locals that repeat each other. Make it smaller.";

export function lookUp(scope: Scope, name: string): Val | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const found = at.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function elementOf(scope: Scope): Val | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.element !== undefined) return at.element;
  return undefined;
}

/** A scope within this one. */
export const within = (parent: Scope, names: Iterable<readonly [string, Val]>): Scope => ({ names: new Map(names), parent });
