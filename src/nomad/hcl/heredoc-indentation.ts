/** @module The "<<-" heredoc of HCL: takes away the indentation that its lines share. Used by template-tree.ts. */
import { isSpace, type TemplateToken, type TextToken } from "./template-tokens.ts";

/** Counts literal text only; a line that begins with a template part has no indentation. Each line is a token. */
export function stripIndentation(tokens: readonly TemplateToken[]): readonly TemplateToken[] {
  const indented = new Set<TextToken>();
  let shared = Infinity;
  let atLineStart = true;
  for (const token of tokens) {
    const opensLine = atLineStart;
    atLineStart = token.kind === "text" ? token.value.endsWith("\n") : false;
    if (!opensLine) continue;
    if (token.kind !== "text") {
      shared = 0;
      continue;
    }
    const spaces = leadingSpaces(token.value);
    // A line of nothing but blanks stays as it is.
    if (spaces === token.value.length && atLineStart) continue;
    indented.add(token);
    shared = Math.min(shared, spaces);
  }
  return tokens.map((token) => (token.kind === "text" && indented.has(token) ? { ...token, value: token.value.slice(shared) } : token));
}

function leadingSpaces(text: string): number {
  let at = 0;
  while (at < text.length && isSpace(text.charCodeAt(at))) at += 1;
  return at;
}
