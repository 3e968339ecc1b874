/**
 * @module go-bexpr's language as a tree. The alternatives are tried in the library's order, as its grammar is one that takes the first that
 * fits; left sides are read once, so that no nesting makes it slow. Used by filter.ts.
 * Source: the grammar that github.com/hashicorp/go-bexpr documents; test/filter-oracle compares.
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { unescapeGo } from "./literals.ts";
import type { Binding, Expression, MatchOperator, Selector } from "./expression.ts";
import { compileRegexp } from "./regexp/program.ts";

export const MAX_FILTER_LENGTH = 8192;
const MAX_DEPTH = 100;

/** `fault` is what no other alternative can mend. `furthest` is where reading came to its end. */
type Cursor = { readonly text: string; at: number; furthest: number; depth: number; fault: string | undefined };

/** The error says at which column, in the library's `line:column (offset)`. */
export function parseFilter(text: string): Result<Expression, string> {
  if (text.length > MAX_FILTER_LENGTH) return err(`1:1 (0): the expression has ${text.length} characters, and ${MAX_FILTER_LENGTH} are the most`);
  const cursor: Cursor = { text, at: 0, furthest: 0, depth: 0, fault: undefined };
  take(cursor, BLANKS);
  const expression = readOr(cursor);
  take(cursor, BLANKS);
  if (cursor.fault !== undefined) return err(`${place(cursor)}: ${cursor.fault}`);
  if (expression === undefined || cursor.at < text.length) return err(`${place(cursor)}: no match found, expected: ${EXPECTED}`);
  return ok(expression);
}

const EXPECTED = 'a selector, a value, "not", "(", "any" or "all", then an operator, and "and" or "or" between matches';

function place({ text, furthest }: Cursor): string {
  const lines = text.slice(0, furthest).split("\n");
  return `${lines.length}:${(lines.at(-1) ?? "").length + 1} (${furthest})`;
}

const BLANKS = /[ \t\r\n]+/y;

/** What the pattern, which is sticky, finds here; the cursor then stands behind it. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at += match[0].length;
  cursor.furthest = Math.max(cursor.furthest, cursor.at);
  return match[1] ?? match[0];
}

/** Undefined, and the cursor where it was, when the reader finds nothing. */
function attempt<T>(cursor: Cursor, read: () => T | undefined): T | undefined {
  const start = cursor.at;
  const found = read();
  if (found === undefined) cursor.at = start;
  return found;
}

/** Nesting that would end the stack ends the reading. */
function nested<T>(cursor: Cursor, read: () => T | undefined): T | undefined {
  if (cursor.depth >= MAX_DEPTH) {
    cursor.fault ??= `the expression nests more than ${MAX_DEPTH} deep`;
    return undefined;
  }
  cursor.depth += 1;
  const found = read();
  cursor.depth -= 1;
  return found;
}

const OR = /[ \t\r\n]+or[ \t\r\n]+/y;
const AND = /[ \t\r\n]+and[ \t\r\n]+/y;

/** A collection can stand only where nothing follows it but the end of what surrounds it. */
function readOr(cursor: Cursor): Expression | undefined {
  const operands: Expression[] = [];
  do {
    const operand = attempt(cursor, () => readAnd(cursor));
    if (operand === undefined) {
      const collection = attempt(cursor, () => readCollection(cursor));
      return collection === undefined ? undefined : joined("or", [...operands, collection]);
    }
    operands.push(operand);
  } while (take(cursor, OR) !== undefined);
  return joined("or", operands);
}

function readAnd(cursor: Cursor): Expression | undefined {
  const operands: Expression[] = [];
  do {
    const operand = attempt(cursor, () => readNot(cursor));
    if (operand === undefined) return undefined;
    operands.push(operand);
  } while (take(cursor, AND) !== undefined);
  return joined("and", operands);
}

function joined(kind: "and" | "or", operands: readonly Expression[]): Expression | undefined {
  return operands.length === 1 ? operands[0] : { kind, operands };
}

const NOT = /not[ \t\r\n]+/y;

