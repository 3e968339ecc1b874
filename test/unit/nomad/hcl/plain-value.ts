/** @module HCL trees as plain JavaScript values, so that tests can compare them. */
import type { Body, Expression, Range } from "../../../../src/nomad/hcl/syntax.ts";

/** The value of an expression; template parts and what is not literal come out as they were written in `source`, and "${" in plain text as "$${". */
export function plainValue(expression: Expression, source = ""): unknown {
  const again = (inner: Expression): unknown => plainValue(inner, source);
  const written = (range: Range): string => source.slice(range.start.offset, range.end.offset);
  switch (expression.kind) {
    case "literal":
      return typeof expression.value === "string" ? escaped(expression.value) : expression.value;
    case "unary":
      return expression.operand.kind === "literal" && typeof expression.operand.value === "number" ? -expression.operand.value : `\${${written(expression.range)}}`;
    case "template":
      if (expression.parts.some(({ kind }) => kind === "if" || kind === "for")) return written(expression.range).slice(1, -1);
      return expression.parts.map((part) => (part.kind === "text" ? escaped(part.value) : part.kind === "unread" ? part.source : written(part.range))).join("");
    case "tuple":
      return expression.items.map(again);
    case "object":
      return Object.fromEntries(expression.items.map(({ key, value }) => [key.expression === undefined ? escaped(key.name) : written(key.range), again(value)]));
    default:
      return `\${${written(expression.range)}}`;
  }
}

/** Attributes by name; blocks as a list below their type and labels. */
export function plainBody(body: Body, source = ""): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const item of body.items) {
    if (item.kind === "attribute") result[item.name] = plainValue(item.value, source);
    else addBlock(result, [item.type, ...item.labels.map((label) => escaped(label.value))], plainBody(item.body, source));
  }
  return result;
}

function addBlock(into: Record<string, unknown>, path: readonly string[], body: unknown): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    into[first] = [...((into[first] as unknown[] | undefined) ?? []), body];
    return;
  }
  into[first] ??= {};
  addBlock(into[first] as Record<string, unknown>, rest, body);
}

const escaped = (text: string): string => text.replace(/([$%])\{/g, "$1$1{");
