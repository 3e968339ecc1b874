/** @module Expressions of HCL: conditionals and operators over the terms of term.ts. Used by body.ts, and by terms and templates for what they hold. */
import { ok } from "../../lib/result.ts";
import { accept, type Cursor, failExpecting, nested, type Parsed, rangeBetween, skipBlanks } from "./cursor.ts";
import { failUnsupported, startsOperator } from "./literal.ts";
import type { BinaryOperator, Chain, Expression } from "./syntax.ts";
import { parseTerm } from "./term.ts";

/** From loosest to tightest. An operator comes before any that it begins with. */
const OPERATORS: readonly (readonly BinaryOperator[])[] = [["||"], ["&&"], ["==", "!="], [">=", "<=", ">", "<"], ["+", "-"], ["*", "/", "%"]];

/** The expression at the cursor. The old dialect has literals only: all else is refused where it stands. */
export function parseExpression(cursor: Cursor): Parsed<Expression> {
  return nested(cursor, () => (cursor.dialect === "hcl1" ? parseLiteralOnly(cursor) : parseConditional(cursor)));
}

function parseLiteralOnly(cursor: Cursor): Parsed<Expression> {
  const term = parseTerm(cursor);
  if (!term.ok) return term;
  skipBlanks(cursor);
  return startsOperator(cursor) ? failUnsupported(cursor) : term;
}

function parseConditional(cursor: Cursor): Parsed<Expression> {
  const condition = parseChain(cursor, 0);
  if (!condition.ok || !accept(cursor, "?")) return condition;
  const whenTrue = parseExpression(cursor);
  if (!whenTrue.ok) return whenTrue;
  if (!accept(cursor, ":")) return failExpecting(cursor, '":" and the false value of this conditional', "Missing false expression in conditional");
  const whenFalse = parseExpression(cursor);
  if (!whenFalse.ok) return whenFalse;
  const range = rangeBetween(condition.value.range, whenFalse.value.range);
  return ok({ kind: "conditional", condition: condition.value, whenTrue: whenTrue.value, whenFalse: whenFalse.value, range });
}

function parseChain(cursor: Cursor, level: number): Parsed<Expression> {
  const operators = OPERATORS[level];
  if (operators === undefined) return parseTerm(cursor);
  const first = parseChain(cursor, level + 1);
  if (!first.ok) return first;
  let operator = acceptOperator(cursor, operators);
  if (operator === undefined) return first;
  const rest: Chain["rest"][number][] = [];
  for (; operator !== undefined; operator = acceptOperator(cursor, operators)) {
    const right = parseChain(cursor, level + 1);
    if (!right.ok) return right;
    rest.push({ operator, right: right.value });
  }
  const { range } = rest.at(-1)?.right ?? first.value;
  return ok({ kind: "chain", first: first.value, rest, range: rangeBetween(first.value.range, range) });
}

function acceptOperator(cursor: Cursor, operators: readonly BinaryOperator[]): BinaryOperator | undefined {
  skipBlanks(cursor);
  const { text, offset } = cursor;
  if (!OPERATOR_STARTS.has(text.charCodeAt(offset))) return undefined;
  const found = operators.find((operator) => text.startsWith(operator, offset));
  // An unclosed comment is left for the next reader to trip over.
  if (found === undefined || text.startsWith("/*", offset)) return undefined;
  cursor.offset += found.length;
  return found;
}

const OPERATOR_STARTS: ReadonlySet<number> = new Set(OPERATORS.flat().map((operator) => operator.charCodeAt(0)));
