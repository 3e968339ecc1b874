/** @module What may stand in constraints, affinities and spreads. Used by validation. */
import { messageOf } from "../../../lib/result.ts";
import type { Affinity, Constraint, Spread } from "../../job.ts";
import { errorIf, nestedError } from "./multierror.ts";

/** Errors of a list, each with its number from 1. */
export const validateEach = <T>(what: string, items: readonly T[], validate: (item: T) => readonly string[]): readonly string[] =>
  items.flatMap((item, index) => nestedError(`${what} ${index + 1} validation failed`, validate(item)));

const COMPARISONS = new Set(["=", "==", "is", "!=", "not", "<", "<=", ">", ">="]);
const OTHERS = new Set(["regexp", "version", "semver", "set_contains", "set_contains_all", "set_contains_any", "is_set", "is_not_set"]);
const DISTINCT = new Set(["distinct_hosts", "distinct_property"]);

export function validateConstraint(constraint: Constraint): readonly string[] {
  const { Operand, LTarget, RTarget } = constraint;
  if (Operand === "") return ["Missing constraint operand"];
  if (!COMPARISONS.has(Operand) && !OTHERS.has(Operand) && !DISTINCT.has(Operand)) return [`Unknown constraint type "${Operand}"`];
  const missing = errorIf(LTarget === "" && Operand !== "distinct_hosts", "No LTarget provided but is required by constraint");
  return [...missing, ...validateTarget(Operand, RTarget, "constraint")];
}

export function validateAffinity(affinity: Affinity): readonly string[] {
  const { Operand, LTarget, RTarget, Weight } = affinity;
  if (Operand === "") return ["Missing affinity operand"];
  const unknown = !COMPARISONS.has(Operand) && !OTHERS.has(Operand);
  return [
    ...errorIf(unknown, `Unknown affinity operator "${Operand}"`),
    ...(unknown ? [] : validateTarget(Operand, RTarget, "affinity")),
    ...errorIf(LTarget === "", "No LTarget provided but is required"),
    ...errorIf(Weight > 100 || Weight < -100, "Affinity weight must be within the range [-100,100]"),
    ...errorIf(Weight === 0, "Affinity weight cannot be zero"),
  ];
}

function validateTarget(operand: string, target: string, what: string): readonly string[] {
  switch (operand) {
    case "regexp":
      return validateRegexp(target);
    case "version":
    case "semver":
      return errorIf(!isVersionConstraint(target), `${operand === "version" ? "Version" : "Semver"} ${what} is invalid: Malformed constraint: ${target}`);
    case "set_contains":
    case "set_contains_all":
    case "set_contains_any":
      return errorIf(target === "", `Set contains ${what} requires an RTarget`);
    case "distinct_property":
      return errorIf(target !== "" && !(Number(target) >= 1), `Distinct Property must have an allowed count of 1 or greater: ${target} < 1`);
    case "distinct_hosts":
    case "is_set":
    case "is_not_set":
      return [];
    default:
      return errorIf(target === "", `Operator "${operand}" requires an RTarget`);
  }
}

/** Go's groups with flags are not JavaScript's: an expression that has one is taken as it is. It is compiled, and never run. */
function validateRegexp(expression: string): readonly string[] {
  if (expression.includes("(?")) return [];
  try {
    return errorIf(new RegExp(expression).source === "", "Regular expression failed to compile");
  } catch (thrown) {
    return [`Regular expression failed to compile: ${messageOf(thrown)}`];
  }
}

const VERSION_PART = /^\s*(?:=|!=|>|<|>=|<=|~>)?\s*v?\d+(?:\.\d+){0,9}(?:[-+~.][0-9A-Za-z.+~-]*)?\s*$/;

const isVersionConstraint = (text: string): boolean => text.split(",").every((part) => part.length <= 256 && VERSION_PART.test(part));

export function validateSpread(spread: Spread): readonly string[] {
  const sum = spread.SpreadTarget.reduce((total, { Percent }) => total + Percent, 0);
  const values = spread.SpreadTarget.map(({ Value }) => Value);
  return [
    ...errorIf(spread.Attribute === "", "Missing spread attribute"),
    ...errorIf(spread.Weight <= 0 || spread.Weight > 100, "Spread block must have a positive weight from 0 to 100"),
    ...values.filter((value, index) => values.indexOf(value) !== index).map((value) => `Spread target value "${value}" already defined`),
    ...spread.SpreadTarget.filter(({ Percent }) => Percent < 0 || Percent > 100).map(
      ({ Value }) => `Spread target percentage for value "${Value}" must be between 0 and 100`,
    ),
    ...errorIf(sum > 100, `Sum of spread target percentages must not be greater than 100%; got ${sum}%`),
  ];
}
