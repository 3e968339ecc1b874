/** @module What terms of both dialects of HCL share: numbers, keywords, and the refusal of expressions in the old one. Used by expression.ts and term.ts. */
import { ok } from "../../lib/result.ts";
import { acceptIdentifier, type Cursor, failAt, failExpecting, foundAt, type Parsed, rangeFrom } from "./cursor.ts";
import type { Expression, LiteralExpression, LiteralValue } from "./syntax.ts";

/** The number at the cursor; a sign belongs to it in the old dialect only, elsewhere it is an operator. */
export function parseNumber(cursor: Cursor): Parsed<LiteralExpression> | undefined {
  const start = cursor.offset;
  const number = cursor.dialect === "hcl1" ? /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y : /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  number.lastIndex = start;
  const source = number.exec(cursor.text)?.[0];
  if (source === undefined) return undefined;
  cursor.offset += source.length;
  const value = Number(source);
  const isExact = Number.isSafeInteger(value) && source.length < 16;
  return ok({ kind: "literal", value, ...(isExact ? {} : { digits: source }), range: rangeFrom(cursor, start) });
}

/** `true`, `false` and `null`; any other word of the old dialect is refused. */
export function parseKeyword(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const word = acceptIdentifier(cursor);
  const keyword = keywordOf(word);
  if (keyword !== undefined) return ok(literal(cursor, start, keyword));
  cursor.offset = start;
  if (word !== "" || "(!-".includes(cursor.text[start] ?? " ")) return failUnsupported(cursor);
  return failExpecting(cursor, "a value");
}

/** What a word means; undefined if it is a plain name. */
export function keywordOf(word: string): boolean | null | undefined {
  if (word === "true" || word === "false") return word === "true";
  return word === "null" ? null : undefined;
}

export function startsOperator(cursor: Cursor): boolean {
  const { text, offset } = cursor;
  return /^(?:[.[(?+*/%&|<>!-]|==)/.test(text.slice(offset, offset + 2)) && !text.startsWith("/*", offset);
}

export const failUnsupported = (cursor: Cursor): Parsed<never> => failUnsupportedAt(cursor, cursor.offset, foundAt(cursor));

export const failUnsupportedAt = (cursor: Cursor, offset: number, found: string): Parsed<never> =>
  failAt(cursor, offset, `expressions are not supported here: found ${found}, but expected a plain value`);

export function literal(cursor: Cursor, start: number, value: LiteralValue): Expression {
  return { kind: "literal", value, range: rangeFrom(cursor, start) };
}
