/** @module Conditionals of HCL: both sides must have a type in common. Used by expression.ts. */
import type { Conditional } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { type Type, typeName } from "../values/type.ts";
import { unify } from "../values/unify.ts";
import { isNull, sizeOf, typeOf, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, spend } from "./run.ts";

/** The side that is not chosen is evaluated too, for its type; what goes wrong in it does not count. */
export function chooseBranch({ condition, whenTrue, whenFalse, range }: Conditional, scope: Scope, run: Run): Val | undefined {
  const chosen = evaluateCondition(condition, scope, run);
  if (chosen === undefined) return undefined;
  const value = run.evaluate(chosen ? whenTrue : whenFalse, scope, run);
  if (value === undefined) return undefined;
  const other = run.evaluate(chosen ? whenFalse : whenTrue, scope, { ...run, errors: [] });
  if (other === undefined) return spend(run, 0, range) ? value : undefined;
  // Types are taken apart, compared and put together again.
  if (!spend(run, 4 * (sizeOf(value) + sizeOf(other)), range)) return undefined;
  return inCommon(value, other, run, { range, chosen });
}

function inCommon(value: Val, other: Val, run: Run, { range, chosen }: { readonly range: Conditional["range"]; readonly chosen: boolean }): Val | undefined {
  const [own, others] = [typeOf(value), typeOf(other)];
  const type = unify([own, others]);
  if (type === undefined) return fail(run, range, mismatch(chosen ? own : others, chosen ? others : own));
  const converted = isNull(value) ? ({ ok: true, value: { kind: "null", type } } as const) : convert(value, type);
  return converted.ok ? converted.value : fail(run, range, mismatch(chosen ? own : others, chosen ? others : own));
}

function mismatch(whenTrue: Type, whenFalse: Type): string {
  const types = `The 'true' value is ${typeName(whenTrue)}, but the 'false' value is ${typeName(whenFalse)}.`;
  return `Inconsistent conditional result types; The true and false result expressions must have consistent types. ${types}`;
}

function evaluateCondition(condition: Conditional["condition"], scope: Scope, run: Run): boolean | undefined {
  const value = run.evaluate(condition, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, condition.range, "Null condition; The condition value is null. Conditions must either be true or false.");
  const bool = convert(value, "bool");
  return bool.ok ? bool.value === true : fail(run, condition.range, "Incorrect condition type; The condition expression must be of type bool.");
}
