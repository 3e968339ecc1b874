/** @module Quoted strings and heredocs of HCL, with their escapes and template parts. Used by term.ts, collection.ts and body.ts. */
import { ok } from "../../lib/result.ts";
import { acceptIdentifier, type Cursor, failAt, type Parsed, rangeFrom } from "./cursor.ts";
import { parseTemplatePart } from "./template-part.ts";
import { addText, startTokens, type TemplateTokens, textOf } from "./template-tokens.ts";
import { partsOf } from "./template-tree.ts";
import type { Expression, Range } from "./syntax.ts";

/** A string in quotes; the cursor is at the opening one. A literal where it holds no template part. */
export function parseQuoted(cursor: Cursor): Parsed<Expression> {
  const start = cursor.offset;
  const plain = /"([^"\\\n$%]*)"/y;
  plain.lastIndex = start;
  const simple = plain.exec(cursor.text);
  if (simple !== null) {
    cursor.offset = plain.lastIndex;
    return ok({ kind: "literal", value: (simple[1] ?? "").normalize("NFC"), range: rangeFrom(cursor, start) });
  }
  const tokens = startTokens("string");
  cursor.offset += 1;
  while (cursor.text[cursor.offset] !== '"') {
    const char = cursor.text[cursor.offset];
    if (char === undefined) return failAt(cursor, start, "this string has no closing quote", "Unterminated template string");
    if (char === "\n") return failAt(cursor, cursor.offset, "a quoted string must end on its own line; write \\n, or use a heredoc", "Invalid multi-line string");
    const step = char === "\\" ? parseEscape(cursor, tokens) : parsePart(cursor, tokens, /["\\\n$%]/g);
    if (!step.ok) return step;
  }
  cursor.offset += 1;
  return expressionOf(cursor, start, tokens, false);
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
  const tokens = parseHeredocLines(cursor, marker, start);
  return tokens.ok ? expressionOf(cursor, start, tokens.value, flush) : tokens;
}

/** A whole text as a template, such as a string of JSON: it ends where the text does, and has no escapes but those of templates. */
export function parseTemplateText(cursor: Cursor, range: Range): Parsed<Expression> {
  const tokens = startTokens("string");
  while (cursor.offset < cursor.text.length) {
    const step = parsePart(cursor, tokens, /[$%]/g);
    if (!step.ok) return step;
  }
  const parsed = expressionOf(cursor, cursor.offset, tokens, false);
  return parsed.ok ? ok({ ...parsed.value, range }) : parsed;
}

function parseHeredocLines(cursor: Cursor, marker: string, start: number): Parsed<TemplateTokens> {
  const tokens = startTokens("heredoc");
  for (let atLineStart = true; ; ) {
    const markerEnd = atLineStart ? closingMarkerEnd(cursor, marker) : undefined;
    if (markerEnd !== undefined) {
      cursor.offset = markerEnd;
      return ok(tokens);
    }
    if (cursor.offset >= cursor.text.length) return failAt(cursor, start, `this heredoc has no line that holds "${marker}" alone`, "Unterminated template string");
    const step = parsePart(cursor, tokens, /[\n$%]/g);
    if (!step.ok) return step;
    atLineStart = cursor.text[cursor.offset] === "\n";
    if (atLineStart) {
      cursor.offset += 1;
      addText(tokens, "\n");
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
function parsePart(cursor: Cursor, tokens: TemplateTokens, stops: RegExp): Parsed<undefined> {
  const { text, offset } = cursor;
  const char = text[offset];
  if ((char === "$" || char === "%") && text[offset + 1] === char && text[offset + 2] === "{") {
    addText(tokens, `${char}{`);
    cursor.offset += 3;
    return ok(undefined);
  }
  if ((char === "$" || char === "%") && text[offset + 1] === "{") return parseTemplatePart(cursor, tokens, char);
  const marker = char === "$" || char === "%";
  stops.lastIndex = offset + (marker ? 1 : 0);
  cursor.offset = stops.exec(text)?.index ?? text.length;
  addText(tokens, text.slice(offset, cursor.offset));
  return ok(undefined);
}

function parseEscape(cursor: Cursor, tokens: TemplateTokens): Parsed<undefined> {
  const start = cursor.offset;
  const char = cursor.text[start + 1] ?? "";
  const index = 'nrt"\\'.indexOf(char);
  if (char !== "" && index !== -1) {
    addText(tokens, '\n\r\t"\\'.charAt(index));
    cursor.offset += 2;
    return ok(undefined);
  }
  const hexLength = char === "u" ? 4 : 8;
  const hex = char === "u" || char === "U" ? cursor.text.slice(start + 2, start + 2 + hexLength) : "";
  const codePoint = hex.length === hexLength && /^[0-9a-fA-F]+$/.test(hex) ? Number.parseInt(hex, 16) : Infinity;
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    return failAt(cursor, start, 'expected one of \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN after the backslash; write \\\\ for a backslash itself', "Invalid escape sequence");
  }
  addText(tokens, String.fromCodePoint(codePoint));
  cursor.offset += 2 + hexLength;
  return ok(undefined);
}

function expressionOf(cursor: Cursor, start: number, tokens: TemplateTokens, flush: boolean): Parsed<Expression> {
  const range = rangeFrom(cursor, start);
  const parts = partsOf(cursor, tokens, flush);
  if (!parts.ok) return parts;
  const text = textOf(parts.value);
  return ok(text === undefined ? { kind: "template", parts: parts.value, range } : { kind: "literal", value: text.normalize("NFC"), range });
}
