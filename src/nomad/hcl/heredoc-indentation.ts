/** @module The "<<-" heredoc of HCL: takes away the indentation that its lines share. Used by template.ts. */
import type { TemplatePart } from "./syntax.ts";

/** Counts literal text only; a line that begins with a template part has no indentation. */
export function stripIndentation(parts: readonly TemplatePart[]): TemplatePart[] {
  const shared = sharedIndentation(parts);
  return parts.map((part, index) => {
    if (part.kind !== "text") return part;
    return { kind: "text", value: linesOf(part.value).map((line, at) => (isIndented(index, at, line) ? line.slice(shared) : line)).join("") };
  });
}

function sharedIndentation(parts: readonly TemplatePart[]): number {
  let shared = Infinity;
  parts.forEach((part, index) => {
    if (part.kind !== "text") {
      const before = parts[index - 1];
      const opensLine = index === 0 || (before?.kind === "text" && before.value.endsWith("\n"));
      if (opensLine) shared = 0;
      return;
    }
    linesOf(part.value).forEach((line, at) => {
      if (isIndented(index, at, line)) shared = Math.min(shared, leadingSpaces(line));
    });
  });
  return shared === Infinity ? 0 : shared;
}

/** Text that follows a template part goes on with that part's line. A line of nothing but blanks stays as it is. */
function isIndented(partIndex: number, lineIndex: number, line: string): boolean {
  return (partIndex === 0 || lineIndex > 0) && !/^[ \t]*\r?\n$/.test(line);
}

const linesOf = (text: string): string[] => text.split(/(?<=\n)/);

const leadingSpaces = (line: string): number => /^[ \t]*/.exec(line)?.[0].length ?? 0;
