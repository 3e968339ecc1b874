/** @module Terms of HCL: literals, names, calls, parentheses, unary operators, and the steps and splats behind a term. Used by expression.ts. */
import { ok } from "../../lib/result.ts";
import { parseObject, parseTuple } from "./collection.ts";
import {
  accept, acceptIdentifier, type Cursor, failAt, failExpecting, nested, type Parsed, positionAt, rangeBetween, rangeFrom, skipBlanks, withNewlines,
} from "./cursor.ts";
import { keywordOf, literal, parseKeyword, parseNumber } from "./literal.ts";
import type { Expression, LiteralExpression, Step } from "./syntax.ts";
import { parseHeredoc, parseQuoted } from "./template.ts";

/** A term and everything that is behind it without an operator. */
export function parseTerm(cursor: Cursor): Parsed<Expression> {
  skipBlanks(cursor);
  const char = cursor.text[cursor.offset];
  if (cursor.dialect === "hcl1") return parseLiteral(cursor) ?? parseKeyword(cursor);
  if (char === "-" || char === "!") return parseUnary(cursor, char);
  const term = parseLiteral(cursor) ?? (char === "(" ? withNewlines(cursor, "blank", () => parseParentheses(cursor)) : parseName(cursor));
  return term.ok ? parseSteps(cursor, term.value) : term;
}

function parseLiteral(cursor: Cursor): Parsed<Expression> | undefined {
  const start = cursor.offset;
  const char = cursor.text[start];
  if (char === '"') return parseQuoted(cursor);
  if (char === "<" && cursor.text.startsWith("<<", start)) return parseHeredoc(cursor);
  if (char === "[") return withNewlines(cursor, "blank", () => parseTuple(cursor));
  if (char === "{") return withNewlines(cursor, "separate", () => parseObject(cursor));
  return parseNumber(cursor);
}

function parseUnary(cursor: Cursor, operator: "-" | "!"): Parsed<Expression> {
  const start = cursor.offset;
  cursor.offset += 1;
  const operand = nested(cursor, () => parseTerm(cursor));
  if (!operand.ok) return operand;
  return ok({ kind: "unary", operator, operand: operand.value, range: { start: positionAt(cursor, start), end: operand.value.range.end } });
}

function parseParentheses(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  cursor.offset += 1;
  const inner = cursor.parseExpression(cursor);
  if (!inner.ok) return inner;
  if (!accept(cursor, ")")) return failExpecting(cursor, '")"', "Unbalanced parentheses");
  // A traversal in parentheses can be a key and take no part in a longer traversal: it is wrapped, to be told from a bare one.
  return ok({ kind: "access", source: inner.value, steps: [], range: rangeFrom(cursor, start) });
}

function parseName(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  let name = acceptIdentifier(cursor);
  if (name === "") return failExpecting(cursor, "a value");
  const rootRange = rangeFrom(cursor, start);
  while (cursor.text.startsWith("::", cursor.offset)) {
    cursor.offset += 2;
    const part = acceptIdentifier(cursor);
    if (part === "") return failExpecting(cursor, 'a name behind "::"', "Missing function name");
    name += `::${part}`;
  }
  if (accept(cursor, "(")) return withNewlines(cursor, "blank", () => parseCall(cursor, name, start));
  if (name.includes("::")) return failExpecting(cursor, `"(" after "${name.slice(0, 40)}"`, "Missing open parenthesis");
  cursor.offset = rootRange.end.offset;
  const keyword = keywordOf(name);
  if (keyword !== undefined) return ok(literal(cursor, start, keyword));
  return ok({ kind: "traversal", root: name, rootRange, steps: [], source: name, range: rootRange });
}

/** The arguments; the cursor is behind the "(". */
function parseCall(cursor: Cursor, name: string, start: number): Parsed<Expression> {
  const nameRange = { start: positionAt(cursor, start), end: positionAt(cursor, start + name.length) };
  const args: Expression[] = [];
  let expands = false;
  while (!accept(cursor, ")")) {
    const arg = cursor.parseExpression(cursor);
    if (!arg.ok) return arg;
    args.push(arg.value);
    expands = accept(cursor, "...");
    if (!expands && accept(cursor, ",")) continue;
    if (accept(cursor, ")")) break;
    return failExpecting(cursor, expands ? '")" after "..."' : `"," or ")" in this call of "${name.slice(0, 40)}"`, "Missing argument separator");
  }
  return ok({ kind: "call", name, nameRange, args, expands, range: rangeFrom(cursor, start) });
}

/** Every `.name`, `[index]`, `.*` and `[*]` behind `from`. */
function parseSteps(cursor: Cursor, from: Expression): Parsed<Expression> {
  const steps: Step[] = [];
  for (;;) {
    skipBlanks(cursor);
    const { text, offset } = cursor;
    const isDot = text[offset] === "." && !text.startsWith("...", offset);
    if (!isDot && text[offset] !== "[") return ok(withSteps(cursor, from, steps));
    if (isDot && isSplatDot(cursor)) return parseAttributeSplat(cursor, withSteps(cursor, from, steps));
    const step = isDot ? parseDot(cursor) : parseBracket(cursor);
    if (!step.ok) return step;
    if (step.value === "splat") return parseFullSplat(cursor, withSteps(cursor, from, steps), offset);
    steps.push(step.value);
  }
}

