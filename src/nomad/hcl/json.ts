/** @module JSON as HCL expressions, so that its errors have positions and a key that is set twice is seen. Used by acl. */
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { accept, type Cursor, failAt, failExpecting, nested, type Parsed, rangeFrom, skipBlanks, startCursor } from "./cursor.ts";
import { parseExpression } from "./expression.ts";
import { DEFAULT_HCL_LIMITS, type HclLimits, tooLong } from "./parse.ts";
import type { Expression, HclError, LiteralValue, ObjectItem } from "./syntax.ts";

/** One JSON value and nothing behind it. Comments are let pass, as HCL itself has them. Repeated keys stay, in order. */
export function parseJson(text: string, limits: HclLimits = DEFAULT_HCL_LIMITS): Result<Expression, HclError> {
  if (text.length > limits.maxChars) return err(tooLong(text.length, limits.maxChars));
  const cursor: Cursor = { ...startCursor(text, { dialect: "hcl1", maxDepth: limits.maxDepth, parseExpression }), newlines: "blank" };
  const value = parseValue(cursor);
  if (!value.ok) return value;
  skipBlanks(cursor);
  return cursor.offset < text.length ? failExpecting(cursor, "the end of the text") : value;
}

function parseValue(cursor: Cursor): Parsed<Expression> {
  skipBlanks(cursor);
  const char = cursor.text[cursor.offset];
  if (char === "{") return nested(cursor, () => parseMembers(cursor));
  if (char === "[") return nested(cursor, () => parseElements(cursor));
  return parseScalar(cursor);
}

function parseMembers(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: ObjectItem[] = [];
  cursor.offset += 1;
  if (accept(cursor, "}")) return ok({ kind: "object", items, range: rangeFrom(cursor, start) });
  do {
    const item = parseMember(cursor);
    if (!item.ok) return item;
    items.push(item.value);
  } while (accept(cursor, ","));
  if (!accept(cursor, "}")) return failExpecting(cursor, '"," or "}"');
  return ok({ kind: "object", items, range: rangeFrom(cursor, start) });
}

function parseMember(cursor: Cursor): Parsed<ObjectItem> {
  skipBlanks(cursor);
  if (cursor.text[cursor.offset] !== '"') return failExpecting(cursor, "a name in quotes");
  const key = parseScalar(cursor);
  if (!key.ok) return key;
  if (!accept(cursor, ":")) return failExpecting(cursor, '":"');
  const value = parseValue(cursor);
  if (!value.ok) return value;
  return ok({ key: { name: key.value.kind === "literal" ? String(key.value.value) : "", range: key.value.range }, value: value.value });
}

function parseElements(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: Expression[] = [];
  cursor.offset += 1;
  if (accept(cursor, "]")) return ok({ kind: "tuple", items, range: rangeFrom(cursor, start) });
  do {
    const item = parseValue(cursor);
    if (!item.ok) return item;
    items.push(item.value);
  } while (accept(cursor, ","));
  if (!accept(cursor, "]")) return failExpecting(cursor, '"," or "]"');
  return ok({ kind: "tuple", items, range: rangeFrom(cursor, start) });
}

function parseScalar(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const end = scalarEnd(cursor.text, start);
  const value = decodeScalar(cursor.text.slice(start, end));
  if (end === start) return failExpecting(cursor, "a value");
  if (!value.ok) return failAt(cursor, start, `this is not a JSON value: ${value.error}`);
  cursor.offset = end;
  return ok({ kind: "literal", value: value.value, range: rangeFrom(cursor, start) });
}

/** Behind the closing quote of a string, or behind the letters and digits of anything else. */
function scalarEnd(text: string, start: number): number {
  if (text[start] !== '"') {
    const word = /[A-Za-z0-9+.-]*/y;
    word.lastIndex = start;
    return start + (word.exec(text)?.[0].length ?? 0);
  }
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function decodeScalar(source: string): Result<LiteralValue, string> {
  try {
    return ok(JSON.parse(source) as LiteralValue);
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}
