/** @module What a function of HCL is: its parameters and what it does. Used by the evaluator and by every file of functions. */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { Budget } from "../budget.ts";
import type { Type } from "../values/type.ts";
import { listOf } from "../values/type.ts";
import type { Val } from "../values/value.ts";

/** `allowsNull`: a null comes in as it is, where others refuse it. */
export type Parameter = { readonly name: string; readonly type: Type; readonly allowsNull: boolean };

/** `arg` is the index of the argument that is at fault; without it the call as a whole is. */
export type CallError = { readonly message: string; readonly arg?: number };
export type CallResult = Result<Val, CallError>;

export type HclFunction =
  | {
      readonly kind: "plain";
      readonly parameters: readonly Parameter[];
      /** What further arguments must be. */
      readonly rest?: Parameter;
      /** The arguments have their parameters' types. What is large must be taken from the budget before it is made. */
      readonly call: (args: readonly Val[], budget: Budget) => CallResult;
    }
  /** Sees its arguments before they are evaluated. */
  | { readonly kind: "special"; readonly name: "try" | "can" | "convert" }
  | { readonly kind: "refused"; readonly why: string };

/**
 * A parameter as one word: "count:number", "value:any", "items:list", "words:list(string)". A "?" behind the type lets null in, "..." in
 * front makes it the last one, for all further arguments.
 */
export function plainFunction(parameters: string, call: (args: readonly Val[], budget: Budget) => CallResult): HclFunction {
  const words = parameters.split(" ").filter((word) => word !== "");
  const rest = words.find((word) => word.startsWith("..."));
  const fixed = words.filter((word) => !word.startsWith("...")).map(parameterOf);
  return { kind: "plain", parameters: fixed, ...(rest === undefined ? {} : { rest: parameterOf(rest.slice(3)) }), call };
}

function parameterOf(word: string): Parameter {
  const [name = "", spelled = "any"] = word.split(":");
  const allowsNull = spelled.endsWith("?");
  return { name, type: TYPES[allowsNull ? spelled.slice(0, -1) : spelled] ?? "any", allowsNull };
}

const TYPES: Readonly<Record<string, Type>> = {
  string: "string", number: "number", bool: "bool", any: "any", "list(string)": listOf("string"), list: listOf("any"),
};

export const TOO_LARGE = "the result would be larger than is accepted";
export const refuse = (arg: number, message: string): CallResult => err({ arg, message });
export const give = (value: Val): CallResult => ok(value);

