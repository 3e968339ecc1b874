/** @module Literal expressions of HCL: strings, numbers, booleans, null, tuples and objects. Used by body.ts. */
import { ok } from "../../lib/result.ts";
import {
  accept, acceptIdentifier, type Cursor, failAt, failExpecting, foundAt, nested, type Parsed, rangeFrom, skipBlanks, skipLines, withNewlines,
} from "./cursor.ts";
import type { Expression, LiteralValue, ObjectItem, ObjectKey } from "./syntax.ts";
import { parseHeredoc, parseQuoted } from "./template.ts";

/** The expression at the cursor. Operators, calls, references and `for` are refused where they stand. */
export function parseExpression(cursor: Cursor): Parsed<Expression> {
  const term = nested(cursor, () => parseTerm(cursor));
  if (!term.ok) return term;
  skipBlanks(cursor);
  return startsOperator(cursor) ? failUnsupported(cursor) : term;
}

function parseTerm(cursor: Cursor): Parsed<Expression> {
  skipBlanks(cursor);
  const start = cursor.offset;
  const char = cursor.text[start];
  if (char === '"') return parseQuoted(cursor);
  if (cursor.text.startsWith("<<", start)) return parseHeredoc(cursor);
  if (char === "[") return withNewlines(cursor, "blank", () => parseTuple(cursor));
  if (char === "{") return withNewlines(cursor, "separate", () => parseObject(cursor));
  return parseNumber(cursor) ?? parseKeyword(cursor);
}

function parseNumber(cursor: Cursor): Parsed<Expression> | undefined {
  const start = cursor.offset;
  const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  number.lastIndex = start;
  const source = number.exec(cursor.text)?.[0];
  if (source === undefined) return undefined;
  cursor.offset += source.length;
  return ok(literal(cursor, start, Number(source)));
}

function parseKeyword(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  if (word === "true" || word === "false") return ok(literal(cursor, start, word === "true"));
  if (word === "null") return ok(literal(cursor, start, null));
  cursor.offset = start;
  if (word !== "" || "(!-".includes(cursor.text[start] ?? " ")) return failUnsupported(cursor);
  return failExpecting(cursor, "a value");
}

function parseTuple(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: Expression[] = [];
  cursor.offset += 1;
  while (!accept(cursor, "]")) {
    const item = parseExpression(cursor);
    if (!item.ok) return item;
    items.push(item.value);
    if (accept(cursor, ",")) continue;
    if (accept(cursor, "]")) break;
    return failExpecting(cursor, '"," or "]" in this list');
  }
  return ok({ kind: "tuple", items, range: rangeFrom(cursor, start) });
}

function parseObject(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const items: ObjectItem[] = [];
  cursor.offset += 1;
  for (skipLines(cursor); !accept(cursor, "}"); skipLines(cursor)) {
    const item = parseObjectItem(cursor);
    if (!item.ok) return item;
    items.push(item.value);
    skipBlanks(cursor);
    if (cursor.text[cursor.offset] === "}" || accept(cursor, ",") || accept(cursor, "\n")) continue;
    return failExpecting(cursor, '",", a line end or "}" in this object');
  }
  return ok({ kind: "object", items, range: rangeFrom(cursor, start) });
}

function parseObjectItem(cursor: Cursor): Parsed<ObjectItem> {
  const key = parseObjectKey(cursor);
  if (!key.ok) return key;
  skipBlanks(cursor);
  if (startsOperator(cursor)) return failUnsupported(cursor);
  if (!accept(cursor, "=") && !accept(cursor, ":")) return failExpecting(cursor, `"=" or ":" after "${key.value.name}"`);
  const value = parseExpression(cursor);
  return value.ok ? ok({ key: key.value, value: value.value }) : value;
}

function parseObjectKey(cursor: Cursor): Parsed<ObjectKey> {
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  if (word === "for") return failAt(cursor, start, unsupported('"for"'));
  if (word !== "") return ok({ name: word, range: rangeFrom(cursor, start) });
  const quoted = cursor.text[start] === '"' ? parseQuoted(cursor) : (parseNumber(cursor) ?? failObjectKey(cursor));
  if (!quoted.ok) return quoted;
  if (quoted.value.kind !== "literal") return failAt(cursor, start, "a name in an object must be a plain string");
  return ok({ name: String(quoted.value.value), range: rangeFrom(cursor, start) });
}

/** HCL takes any expression as a key, such as -a: that is not wrong, it is only not for us. */
function failObjectKey(cursor: Cursor): Parsed<never> {
  const startsExpression = "(!-[{".includes(cursor.text[cursor.offset] ?? " ") || cursor.text.startsWith("<<", cursor.offset);
  return startsExpression ? failUnsupported(cursor) : failExpecting(cursor, 'a name or "}" in this object');
}

function startsOperator(cursor: Cursor): boolean {
  const { text, offset } = cursor;
  return /^(?:[.[(?+*/%&|<>!-]|==)/.test(text.slice(offset, offset + 2)) && !text.startsWith("/*", offset);
}

const failUnsupported = (cursor: Cursor): Parsed<never> => failAt(cursor, cursor.offset, unsupported(foundAt(cursor)));

const unsupported = (found: string): string => `expressions are not supported here: found ${found}, but expected a plain value`;

function literal(cursor: Cursor, start: number, value: LiteralValue): Expression {
  return { kind: "literal", value, range: rangeFrom(cursor, start) };
}