function readNot(cursor: Cursor): Expression | undefined {
  const start = cursor.at;
  if (take(cursor, NOT) === undefined) return readGroupOrMatch(cursor);
  const operand = nested(cursor, () => readNot(cursor));
  if (operand !== undefined) return operand.kind === "not" ? operand.operand : { kind: "not", operand };
  // A field can be called "not".
  cursor.at = start;
  return readGroupOrMatch(cursor);
}

const OPENING = /\([ \t\r\n]*/y;
const CLOSING = /[ \t\r\n]*\)/y;

function readGroupOrMatch(cursor: Cursor): Expression | undefined {
  if (take(cursor, OPENING) === undefined) return readMatch(cursor);
  const inner = nested(cursor, () => readOr(cursor));
  if (inner === undefined) return undefined;
  if (take(cursor, CLOSING) === undefined) {
    cursor.fault ??= "Unmatched parentheses";
    return undefined;
  }
  return inner;
}

const EACH = /(any|all)[ \t\r\n]+/y;
const NAMES = /[ \t\r\n]+as[ \t\r\n]+(_|[a-zA-Z][a-zA-Z0-9_/]*)/y;
const SECOND_NAME = /[ \t\r\n]*,[ \t\r\n]*(_|[a-zA-Z][a-zA-Z0-9_/]*)/y;
const OPEN_BRACE = /[ \t\r\n]*\{[ \t\r\n]*/y;
const CLOSE_BRACE = /[ \t\r\n]*\}/y;

function readCollection(cursor: Cursor): Expression | undefined {
  const quantifier = take(cursor, EACH);
  const selector = quantifier === undefined ? undefined : readSelector(cursor);
  const binding = selector === undefined ? undefined : readBinding(cursor);
  if (selector === undefined || binding === undefined || take(cursor, OPEN_BRACE) === undefined) return undefined;
  const inner = nested(cursor, () => readOr(cursor));
  if (inner === undefined || take(cursor, CLOSE_BRACE) === undefined) return undefined;
  return { kind: "each", isAll: quantifier === "all", selector, binding, inner };
}

function readBinding(cursor: Cursor): Binding | undefined {
  const first = take(cursor, NAMES);
  if (first === undefined) return undefined;
  const second = take(cursor, SECOND_NAME);
  if (second === undefined) return first === "_" ? undefined : { fallback: first };
  if (first === "_" && second === "_") return undefined;
  return { ...(first === "_" ? {} : { index: first }), ...(second === "_" ? {} : { value: second }) };
}

type Operator = { readonly pattern: RegExp; readonly operator: MatchOperator; readonly isNegated: boolean };

const WITH_VALUE: readonly Operator[] = [
  { pattern: /[ \t\r\n]*==[ \t\r\n]*/y, operator: "equal", isNegated: false },
  { pattern: /[ \t\r\n]*!=[ \t\r\n]*/y, operator: "equal", isNegated: true },
  { pattern: /[ \t\r\n]+contains[ \t\r\n]+/y, operator: "in", isNegated: false },
  { pattern: /[ \t\r\n]+not[ \t\r\n]+contains[ \t\r\n]+/y, operator: "in", isNegated: true },
  { pattern: /[ \t\r\n]+matches[ \t\r\n]+/y, operator: "matches", isNegated: false },
  { pattern: /[ \t\r\n]+not[ \t\r\n]+matches[ \t\r\n]+/y, operator: "matches", isNegated: true },
];
const ALONE: readonly Operator[] = [
  { pattern: /[ \t\r\n]+is[ \t\r\n]+empty/y, operator: "empty", isNegated: false },
  { pattern: /[ \t\r\n]+is[ \t\r\n]+not[ \t\r\n]+empty/y, operator: "empty", isNegated: true },
  { pattern: /[ \t\r\n]+is[ \t\r\n]+nil/y, operator: "nil", isNegated: false },
  { pattern: /[ \t\r\n]+is[ \t\r\n]+not[ \t\r\n]+nil/y, operator: "nil", isNegated: true },
];
const BEFORE_SELECTOR: readonly Operator[] = [
  { pattern: /[ \t\r\n]+in[ \t\r\n]+/y, operator: "in", isNegated: false },
  { pattern: /[ \t\r\n]+not[ \t\r\n]+in[ \t\r\n]+/y, operator: "in", isNegated: true },
];

