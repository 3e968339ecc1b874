/** @module Pairs up the directives of an HCL template: a row of tokens becomes a tree of parts. Used by template.ts. */
import { ok } from "../../lib/result.ts";
import { type Cursor, failAt, nested, type Parsed } from "./cursor.ts";
import { stripIndentation } from "./heredoc-indentation.ts";
import type { TemplatePart } from "./syntax.ts";
import { type TemplateToken, type TemplateTokens, trimmed } from "./template-tokens.ts";

type Reader = { readonly cursor: Cursor; readonly tokens: readonly TemplateToken[]; at: number };
type Directive = Exclude<TemplateToken["kind"], "text" | "unread" | "interpolation">;

/** @param flush a "<<-" heredoc: the indentation that its lines share is taken away */
export function partsOf(cursor: Cursor, { list }: TemplateTokens, flush: boolean): Parsed<readonly TemplatePart[]> {
  for (const token of list) {
    if (token.kind !== "text") continue;
    token.value = trimmed(token);
  }
  const reader: Reader = { cursor, tokens: flush ? stripIndentation(list) : list, at: 0 };
  const parts = readParts(reader, []);
  if (!parts.ok) return parts;
  const stray = reader.tokens[reader.at];
  return stray === undefined ? parts : failAtToken(reader, stray, `this "${stray.kind}" belongs to no directive before it`);
}

/** Parts up to a directive of `ends`, or to one that begins nothing. */
function readParts(reader: Reader, ends: readonly Directive[]): Parsed<readonly TemplatePart[]> {
  const parts: TemplatePart[] = [];
  for (let token = reader.tokens[reader.at]; token !== undefined; token = reader.tokens[reader.at]) {
    if (token.kind === "else" || token.kind === "endif" || token.kind === "endfor") return ok(parts);
    reader.at += 1;
    const part = readPart(reader, token);
    if (!part.ok) return part;
    addPart(parts, part.value);
  }
  return ends.length === 0 ? ok(parts) : failAt(reader.cursor, reader.cursor.offset, `this template ends, but "${ends.join('" or "')}" is missing`, "Unexpected end of template");
}

function readPart(reader: Reader, token: TemplateToken): Parsed<TemplatePart> {
  switch (token.kind) {
    case "text":
      return ok({ kind: "text", value: token.value });
    case "if":
      return nested(reader.cursor, () => readIf(reader, token));
    case "for":
      return nested(reader.cursor, () => readFor(reader, token));
    case "else":
    case "endif":
    case "endfor":
      return failAtToken(reader, token, `this "${token.kind}" belongs to no directive before it`);
    default:
      return ok(token);
  }
}

function readIf(reader: Reader, token: Extract<TemplateToken, { kind: "if" }>): Parsed<TemplatePart> {
  const whenTrue = readParts(reader, ["else", "endif"]);
  if (!whenTrue.ok) return whenTrue;
  const hasElse = reader.tokens[reader.at]?.kind === "else";
  if (hasElse) reader.at += 1;
  const whenFalse = hasElse ? readParts(reader, ["endif"]) : ok([]);
  if (!whenFalse.ok) return whenFalse;
  const end = acceptEnd(reader, "endif");
  return end.ok ? ok({ ...token, whenTrue: whenTrue.value, whenFalse: whenFalse.value }) : end;
}

function readFor(reader: Reader, token: Extract<TemplateToken, { kind: "for" }>): Parsed<TemplatePart> {
  const body = readParts(reader, ["endfor"]);
  if (!body.ok) return body;
  const end = acceptEnd(reader, "endfor");
  return end.ok ? ok({ ...token, body: body.value }) : end;
}

function acceptEnd(reader: Reader, kind: Directive): Parsed<undefined> {
  const token = reader.tokens[reader.at];
  if (token === undefined || token.kind !== kind) return failAtToken(reader, token, `expected "${kind}", but found "${token?.kind ?? "the end"}"`);
  reader.at += 1;
  return ok(undefined);
}

/** Texts side by side are one. An empty one stays: a template of one interpolation alone means something else. */
function addPart(parts: TemplatePart[], part: TemplatePart): void {
  const last = parts.at(-1);
  if (part.kind === "text" && last?.kind === "text") parts[parts.length - 1] = { kind: "text", value: last.value + part.value };
  else parts.push(part);
}

function failAtToken(reader: Reader, token: TemplateToken | undefined, message: string): Parsed<never> {
  const offset = token === undefined || token.kind === "text" ? reader.cursor.offset : token.range.start.offset;
  return failAt(reader.cursor, offset, message, `Unexpected ${token?.kind ?? "end"} directive`);
}
