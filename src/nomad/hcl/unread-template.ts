/** @module Template parts of the old dialect of HCL, which are kept as they were written. Used by template.ts. */
import { ok } from "../../lib/result.ts";
import { type Cursor, failAt, type Parsed, skipLines } from "./cursor.ts";

/**
 * Steps over a template part without reading its expression: to the brace that closes it, past braces and strings within.
 * Strings hold template parts in turn, so what is open is kept as a stack.
 */
export function skipBraces(cursor: Cursor): Parsed<undefined> {
  const start = cursor.offset;
  const open: ("code" | "string")[] = ["code"];
  cursor.offset += 2;
  while (open.length > 0) {
    const inString = open.at(-1) === "string";
    if (!inString) skipLines(cursor);
    const char = cursor.text[cursor.offset];
    const unclosed = char === undefined || (inString ? char === "\n" : cursor.text.startsWith("/*", cursor.offset));
    if (unclosed) return failAt(cursor, start, 'this template part has no closing "}"');
    if (open.length > cursor.maxDepth) return failAt(cursor, start, `nested more than ${cursor.maxDepth} levels deep`);
    if (inString) stepInString(cursor, open, char);
    else stepInCode(cursor, open, char);
  }
  return ok(undefined);
}

function stepInCode(cursor: Cursor, open: ("code" | "string")[], char: string): void {
  if (char === "{") open.push("code");
  else if (char === '"') open.push("string");
  else if (char === "}") open.pop();
  cursor.offset += 1;
}

function stepInString(cursor: Cursor, open: ("code" | "string")[], char: string): void {
  const { text, offset } = cursor;
  cursor.offset += char === "\\" ? 2 : 1;
  if (char === '"') open.pop();
  if (char !== "$" && char !== "%") return;
  if (text[offset + 1] === char && text[offset + 2] === "{") {
    cursor.offset += 2;
    return;
  }
  if (text[offset + 1] !== "{") return;
  open.push("code");
  cursor.offset += 1;
}
