/**
 * @module Whether a row fits a filter expression, by go-bexpr's rules for values. Used by filter.ts.
 * A row is JSON: an object stands for both a struct and a map, `null` for a nil pointer and an empty collection. So a key that is missing below
 * the first level counts as absent, as in a map, and `null` is both nil and empty.
 */
import { parseGoBool } from "../../lib/go-bool.ts";
import { assertNever, err, ok, type Result } from "../../lib/result.ts";
import type { Expression, Selector } from "./expression.ts";
import { type NumberFault, parseGoFloat, parseGoInteger } from "./literals.ts";
import type { Budget } from "./regexp/program.ts";

/** A name of `any … as name`: stands for another path, or for a key or index itself. */
type Local = { readonly name: string } & ({ readonly path: readonly string[] } | { readonly value: string | number });

export type Evaluation = { readonly row: object; readonly locals: readonly Local[]; readonly budget: Budget };
type Answer = Result<boolean, string>;
type Match = Extract<Expression, { kind: "match" }>;
type Each = Extract<Expression, { kind: "each" }>;

export const TOO_MUCH_WORK = "the filter takes too much work on these rows; write a narrower one";

/** Of one operator on one row, beside what its regular expression costs: about 50 ns each. */
const COST = 10;

/** `and` and `or` ask no further than they must, so an error behind them may never show. */
export function evaluate(expression: Expression, evaluation: Evaluation): Answer {
  evaluation.budget.left -= COST;
  if (evaluation.budget.left < 0) return err(TOO_MUCH_WORK);
  switch (expression.kind) {
    case "and":
    case "or":
      return evaluateUntil(expression.operands, expression.kind === "or", evaluation);
    case "not": {
      const answer = evaluate(expression.operand, evaluation);
      return answer.ok ? ok(!answer.value) : answer;
    }
    case "match":
      return evaluateMatch(expression, evaluation);
    case "each":
      return evaluateEach(expression, evaluation);
  }
}

/** The first answer that is `decisive`, else its opposite. */
function evaluateUntil(operands: readonly Expression[], decisive: boolean, evaluation: Evaluation): Answer {
  for (const operand of operands) {
    const answer = evaluate(operand, evaluation);
    if (!answer.ok || answer.value === decisive) return answer;
  }
  return ok(!decisive);
}

function evaluateMatch(match: Match, evaluation: Evaluation): Answer {
  const found = resolve(match.selector, evaluation);
  if (!found.ok) return found;
  const answer = found.value.kind === "absent" ? ok(match.operator === "empty" || match.operator === "nil") : asks(match, found.value.value, evaluation.budget);
  return answer.ok ? ok(answer.value !== match.isNegated) : answer;
}

function asks(match: Match, value: unknown, budget: Budget): Answer {
  switch (match.operator) {
    case "equal":
      return isEqual(match.value, value);
    case "in":
      return isIn(match, value);
    case "empty":
      return isEmpty(match.selector, value);
    case "nil":
      return isNil(match.selector, value);
    case "matches":
      return isMatch(match, value, budget);
    default:
      return assertNever(match.operator, "asks");
  }
}

/** The name of Go's kind that such a value has in Nomad. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "invalid";
  if (Array.isArray(value)) return "slice";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map";
}

const syntax = (what: string, text: string, fault: NumberFault): Result<never, string> =>
  err(`error getting match value in expression: strconv.${what}: parsing ${JSON.stringify(text)}: ${fault}`);

function isEqual(text: string, value: unknown): Answer {
  switch (kindOf(value)) {
    case "string":
      return ok(value === text);
    case "bool": {
      const wanted = parseGoBool(text);
      return wanted === undefined ? syntax("ParseBool", text, "invalid syntax") : ok(wanted === value);
    }
    case "int": {
      const wanted = parseGoInteger(text);
      // A number beyond 2^53 has lost its last digits on its way into the row: it equals what it is printed as.
      return typeof wanted === "string" ? syntax("ParseInt", text, wanted) : ok(Number(wanted) === value);
    }
    case "float64": {
      const wanted = parseGoFloat(text);
      return typeof wanted === "string" ? syntax("ParseFloat", text, wanted) : ok(wanted === value);
    }
    default:
      return err("unable to find suitable primitive comparison function for matching");
  }
}

function isIn({ selector, value: text }: Match, value: unknown): Answer {
  const kind = kindOf(value);
  if (typeof value === "string") return ok(value.includes(text));
  if (Array.isArray(value)) return isInList(text, value);
  if (kind === "invalid") return ok(false);
  if (kind === "map") return ok(Object.hasOwn(value as object, text));
  return err(`cannot perform in/contains operations on type ${kind} for selector: "${selector.text}"`);
}

/** Items that the text cannot stand for at all are passed over, as a list may hold several kinds. */
function isInList(text: string, items: readonly unknown[]): Answer {
  for (const item of items) {
    const answer = isEqual(text, item);
    if (answer.ok && answer.value) return answer;
    if (!answer.ok && !answer.error.endsWith("invalid syntax")) return err(`unable to find suitable primitive comparison function for "in" comparison in interface slice: ${kindOf(item)}`);
  }
  return ok(false);
}

