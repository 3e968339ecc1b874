/** @module What may stand in constraints, affinities and spreads, in Nomad's words and order. Used by validation. */
import type { Affinity, Constraint, Spread } from "../../job.ts";
import { parseRegexp } from "../../filter/regexp/syntax.ts";
import { errorIf, nestedError } from "./multierror.ts";
import { parseUintFault } from "./parse-uint.ts";

/** Errors of a list, each with its number from 1. */
export const validateEach = <T>(what: string, items: readonly T[], validate: (item: T) => readonly string[]): readonly string[] =>
  items.flatMap((item, index) => nestedError(`${what} ${index + 1} validation failed`, validate(item)));

const COMPARISONS = new Set(["=", "==", "is", "!=", "not", "<", "<=", ">", ">="]);
const OTHERS = new Set(["regexp", "version", "semver", "set_contains", "set_contains_all", "set_contains_any", "is_set", "is_not_set"]);
const DISTINCT = new Set(["distinct_hosts", "distinct_property"]);

export function validateConstraint(constraint: Constraint): readonly string[] {
  const { Operand, LTarget, RTarget } = constraint;
  const known = COMPARISONS.has(Operand) || OTHERS.has(Operand) || DISTINCT.has(Operand);
  return [
    ...errorIf(Operand === "", "Missing constraint operand"),
    ...(known ? validateTarget(Operand, RTarget, "constraint") : [`Unknown constraint type "${Operand}"`]),
    ...(Operand === "distinct_hosts" ? [] : validateAttribute(LTarget)),
  ];
}

export function validateAffinity(affinity: Affinity): readonly string[] {
  const { Operand, LTarget, RTarget, Weight } = affinity;
  const known = COMPARISONS.has(Operand) || OTHERS.has(Operand);
  return [
    ...errorIf(Operand === "", "Missing affinity operand"),
    ...(known ? validateTarget(Operand, RTarget, "affinity") : [`Unknown affinity operator "${Operand}"`]),
    ...errorIf(LTarget === "", "No LTarget provided but is required"),
    ...errorIf(Weight > 100 || Weight < -100, "Affinity weight must be within the range [-100,100]"),
    ...errorIf(Weight === 0, "Affinity weight cannot be zero"),
  ];
}

const NODE_VALUES = new Set(["unique.id", "datacenter", "unique.name", "class", "pool"].map((name) => `\${node.${name}}`));

/** What Nomad's scheduler can resolve of a node. Text without "$" is itself. */
function validateAttribute(target: string): readonly string[] {
  if (target === "") return ["no attribute provided but is required by operator"];
  if (!target.startsWith("$")) return [];
  if (!target.startsWith("${")) return [`attribute "${target}" is missing an opening brace`];
  if (!target.endsWith("}")) return [`attribute "${target}" is missing a closing brace`];
  const known = NODE_VALUES.has(target) || /^\$\{(?:attr|meta|device)\./.test(target);
  return errorIf(!known, `unsupported attribute "${target}"`);
}

function validateTarget(operand: string, target: string, what: "constraint" | "affinity"): readonly string[] {
  switch (operand) {
    case "regexp":
      return validateRegexp(target);
    case "version":
      return badParts(target, VERSION_PART).map((part) => `Version ${what} is invalid: malformed constraint: ${part}`);
    case "semver":
      return badParts(target, SEMVER_PART).map((part) => `Semver ${what} is invalid: Malformed constraint: ${part}`);
    case "set_contains":
    case "set_contains_all":
    case "set_contains_any":
      return errorIf(target === "", `Set contains ${what} requires an RTarget`);
    case "distinct_property":
      return target === "" ? [] : validateAllowedCount(target);
    case "distinct_hosts":
      return [];
    case "is_set":
    case "is_not_set":
      return errorIf(target !== "", `Operator "${operand}" does not support an RTarget`);
    default:
      return errorIf(target === "", `Operator "${operand}" requires an RTarget`);
  }
}

function validateAllowedCount(target: string): readonly string[] {
  const fault = parseUintFault(target, 10, 64);
  if (fault !== undefined) return [`Failed to convert RTarget "${target}" to uint64: ${fault}`];
  return errorIf(/^0+$/.test(target), `Distinct Property must have an allowed count of 1 or greater: ${Number(target)} < 1`);
}

/** By Go's grammar; it is read, and never run. */
function validateRegexp(expression: string): readonly string[] {
  const parsed = parseRegexp(expression);
  return parsed.ok ? [] : [`Regular expression failed to compile: ${parsed.error}`];
}

const VERSION_PART = /^\s*(?:=|!=|>|<|>=|<=|~>)?\s*v?\d+(?:\.\d+){0,9}(?:[-+~.][0-9A-Za-z.+~-]*)?\s*$/;
const SEMVER_PART = /^\s*(?:=|!=|>|<|>=|<=)?\s*v?\d+(?:\.\d+){0,9}(?:[-+~.][0-9A-Za-z.+~-]*)?\s*$/;

/** The first part of a list of version constraints that is none: it is the one that is told. */
const badParts = (text: string, grammar: RegExp): readonly string[] => text.split(",").filter((part) => part.length > 256 || !grammar.test(part)).slice(0, 1);

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
