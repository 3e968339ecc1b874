/** @module What a `for` of HCL binds and walks, in expressions and in template directives. Used by collection.ts and template-part.ts. */
import { ok } from "../../lib/result.ts";
import { accept, acceptIdentifier, type Cursor, failExpecting, type Parsed, skipBlanks } from "./cursor.ts";
import type { ForIntro } from "./syntax.ts";

export const INVALID_FOR = "Invalid 'for' expression";

/** `k, v in collection`; the cursor is behind "for". */
export function parseForIntro(cursor: Cursor): Parsed<ForIntro> {
  const first = parseForName(cursor);
  if (!first.ok) return first;
  const second = accept(cursor, ",") ? parseForName(cursor) : undefined;
  if (second !== undefined && !second.ok) return second;
  if (!acceptWord(cursor, "in")) return failExpecting(cursor, '"in" behind the names of this "for"', INVALID_FOR);
  const collection = cursor.parseExpression(cursor);
  if (!collection.ok) return collection;
  if (second === undefined) return ok({ value: first.value, collection: collection.value });
  return ok({ key: first.value, value: second.value, collection: collection.value });
}

function parseForName(cursor: Cursor): Parsed<string> {
  skipBlanks(cursor);
  const name = acceptIdentifier(cursor);
  return name === "" ? failExpecting(cursor, 'a name for this "for"', INVALID_FOR) : ok(name);
}

/** Steps over this word, if it comes next as a whole. */
export function acceptWord(cursor: Cursor, word: string): boolean {
  skipBlanks(cursor);
  const start = cursor.offset;
  if (acceptIdentifier(cursor) === word) return true;
  cursor.offset = start;
  return false;
}