const takeOperator = (cursor: Cursor, operators: readonly Operator[]): Operator | undefined => operators.find(({ pattern }) => take(cursor, pattern) !== undefined);

function readMatch(cursor: Cursor): Expression | undefined {
  return attempt(cursor, () => readSelectorFirst(cursor)) ?? attempt(cursor, () => readValueFirst(cursor));
}

function readSelectorFirst(cursor: Cursor): Expression | undefined {
  const selector = readSelector(cursor);
  if (selector === undefined) return undefined;
  const behind = cursor.at;
  const found = takeOperator(cursor, WITH_VALUE);
  const value = found === undefined ? undefined : readValue(cursor);
  if (found !== undefined && value !== undefined) return match(selector, found, value);
  cursor.at = behind;
  const alone = takeOperator(cursor, ALONE);
  return alone === undefined ? undefined : match(selector, alone, "");
}

function readValueFirst(cursor: Cursor): Expression | undefined {
  const value = readValue(cursor);
  const found = value === undefined ? undefined : takeOperator(cursor, BEFORE_SELECTOR);
  if (value === undefined || found === undefined) return undefined;
  const selector = readSelector(cursor);
  if (selector === undefined) cursor.fault ??= "Invalid selector";
  return selector === undefined ? undefined : match(selector, found, value);
}

function match(selector: Selector, { operator, isNegated }: Operator, value: string): Expression {
  const expression = { kind: "match" as const, selector, operator, isNegated, value };
  return operator === "matches" ? { ...expression, pattern: compileRegexp(value) } : expression;
}

const IDENTIFIER = /[a-zA-Z][a-zA-Z0-9_/]*/y;
const MEMBER = /\.([a-zA-Z][a-zA-Z0-9_/]*|\d+)/y;
const POINTER = /"((?:\/[\p{L}\p{N}\-_.~:|]+)*)"/uy;

function readSelector(cursor: Cursor): Selector | undefined {
  const first = take(cursor, IDENTIFIER);
  if (first === undefined) return readPointer(cursor);
  const path = [first];
  for (;;) {
    const next = take(cursor, MEMBER) ?? readIndex(cursor);
    if (next === undefined) return { path, text: path.join(".") };
    path.push(next);
  }
}

/** `"/Meta/owner"`; two quotes alone are the pointer with one empty part, which nothing has. */
function readPointer(cursor: Cursor): Selector | undefined {
  const pointer = take(cursor, POINTER);
  if (pointer === undefined) return undefined;
  const parts = pointer.slice(1).split("/");
  const path = parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { path, text: path.join("/") };
}

const INDEX_OPEN = /\[[ \t\r\n]*/y;
const INDEX_CLOSE = /[ \t\r\n]*\]/y;

function readIndex(cursor: Cursor): string | undefined {
  if (take(cursor, INDEX_OPEN) === undefined) return undefined;
  const key = readString(cursor);
  if (key === undefined) cursor.fault ??= "Invalid index";
  else if (take(cursor, INDEX_CLOSE) === undefined) cursor.fault ??= "Unclosed index expression";
  return key;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?/y;

function readValue(cursor: Cursor): string | undefined {
  const selector = attempt(cursor, () => readSelector(cursor));
  if (selector !== undefined) return selector.text;
  const number = take(cursor, NUMBER);
  if (number === undefined) return readString(cursor);
  const next = cursor.text[cursor.at];
  if (next !== undefined && !" \t\r\n)".includes(next)) cursor.fault ??= "Invalid number literal";
  return number;
}

const RAW = /`([^`]*)`/y;
const DOUBLE = /"([^"]*)"/y;

function readString(cursor: Cursor): string | undefined {
  const start = cursor.text[cursor.at];
  // Go drops carriage returns of a raw text.
  if (start !== "`" && start !== '"') return undefined;
  const body = take(cursor, start === "`" ? RAW : DOUBLE);
  const text = body === undefined ? undefined : start === "`" ? body.replaceAll("\r", "") : unescapeGo(body);
  if (body === undefined) cursor.fault ??= "Unterminated string literal";
  else if (text === undefined) cursor.fault ??= "invalid syntax";
  return text;
}