function isEmpty(selector: Selector, value: unknown): Answer {
  if (value === null) return ok(true);
  if (typeof value === "string" || Array.isArray(value)) return ok(value.length === 0);
  if (typeof value === "object") return ok(Object.keys(value).length === 0);
  return err(`cannot perform is-empty operations on type ${kindOf(value)} for selector: "${selector.text}"`);
}

function isNil(selector: Selector, value: unknown): Answer {
  if (typeof value === "object") return ok(value === null);
  return err(`cannot perform is-nil operations on type ${kindOf(value)} for selector: "${selector.text}"`);
}

function isMatch({ pattern, value: text }: Match, value: unknown, budget: Budget): Answer {
  if (typeof value !== "string") return err(`value of type ${kindOf(value)} is not convertible to []byte`);
  if (pattern === undefined) throw new Error("a match without its pattern");
  if (!pattern.ok) return err(`failed to compile regular expression ${JSON.stringify(text)}: ${pattern.error}`);
  const fits = pattern.value.matches(value, budget);
  return budget.left < 0 ? err(TOO_MUCH_WORK) : ok(fits);
}

type Found = { readonly kind: "absent" } | { readonly kind: "value"; readonly value: unknown };
const ABSENT: Found = { kind: "absent" };

/** The innermost name wins, and what it stands for may begin with an outer one. */
function resolve(selector: Selector, { row, locals }: Evaluation): Result<Found, string> {
  let { path } = selector;
  for (const local of locals.toReversed()) {
    if (local.name !== path[0]) continue;
    if ("path" in local) path = [...local.path, ...path.slice(1)];
    else if (path.length === 1) return ok({ kind: "value", value: local.value });
    else return err(`/${local.name} references a ${typeof local.value === "number" ? "int" : "string"} so /${path.join("/")} is invalid`);
  }
  return follow(row, path);
}

function follow(row: object, path: readonly string[]): Result<Found, string> {
  let value: unknown = row;
  const fault = (part: number, what: string) => err(`error finding value in datum: /${path.join("/")} at part ${part}: ${what}`);
  for (const [part, name] of path.entries()) {
    if (value === null) return ok(ABSENT);
    if (typeof value !== "object") return err(`error finding value in datum: /${path.join("/")}: at part ${part}, invalid value kind: ${kindOf(value)}`);
    if (Array.isArray(value)) {
      const index = parseGoInteger(name === "" ? "0" : name);
      if (typeof index === "string") return fault(part, `couldn't convert "${name}" to type int`);
      if (index < 0n || index >= value.length) return fault(part, `index ${index} is out of range (length = ${value.length})`);
      value = value[Number(index)];
      continue;
    }
    const fields = value as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(fields, name) && fields[name] !== undefined) value = fields[name];
    else return isAbsence(path, part) ? ok(ABSENT) : fault(part, `couldn't find key: struct field with name "${name}"`);
  }
  return ok({ kind: "value", value });
}

/** The last name of several may be a map's key that this row lacks. */
const isAbsence = (path: readonly string[], part: number): boolean => part > 0 && part === path.length - 1;

function evaluateEach(each: Each, evaluation: Evaluation): Answer {
  const found = resolve(each.selector, evaluation);
  if (!found.ok) return found;
  const value = found.value.kind === "absent" ? null : found.value.value;
  // As a nil slice.
  if (value === null) return ok(each.isAll);
  if (typeof value !== "object") return err(`${each.selector.text} is not a list or a map`);
  const { index, value: item } = each.binding;
  const isMap = !Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (index !== undefined && index === item) return err(`"${index}" cannot be used as a placeholder for both the index and the value`);
    const locals = [...evaluation.locals, ...localsFor(each, isMap, key)];
    const answer = evaluate(each.inner, { ...evaluation, locals });
    if (!answer.ok || answer.value !== each.isAll) return answer;
  }
  return ok(each.isAll);
}

function localsFor({ binding, selector }: Each, isMap: boolean, key: string): readonly Local[] {
  const asValue = (name: string): Local => ({ name, path: [...selector.path, key] });
  const asKey = (name: string): Local => ({ name, value: isMap ? key : Number(key) });
  const { fallback, index, value } = binding;
  return [
    ...(fallback === undefined ? [] : [isMap ? asKey(fallback) : asValue(fallback)]),
    ...(index === undefined ? [] : [asKey(index)]),
    ...(value === undefined ? [] : [asValue(value)]),
  ];
}
