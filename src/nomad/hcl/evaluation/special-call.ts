/** @module Calls whose arguments are not plain values: try, can and convert. Used by call.ts. Source: hcl's ext/tryfunc and ext/typeexpr. */
import type { Call } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { sizeOf, type Val } from "../values/value.ts";
import { formatHclError, type HclError } from "../syntax.ts";
import { fail, isSpent, type Run, type Scope, spend } from "./run.ts";
import { readType } from "./type-expression.ts";

export function callSpecial(name: "try" | "can" | "convert", call: Call, scope: Scope, run: Run): Val | undefined {
  if (name === "convert") return callConvert(call, scope, run);
  if (name === "can") return callCan(call, scope, run);
  const failures: HclError[] = [];
  for (const arg of call.args) {
    const attempt: Run = { ...run, errors: [] };
    const value = run.evaluate(arg, scope, attempt);
    if (value !== undefined) return value;
    if (isSpent(run)) return spent(attempt, run);
    failures.push(...attempt.errors.slice(0, 1));
  }
  if (call.args.length === 0) return fail(run, call.range, 'Error in function call; Call to function "try" failed: at least one argument is required.');
  const told = failures.map((failure) => `\n- ${formatHclError(failure)}`).join("");
  return fail(run, call.range, `Error in function call; Call to function "try" failed: no expression succeeded:${told}\n\nAt least one expression must produce a successful result.`);
}

function callCan(call: Call, scope: Scope, run: Run): Val | undefined {
  const [arg, ...more] = call.args;
  if (arg === undefined || more.length > 0) return fail(run, call.range, 'Error in function call; Call to function "can" failed: exactly one argument is required.');
  const attempt: Run = { ...run, errors: [] };
  const value = run.evaluate(arg, scope, attempt);
  return isSpent(run) ? spent(attempt, run) : value !== undefined;
}

/** The budget is gone whoever looks: that mistake is not to be caught. */
function spent(attempt: Run, run: Run): undefined {
  run.errors.push(...attempt.errors);
  return undefined;
}

function callConvert(call: Call, scope: Scope, run: Run): Val | undefined {
  const [arg, spelled, ...more] = call.args;
  if (arg === undefined || spelled === undefined || more.length > 0) return fail(run, call.range, 'Not enough function arguments; Function "convert" expects 2 argument(s).');
  const value = run.evaluate(arg, scope, run);
  if (value === undefined) return undefined;
  const type = readType(spelled);
  if (!type.ok) return fail(run, type.error.range, type.error.message);
  if (!spend(run, sizeOf(value), call.range)) return undefined;
  const converted = convert(value, type.value);
  return converted.ok ? converted.value : fail(run, arg.range, `Invalid function argument; Invalid value for "value" parameter: ${converted.error}.`);
}
