/** @module HCL trees as plain JavaScript values, so that tests can compare them. */
import type { Body, Expression } from "../../../../src/nomad/hcl/syntax.ts";

/** The value of an expression; template parts come out as they were written, and "${" in plain text as "$${". */
export function plainValue(expression: Expression): unknown {
  switch (expression.kind) {
    case "literal":
      return typeof expression.value === "string" ? escaped(expression.value) : expression.value;
    case "template":
      return expression.parts.map((part) => (part.kind === "text" ? escaped(part.value) : part.source)).join("");
    case "tuple":
      return expression.items.map(plainValue);
    case "object":
      return Object.fromEntries(expression.items.map(({ key, value }) => [escaped(key.name), plainValue(value)]));
  }
}

/** Attributes by name; blocks as a list below their type and labels. */
export function plainBody(body: Body): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const item of body.items) {
    if (item.kind === "attribute") result[item.name] = plainValue(item.value);
    else addBlock(result, [item.type, ...item.labels.map((label) => escaped(label.value))], plainBody(item.body));
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
