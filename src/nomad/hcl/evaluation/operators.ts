/** @module Operators of HCL. Used by expression.ts. */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { BinaryOperator, Chain, Expression } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isEqual } from "../values/equal.ts";
import { add, compare, divide, modulo, multiply, negate, type Num, subtract } from "../values/number.ts";
import { isNull, sizeOf, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, spend } from "./run.ts";

const ARITHMETIC: Readonly<Record<string, (a: Num, b: Num) => Num>> = { "+": add, "-": subtract, "*": multiply, "/": divide, "%": modulo };
const ORDER: Readonly<Record<string, (order: number) => boolean>> = {
  "<": (order) => order < 0, "<=": (order) => order <= 0, ">": (order) => order > 0, ">=": (order) => order >= 0,
};

/** Both sides are always evaluated, as HCL does it: a mistake on the right is one even if the left decides. */
export function evaluateChain(chain: Chain, scope: Scope, run: Run): Val | undefined {
  let left = run.evaluate(chain.first, scope, run);
  let leftRange = chain.first.range;
  for (const { operator, right: expression } of chain.rest) {
    const right = run.evaluate(expression, scope, run);
    if (left === undefined || right === undefined) return undefined;
    if (!spend(run, 1 + Math.min(sizeOf(left), sizeOf(right)), expression.range)) return undefined;
    const result = combine(operator, left, right);
    if (!result.ok) {
      const { side, message } = result.error;
      const range = side === "left" ? leftRange : side === "right" ? expression.range : { start: leftRange.start, end: expression.range.end };
      return fail(run, range, message);
    }
    left = result.value;
    leftRange = { start: leftRange.start, end: expression.range.end };
  }
  return left;
}

type Fault = { readonly side: "left" | "right" | "both"; readonly message: string };

function combine(operator: BinaryOperator, left: Val, right: Val): Result<Val, Fault> {
  if (operator === "==") return ok(isEqual(left, right));
  if (operator === "!=") return ok(!isEqual(left, right));
  const type = operator === "&&" || operator === "||" ? "bool" : "number";
  const a = operandOf(left, type, "left");
  if (!a.ok) return a;
  const b = operandOf(right, type, "right");
  if (!b.ok) return b;
  if (operator === "&&") return ok(a.value === true && b.value === true);
  if (operator === "||") return ok(a.value === true || b.value === true);
  const order = ORDER[operator];
  if (order !== undefined) return ok(order(compare(a.value as Num, b.value as Num)));
  return calculate(operator, a.value as Num, b.value as Num);
}

function calculate(operator: BinaryOperator, a: Num, b: Num): Result<Val, Fault> {
  const result = ARITHMETIC[operator]?.(a, b) ?? NaN;
  return Number.isNaN(result) ? err({ side: "both", message: "Operation failed; Error during operation: division by zero or by infinity." }) : ok(result);
}

function operandOf(value: Val, type: "bool" | "number", side: "left" | "right"): Result<Val, Fault> {
  const converted = isNull(value) ? err("argument must not be null") : convert(value, type);
  if (converted.ok) return converted;
  if (isNull(value)) return err({ side, message: "Operation failed; Error during operation: argument must not be null." });
  return err({ side, message: `Invalid operand; Unsuitable value for ${side} operand: ${converted.error}.` });
}

export function evaluateUnary({ operator, operand, range }: Extract<Expression, { kind: "unary" }>, scope: Scope, run: Run): Val | undefined {
  const value = run.evaluate(operand, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, range, "Operation failed; Error during operation: argument must not be null.");
  const converted = convert(value, operator === "!" ? "bool" : "number");
  if (!converted.ok) return fail(run, operand.range, `Invalid operand; Unsuitable value for unary operand: ${converted.error}.`);
  return operator === "!" ? converted.value !== true : negate(converted.value as Num);
}
