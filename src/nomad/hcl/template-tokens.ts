/** @module The pieces of an HCL template in a row, before its directives are paired up. Used by template.ts, template-part.ts and template-tree.ts. */
import type { Expression, ForIntro, Range, TemplatePart } from "./syntax.ts";

/** Text has the marks of the "~" beside it until it is trimmed. */
export type TextToken = { readonly kind: "text"; value: string; trimStart: boolean; trimEnd: boolean };

export type TemplateToken =
  | TextToken
  | { readonly kind: "unread"; readonly source: string; readonly range: Range }
  | { readonly kind: "interpolation"; readonly expression: Expression; readonly range: Range }
  | { readonly kind: "if"; readonly condition: Expression; readonly range: Range }
  | (ForIntro & { readonly kind: "for"; readonly range: Range })
  | { readonly kind: "else" | "endif" | "endfor"; readonly range: Range };

/** In a heredoc each line is a token of its own: "~" takes no more than one line's blanks, as in HCL. */
export type TemplateTokens = { readonly of: "string" | "heredoc"; readonly list: TemplateToken[]; trimsNext: boolean };

export const startTokens = (of: TemplateTokens["of"]): TemplateTokens => ({ of, list: [], trimsNext: false });

export function addText(tokens: TemplateTokens, value: string): void {
  const last = tokens.list.at(-1);
  const continues = last?.kind === "text" && (tokens.of === "string" || !last.value.endsWith("\n"));
  if (continues) last.value += value;
  else {
    tokens.list.push({ kind: "text", value, trimStart: tokens.trimsNext, trimEnd: false });
    tokens.trimsNext = false;
  }
}

/** @param trims which sides of the part have a "~" */
export function addPart(tokens: TemplateTokens, part: TemplateToken, trims: { readonly before: boolean; readonly after: boolean }): void {
  const last = tokens.list.at(-1);
  if (trims.before && last?.kind === "text") last.trimEnd = true;
  tokens.list.push(part);
  tokens.trimsNext = trims.after;
}

/** What the marks of "~" leave of a text. */
export function trimmed({ value, trimStart, trimEnd }: TextToken): string {
  let start = 0;
  let end = value.length;
  if (trimStart) while (start < end && isSpace(value.charCodeAt(start))) start += 1;
  if (trimEnd) while (end > start && isSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** White space as Go has it, which is not quite as JavaScript has it. */
export function isSpace(code: number): boolean {
  return (code >= 9 && code <= 13) || code === 0x20 || code === 0x85 || code === 0xa0 || /[\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(String.fromCharCode(code));
}

/** The text of parts that are text alone; undefined where anything else is among them. */
export function textOf(parts: readonly TemplatePart[]): string | undefined {
  let text = "";
  for (const part of parts) {
    if (part.kind !== "text") return undefined;
    text += part.value;
  }
  return text;
}
