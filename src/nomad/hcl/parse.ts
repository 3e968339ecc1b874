/** @module The way into the HCL parser. Used by acl and jobspec. Source: github.com/hashicorp/hcl, hclsyntax/spec.md */
import { err, ok, type Result } from "../../lib/result.ts";
import { parseFileBody } from "./body.ts";
import { type Dialect, failExpecting, skipBlanks, startCursor } from "./cursor.ts";
import { parseExpression } from "./expression.ts";
import type { Body, Expression, HclError } from "./syntax.ts";

export type HclLimits = { readonly maxChars: number; readonly maxDepth: number };

/** What no sensible file comes near. Time and memory grow with the length of the text alone. */
export const DEFAULT_HCL_LIMITS: HclLimits = { maxChars: 1024 * 1024, maxDepth: 64 };

/** The tree of a text, or the first thing that is wrong with it and where. Never throws, whatever the text. */
export function parseHcl(text: string, dialect: Dialect, limits: HclLimits = DEFAULT_HCL_LIMITS): Result<Body, HclError> {
  if (text.length > limits.maxChars) return err(tooLong(text.length, limits.maxChars));
  return parseFileBody(startCursor(text, { dialect, maxDepth: limits.maxDepth, parseExpression }));
}

/** A text that is one expression and nothing else, such as the value of a variable on a command line. */
export function parseHclExpression(text: string, limits: HclLimits = DEFAULT_HCL_LIMITS): Result<Expression, HclError> {
  if (text.length > limits.maxChars) return err(tooLong(text.length, limits.maxChars));
  const cursor = startCursor(text, { dialect: "hcl2", maxDepth: limits.maxDepth, parseExpression });
  const expression = parseExpression(cursor);
  if (!expression.ok) return expression;
  skipBlanks(cursor);
  return cursor.offset < text.length ? failExpecting(cursor, "nothing more behind this value") : ok(expression.value);
}

/** The refusal of a text that is over the limit, at its start. */
export function tooLong(chars: number, maxChars: number): HclError {
  return { message: `the text has ${chars} characters, but at most ${maxChars} are accepted`, position: { offset: 0, line: 1, column: 1 } };
}
