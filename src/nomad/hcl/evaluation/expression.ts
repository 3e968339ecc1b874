/** @module The value of an expression of HCL. Used by template.ts, by the parts of expressions in this folder, and by whoever evaluates attributes. */
import type { Expression, ObjectItem, Step, Traversal } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { parseNum } from "../values/number.ts";
import { isNull, object, tuple, type Val } from "../values/value.ts";
import { attributeOf, indexOf } from "./access.ts";
import { callFunction } from "./call.ts";
import { chooseBranch } from "./conditional.ts";
import { evaluateFor } from "./for.ts";
import { evaluateChain, evaluateUnary } from "./operators.ts";
import { elementOf, fail, lookUp, type Run, type Scope, spend } from "./run.ts";
import { evaluateSplat } from "./splat.ts";
import { evaluateTemplate } from "./template.ts";

/** Undefined where it has none: the run knows why then. Recursion is as deep as the expression was written. */
export function evaluate(expression: Expression, scope: Scope, run: Run): Val | undefined {
  if (!spend(run, 1, expression.range)) return undefined;
  switch (expression.kind) {
    case "literal":
      return literalOf(expression);
    case "template":
      return evaluateTemplate(expression, scope, run);
    case "tuple":
      return evaluateTuple(expression.items, scope, run);
    case "object":
      return evaluateObject(expression.items, scope, run);
    case "traversal":
      return evaluateTraversal(expression, scope, run);
    case "access":
      return evaluateAccess(expression, scope, run);
    case "splat":
      return evaluateSplat(expression, scope, run);
    case "element":
      return elementOf(scope);
    case "call":
      return callFunction(expression, scope, run);
    case "unary":
      return evaluateUnary(expression, scope, run);
    case "chain":
      return evaluateChain(expression, scope, run);
    case "conditional":
      return chooseBranch(expression, scope, run);
    case "for":
      return evaluateFor(expression, scope, run);
  }
}

function literalOf({ value, digits }: Extract<Expression, { kind: "literal" }>): Val {
  if (digits !== undefined) return parseNum(digits) ?? 0;
  return value === null ? { kind: "null", type: "any" } : value;
}

function evaluateTuple(items: readonly Expression[], scope: Scope, run: Run): Val | undefined {
  const values: Val[] = [];
  for (const item of items) {
    const value = evaluate(item, scope, run);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return tuple(values);
}

function evaluateObject(items: readonly ObjectItem[], scope: Scope, run: Run): Val | undefined {
  const entries: [string, Val][] = [];
  for (const { key, value: expression } of items) {
    const name = key.expression === undefined ? key.name : evaluateKey(key.expression, scope, run);
    const value = name === undefined ? undefined : evaluate(expression, scope, run);
    if (name === undefined || value === undefined) return undefined;
    entries.push([name, value]);
  }
  return object(entries);
}

function evaluateKey(expression: Expression, scope: Scope, run: Run): string | undefined {
  const value = evaluate(expression, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, expression.range, "Null value as key; Can't use a null value as a key.");
  const text = convert(value, "string");
  if (!text.ok) return fail(run, expression.range, `Incorrect key type; Can't use this value as a key: ${text.error}.`);
  return text.value as string;
}

function evaluateTraversal(traversal: Traversal, scope: Scope, run: Run): Val | undefined {
  const root = lookUp(scope, traversal.root);
  if (root !== undefined) return follow(root, traversal.steps, scope, run);
  if (run.unknownNames === "keep") return `\${${traversal.source}}`;
  return fail(run, traversal.rootRange, "Variables not allowed; Variables may not be used here.");
}

function evaluateAccess({ source, steps }: Extract<Expression, { kind: "access" }>, scope: Scope, run: Run): Val | undefined {
  const value = evaluate(source, scope, run);
  return value === undefined ? undefined : follow(value, steps, scope, run);
}

function follow(from: Val, steps: readonly Step[], scope: Scope, run: Run): Val | undefined {
  let value: Val | undefined = from;
  for (const step of steps) {
    if (!spend(run, 1, step.range)) return undefined;
    value = takeStep(value, step, scope, run);
    if (value === undefined) return undefined;
  }
  return value;
}

function takeStep(value: Val, step: Step, scope: Scope, run: Run): Val | undefined {
  const key = step.kind === "attribute" ? step.name : evaluate(step.key, scope, run);
  if (key === undefined) return undefined;
  const found = step.kind === "attribute" ? attributeOf(value, step.name) : indexOf(value, key);
  return found.ok ? found.value : fail(run, step.range, found.error);
}