function isSplatDot(cursor: Cursor): boolean {
  const start = cursor.offset;
  cursor.offset += 1;
  skipBlanks(cursor);
  const isSplat = cursor.text[cursor.offset] === "*";
  cursor.offset = start;
  return isSplat;
}

/** The cursor is at the ".". */
function parseDot(cursor: Cursor): Parsed<Step> {
  const start = cursor.offset;
  cursor.offset += 1;
  skipBlanks(cursor);
  const digits = /\d+(?:[eE][+-]?\d+)?/y;
  digits.lastIndex = cursor.offset;
  const index = digits.exec(cursor.text)?.[0];
  if (index !== undefined) {
    cursor.offset += index.length;
    if (/^\.\d/.test(cursor.text.slice(cursor.offset, cursor.offset + 2))) return failAt(cursor, start, "two legacy indexes (.0) cannot stand one behind the other; write [0][1]", "Invalid legacy index syntax");
    const key: LiteralExpression = { kind: "literal", value: Number(index), range: rangeFrom(cursor, start + 1) };
    return ok({ kind: "index", key, range: rangeFrom(cursor, start) });
  }
  const name = acceptIdentifier(cursor);
  if (name === "") return failExpecting(cursor, 'the name of an attribute after "."', "Invalid attribute name");
  return ok({ kind: "attribute", name, range: rangeFrom(cursor, start) });
}

/** `[index]` or `[*]`; the cursor is at the "[". Line ends are blank around an index, and around a "*" only where they are so around the whole. */
function parseBracket(cursor: Cursor): Parsed<Step | "splat"> {
  const start = cursor.offset;
  cursor.offset += 1;
  if (accept(cursor, "*")) return accept(cursor, "]") ? ok("splat") : failExpecting(cursor, '"]" behind "*"', "Missing close bracket on splat index");
  return withNewlines(cursor, "blank", () => {
    const key = cursor.parseExpression(cursor);
    if (!key.ok) return key;
    if (!accept(cursor, "]")) return failExpecting(cursor, '"]" behind this index', "Missing close bracket on index");
    return ok({ kind: "index", key: key.value, range: rangeFrom(cursor, start) });
  });
}

/** Everything behind `[*]` is done to each element. */
function parseFullSplat(cursor: Cursor, source: Expression, start: number): Parsed<Expression> {
  const marker = rangeFrom(cursor, start);
  const each = nested(cursor, () => parseSteps(cursor, { kind: "element", range: marker }));
  if (!each.ok) return each;
  return ok({ kind: "splat", source, each: each.value, marker, range: rangeBetween(source.range, each.value.range) });
}

/** Only the attributes behind `.*` are done to each element; an index in brackets is of the list that results. */
function parseAttributeSplat(cursor: Cursor, source: Expression): Parsed<Expression> {
  const start = cursor.offset;
  accept(cursor, ".");
  accept(cursor, "*");
  const marker = rangeFrom(cursor, start);
  const steps: Step[] = [];
  for (skipBlanks(cursor); cursor.text[cursor.offset] === "." && !cursor.text.startsWith("...", cursor.offset); skipBlanks(cursor)) {
    if (isSplatDot(cursor)) return failAt(cursor, cursor.offset, "a splat (*) cannot be used inside another splat that is made of attributes only; use [*]", "Nested splat expression not allowed");
    const step = parseDot(cursor);
    if (!step.ok) return step;
    steps.push(step.value);
  }
  const each = withSteps(cursor, { kind: "element", range: marker }, steps);
  return nested(cursor, () => parseSteps(cursor, { kind: "splat", source, each, marker, range: rangeBetween(source.range, each.range) }));
}

/** Constant steps right behind a name make a traversal; all others are steps of an access. */
function withSteps(cursor: Cursor, source: Expression, steps: readonly Step[]): Expression {
  const last = steps.at(-1);
  if (last === undefined) return source;
  const range = rangeBetween(source.range, last.range);
  if (source.kind !== "traversal") return { kind: "access", source, steps, range };
  const firstDynamic = steps.findIndex((step) => !isConstant(step));
  if (firstDynamic === -1) return { ...source, steps, source: cursor.text.slice(range.start.offset, range.end.offset), range };
  const constant = withSteps(cursor, source, steps.slice(0, firstDynamic));
  return { kind: "access", source: constant, steps: steps.slice(firstDynamic), range };
}

function isConstant(step: Step): boolean {
  return step.kind === "attribute" || (step.key.kind === "literal" && (typeof step.key.value === "string" || typeof step.key.value === "number"));
}
