/** @module Quoted strings and heredocs of HCL, with their escapes and template parts. Used by expression.ts and body.ts. */
import { ok } from "../../lib/result.ts";
import { acceptIdentifier, type Cursor, failAt, type Parsed, rangeFrom, skipLines } from "./cursor.ts";
import { stripIndentation } from "./heredoc-indentation.ts";
import type { Expression, TemplatePart } from "./syntax.ts";

type PartList = TemplatePart[];

/** A string in quotes; the cursor is at the opening one. A literal where it holds no template part. */
export function parseQuoted(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const parts: PartList = [];
  cursor.offset += 1;
  while (cursor.text[cursor.offset] !== '"') {
    const char = cursor.text[cursor.offset];
    if (char === undefined) return failAt(cursor, start, "this string has no closing quote");
    if (char === "\n") return failAt(cursor, cursor.offset, "a quoted string must end on its own line; write \\n, or use a heredoc");
    const step = char === "\\" ? parseEscape(cursor, parts) : parsePart(cursor, parts, /["\\\n$%]/g);
    if (!step.ok) return step;
  }
  cursor.offset += 1;
  return ok(expressionOf(cursor, start, parts));
}

/** A heredoc; the cursor is at "<<". The value ends with the line end before the closing marker. */
export function parseHeredoc(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const flush = cursor.text[start + 2] === "-";
  cursor.offset += flush ? 3 : 2;
  const marker = acceptIdentifier(cursor);
  if (marker === "") return failAt(cursor, cursor.offset, 'expected a marker, such as EOF, right after "<<"');
  if (cursor.text[cursor.offset] === "\r") cursor.offset += 1;
  if (cursor.text[cursor.offset] !== "\n") return failAt(cursor, cursor.offset, `expected a line end right after "<<${marker}"`);
  cursor.offset += 1;
  const parts = parseHeredocLines(cursor, marker, start);
  if (!parts.ok) return parts;
  return ok(expressionOf(cursor, start, flush ? stripIndentation(parts.value) : parts.value));
}

function parseHeredocLines(cursor: Cursor, marker: string, start: number): Parsed<PartList> {
  const parts: PartList = [];
  for (let atLineStart = true; ; ) {
    const markerEnd = atLineStart ? closingMarkerEnd(cursor, marker) : undefined;
    if (markerEnd !== undefined) {
      cursor.offset = markerEnd;
      return ok(parts);
    }
    if (cursor.offset >= cursor.text.length) return failAt(cursor, start, `this heredoc has no line that holds "${marker}" alone`);
    const step = parsePart(cursor, parts, /[\n$%]/g);
    if (!step.ok) return step;
    atLineStart = cursor.text[cursor.offset] === "\n";
    if (atLineStart) {
      cursor.offset += 1;
      addText(parts, "\n");
    }
  }
}

/** Where the line at the cursor ends, if it holds the marker and nothing else. Even at the end of the text it must have its line end. */
function closingMarkerEnd(cursor: Cursor, marker: string): number | undefined {
  const end = cursor.text.indexOf("\n", cursor.offset);
  const line = cursor.text.slice(cursor.offset, end);
  if (end === -1 || line.trim() !== marker) return undefined;
  return line.endsWith("\r") ? end - 1 : end;
}

/** One interpolation or directive, or text up to the next character that `stops` matches. */
function parsePart(cursor: Cursor, parts: PartList, stops: RegExp): Parsed<undefined> {
  const { text, offset } = cursor;
  const char = text[offset];
  if ((char === "$" || char === "%") && text[offset + 1] === char && text[offset + 2] === "{") {
    addText(parts, `${char}{`);
    cursor.offset += 3;
    return ok(undefined);
  }
  if ((char === "$" || char === "%") && text[offset + 1] === "{") return parseTemplatePart(cursor, parts, char);
  const marker = char === "$" || char === "%";
  stops.lastIndex = offset + (marker ? 1 : 0);
  cursor.offset = stops.exec(text)?.index ?? text.length;
  addText(parts, text.slice(offset, cursor.offset));
  return ok(undefined);
}

function parseTemplatePart(cursor: Cursor, parts: PartList, sign: "$" | "%"): Parsed<undefined> {
  const start = cursor.offset;
  const skipped = skipBraces(cursor);
  if (!skipped.ok) return skipped;
  const source = cursor.text.slice(start, cursor.offset);
  parts.push({ kind: sign === "$" ? "interpolation" : "directive", source, range: rangeFrom(cursor, start) });
  return ok(undefined);
}

/**
 * Steps over a template part without reading its expression: to the brace that closes it, past braces and strings within.
 * Strings hold template parts in turn, so what is open is kept as a stack.
 */
function skipBraces(cursor: Cursor): Parsed<undefined> {
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

function parseEscape(cursor: Cursor, parts: PartList): Parsed<undefined> {
  const start = cursor.offset;
  const char = cursor.text[start + 1] ?? "";
  const index = 'nrt"\\'.indexOf(char);
  if (char !== "" && index !== -1) {
    addText(parts, '\n\r\t"\\'.charAt(index));
    cursor.offset += 2;
    return ok(undefined);
  }
  const hexLength = char === "u" ? 4 : 8;
  const hex = char === "u" || char === "U" ? cursor.text.slice(start + 2, start + 2 + hexLength) : "";
  const codePoint = hex.length === hexLength && /^[0-9a-fA-F]+$/.test(hex) ? Number.parseInt(hex, 16) : Infinity;
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    return failAt(cursor, start, 'expected one of \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN after the backslash; write \\\\ for a backslash itself');
  }
  addText(parts, String.fromCodePoint(codePoint));
  cursor.offset += 2 + hexLength;
  return ok(undefined);
}

function addText(parts: PartList, value: string): void {
  const last = parts.at(-1);
  if (last?.kind === "text") parts[parts.length - 1] = { kind: "text", value: last.value + value };
  else parts.push({ kind: "text", value });
}

function expressionOf(cursor: Cursor, start: number, parts: readonly TemplatePart[]): Expression {
  const range = rangeFrom(cursor, start);
  const [first] = parts;
  if (first === undefined) return { kind: "literal", value: "", range };
  if (parts.length === 1 && first.kind === "text") return { kind: "literal", value: first.value.normalize("NFC"), range };
  return { kind: "template", parts, range };
}
