/** @module Templates of HCL: text with interpolations and directives. Used by expression.ts. */
import type { Expression, TemplatePart } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isNull, type Val } from "../values/value.ts";
import { scopesOf } from "./for.ts";
import { fail, type Run, type Scope, spend } from "./run.ts";

/** The value of a single interpolation as it is; a string in all other cases. */
export function evaluateTemplate({ parts, range }: Extract<Expression, { kind: "template" }>, scope: Scope, run: Run): Val | undefined {
  const [only] = parts;
  if (parts.length === 1 && only?.kind === "interpolation") return run.evaluate(only.expression, scope, run);
  const pieces: string[] = [];
  return render(parts, scope, run, pieces) && spend(run, parts.length, range) ? pieces.join("").normalize("NFC") : undefined;
}

/** False when it failed. */
function render(parts: readonly TemplatePart[], scope: Scope, run: Run, into: string[]): boolean {
  return parts.every((part) => renderPart(part, scope, run, into));
}

function renderPart(part: TemplatePart, scope: Scope, run: Run, into: string[]): boolean {
  switch (part.kind) {
    case "text":
      into.push(part.value);
      run.budget.left -= part.value.length / 16;
      return true;
    case "unread":
      into.push(part.source);
      return true;
    case "interpolation": {
      const text = textOf(part.expression, scope, run);
      if (text !== undefined) into.push(text);
      return text !== undefined && spend(run, text.length / 16, part.range);
    }
    case "if":
      return renderIf(part, scope, run, into);
    case "for":
      return renderFor(part, scope, run, into);
  }
}

function textOf(expression: Expression, scope: Scope, run: Run): string | undefined {
  const value = run.evaluate(expression, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, expression.range, "Invalid template interpolation value; The expression result is null. Cannot include a null value in a string template.");
  const text = convert(value, "string");
  if (text.ok) return text.value as string;
  return fail(run, expression.range, `Invalid template interpolation value; Cannot include the given value in a string template: ${text.error}.`);
}

function renderIf({ condition, whenTrue, whenFalse }: Extract<TemplatePart, { kind: "if" }>, scope: Scope, run: Run, into: string[]): boolean {
  const value = run.evaluate(condition, scope, run);
  if (value === undefined) return false;
  if (isNull(value)) return fail(run, condition.range, "Null condition; The condition value is null. Conditions must either be true or false.") !== undefined;
  const bool = convert(value, "bool");
  if (!bool.ok) return fail(run, condition.range, "Incorrect condition type; The condition expression must be of type bool.") !== undefined;
  return render(bool.value === true ? whenTrue : whenFalse, scope, run, into);
}

function renderFor(part: Extract<TemplatePart, { kind: "for" }>, scope: Scope, run: Run, into: string[]): boolean {
  const scopes = scopesOf(part, scope, run);
  if (scopes === undefined) return false;
  for (const inner of scopes) if (!spend(run, 1, part.range) || !render(part.body, inner, run, into)) return false;
  return true;
}
