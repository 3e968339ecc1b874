/** @module The place in the source that the HCL parser has reached, and the steps every part of the parser takes from there. */
import { err, type Result } from "../../lib/result.ts";
import type { Expression, HclError, Position, Range } from "./syntax.ts";

/**
 * `hcl2`: what job files are written in.
 * `hcl1`: what ACL policies are written in: items may share a line or be separated by commas, names may be quoted,
 * and a name that is set twice is left for the reader of the tree to judge.
 */
export type Dialect = "hcl1" | "hcl2";

/** Moves forward only. `newlines` says whether a line end is a separator here or a blank. */
export type Cursor = {
  readonly text: string;
  readonly dialect: Dialect;
  readonly maxDepth: number;
  readonly lineStarts: readonly number[];
  /** For terms and templates, which hold expressions in turn. */
  readonly parseExpression: (cursor: Cursor) => Parsed<Expression>;
  offset: number;
  /** Of the last position that was asked for, from 0. */
  lastLine: number;
  depth: number;
  newlines: "separate" | "blank";
};

export type Parsed<T> = Result<T, HclError>;

/** The start of a text; a byte order mark is stepped over. */
export function startCursor(text: string, options: Pick<Cursor, "dialect" | "maxDepth" | "parseExpression">): Cursor {
  const lineStarts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lineStarts.push(at + 1);
  const offset = text.startsWith("\uFEFF") ? 1 : 0;
  return { ...options, text, lineStarts, offset, lastLine: 0, depth: 0, newlines: "separate" };
}

export function positionAt(cursor: Cursor, offset: number): Position {
  // Most positions are on the line of the one before, or on the next.
  const near = cursor.lastLine;
  const isNear = (cursor.lineStarts[near] ?? Infinity) <= offset && offset < (cursor.lineStarts[near + 2] ?? Infinity);
  let low = isNear ? near : 0;
  let high = isNear ? Math.min(near + 1, cursor.lineStarts.length - 1) : cursor.lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((cursor.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  cursor.lastLine = low;
  return { offset, line: low + 1, column: offset - (cursor.lineStarts[low] ?? 0) + 1 };
}

/** From `start` to where the cursor is now. */
export function rangeFrom(cursor: Cursor, start: number): Range {
  return { start: positionAt(cursor, start), end: positionAt(cursor, cursor.offset) };
}

export const rangeBetween = (first: Range, last: Range): Range => ({ start: first.start, end: last.end });

/** @param summary what HashiCorp's library heads such a mistake with; the old dialect has no such heads */
export function failAt(cursor: Cursor, offset: number, message: string, summary = "Invalid expression"): Parsed<never> {
  return err({ message: cursor.dialect === "hcl2" ? `${summary}; ${message}` : message, position: positionAt(cursor, offset) });
}

/** Fails at the cursor with what was expected and what stands there. */
export function failExpecting(cursor: Cursor, expected: string, summary?: string): Parsed<never> {
  return failAt(cursor, cursor.offset, `expected ${expected}, but found ${foundAt(cursor)}`, summary);
}

/** Names what stands at the cursor, for a message. */
export function foundAt(cursor: Cursor): string {
  const { text, offset } = cursor;
  if (offset >= text.length) return "the end of the text";
  if (text[offset] === "\n" || text.startsWith("\r\n", offset)) return "a line end";
  if (text.startsWith("/*", offset)) return 'a comment without its closing "*/"';
  const word = wordAt(cursor);
  return JSON.stringify(word === "" ? String.fromCodePoint(text.codePointAt(offset) ?? 0) : word.slice(0, 40));
}

/** Steps over spaces and comments, and over line ends where they are blank. An unclosed comment is left for the next reader to trip over. */
export function skipBlanks(cursor: Cursor): void {
  for (let end = blankEnd(cursor); end > cursor.offset; end = blankEnd(cursor)) cursor.offset = end;
}

/** Steps over spaces, comments and line ends, whatever the mode. */
export function skipLines(cursor: Cursor): void {
  withNewlines(cursor, "blank", () => skipBlanks(cursor));
}

/** Runs a part of the parser in the given mode, and restores the mode of before. */
export function withNewlines<T>(cursor: Cursor, newlines: Cursor["newlines"], parse: () => T): T {
  const before = cursor.newlines;
  cursor.newlines = newlines;
  const result = parse();
  cursor.newlines = before;
  return result;
}

/** Runs a part of the parser one level deeper, and refuses it where the text is nested too deeply. */
export function nested<T>(cursor: Cursor, parse: () => Parsed<T>): Parsed<T> {
  if (cursor.depth >= cursor.maxDepth) {
    return failAt(cursor, cursor.offset, `nested more than ${cursor.maxDepth} levels deep`, "Nesting too deep");
  }
  cursor.depth += 1;
  const result = parse();
  cursor.depth -= 1;
  return result;
}

/** Steps over `token` if it comes next, blanks aside. */
export function accept(cursor: Cursor, token: string): boolean {
  skipBlanks(cursor);
  if (!cursor.text.startsWith(token, cursor.offset)) return false;
  cursor.offset += token.length;
  return true;
}

/** The identifier at the cursor, which steps over it; "" where there is none. */
export function acceptIdentifier(cursor: Cursor): string {
  const word = wordAt(cursor);
  cursor.offset += word.length;
  return word;
}

export function atLineEnd(cursor: Cursor): boolean {
  const { text, offset } = cursor;
  return offset >= text.length || text[offset] === "\n" || text.startsWith("\r\n", offset);
}

function wordAt(cursor: Cursor): string {
  const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
  identifier.lastIndex = cursor.offset;
  return identifier.exec(cursor.text)?.[0] ?? "";
}

/** Where the one space, line end or comment at the cursor ends; the cursor's own offset if there is none. */
function blankEnd(cursor: Cursor): number {
  const { text, offset } = cursor;
  const char = text[offset];
  if (char === " " || char === "\t" || (char === "\r" && text[offset + 1] === "\n")) return offset + 1;
  if (char === "\n") return cursor.newlines === "blank" ? offset + 1 : offset;
  if (char === "#" || text.startsWith("//", offset)) return endOr(text.indexOf("\n", offset), text.length);
  if (!text.startsWith("/*", offset)) return offset;
  const close = text.indexOf("*/", offset + 2);
  return close === -1 ? offset : close + 2;
}

const endOr = (found: number, otherwise: number): number => (found === -1 ? otherwise : found);
