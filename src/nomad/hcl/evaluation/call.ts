/** @module Calls of HCL functions: checks and converts the arguments. Used by expression.ts. Messages: behaviour of the hcl library. */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { CallError, HclFunction, Parameter } from "../functions/function.ts";
import type { Call, Expression, Range } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isNull, isSequence, sizeOf, type Val } from "../values/value.ts";
import { fail, isSpent, type Run, type Scope, spend } from "./run.ts";
import { callSpecial } from "./special-call.ts";

type Plain = Extract<HclFunction, { kind: "plain" }>;
type Argument = { readonly value: Val; readonly range: Range };

export function callFunction(call: Call, scope: Scope, run: Run): Val | undefined {
  const found = run.functions.get(call.name);
  if (found === undefined) return fail(run, call.nameRange, `Call to unknown function; There is no function named ${JSON.stringify(call.name)}.`);
  if (found.kind === "refused") return fail(run, call.nameRange, `Unsupported function; ${found.why}`);
  if (found.kind === "special") return callSpecial(found.name, call, scope, run);
  const args = argumentsOf(call, scope, run);
  if (args === undefined || !isCountRight(call, found, args.length, run)) return undefined;
  const values = convertArguments(found, args, call, run);
  if (values === undefined || !spend(run, values.reduce((sum: number, value) => sum + sizeOf(value), 1), call.range)) return undefined;
  const result = found.call(values, run.budget);
  if (!result.ok) return failCall(call, args, result.error, run);
  return spend(run, sizeOf(result.value), call.range) ? result.value : undefined;
}

function failCall(call: Call, args: readonly Argument[], error: CallError, run: Run): undefined {
  if (isSpent(run)) return undefined;
  if (error.arg === undefined) return fail(run, call.range, `Error in function call; Call to function ${JSON.stringify(call.name)} failed: ${error.message}.`);
  const found = run.functions.get(call.name);
  const name = found?.kind === "plain" ? parameterAt(found, error.arg)?.name : undefined;
  return fail(run, args[error.arg]?.range ?? call.range, `Invalid function argument; Invalid value for ${JSON.stringify(name ?? "")} parameter: ${error.message}.`);
}

const parameterAt = ({ parameters, rest }: Plain, index: number): Parameter | undefined => parameters[index] ?? rest;

function argumentsOf(call: Call, scope: Scope, run: Run): readonly Argument[] | undefined {
  const args: Argument[] = [];
  for (const [index, expression] of call.args.entries()) {
    const value = run.evaluate(expression, scope, run);
    if (value === undefined) return undefined;
    if (!call.expands || index < call.args.length - 1) args.push({ value, range: expression.range });
    else {
      const expanded = expand(value, expression);
      if (!expanded.ok) return fail(run, expression.range, expanded.error);
      for (const each of expanded.value) args.push(each);
    }
  }
  return args;
}

function expand(value: Val, { range }: Expression): Result<readonly Argument[], string> {
  if (isNull(value)) return err("Invalid expanding argument value; The expanding argument (indicated by ...) must not be null.");
  if (!isSequence(value)) return err("Invalid expanding argument value; The expanding argument (indicated by ...) must be of a tuple, list, or set type.");
  return ok(value.items.map((item) => ({ value: item, range })));
}

function isCountRight(call: Call, { parameters, rest }: Plain, count: number, run: Run): boolean {
  const name = JSON.stringify(call.name);
  if (count < parameters.length) {
    const missing = parameters[count]?.name ?? "";
    fail(run, { start: call.range.end, end: call.range.end }, `Not enough function arguments; Function ${name} expects ${rest === undefined ? "" : "at least "}${parameters.length} argument(s). Missing value for ${JSON.stringify(missing)}.`);
    return false;
  }
  if (rest !== undefined || count === parameters.length) return true;
  fail(run, call.args[parameters.length]?.range ?? call.range, `Too many function arguments; Function ${name} expects only ${parameters.length} argument(s).`);
  return false;
}

function convertArguments(found: Plain, args: readonly Argument[], call: Call, run: Run): readonly Val[] | undefined {
  const values: Val[] = [];
  for (const [index, { value, range }] of args.entries()) {
    const parameter = parameterAt(found, index);
    if (!spend(run, sizeOf(value), range)) return undefined;
    const converted = parameter === undefined ? ok(value) : argumentOf(value, parameter);
    if (!converted.ok) return failCall(call, args, { arg: index, message: converted.error }, run);
    values.push(converted.value);
  }
  return values;
}

function argumentOf(value: Val, { type, allowsNull }: Parameter): Result<Val, string> {
  if (isNull(value) && !allowsNull) return err("argument must not be null");
  return convert(value, type);
}
