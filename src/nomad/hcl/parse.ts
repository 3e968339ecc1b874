/** @module The way into the HCL parser. Used by acl and jobspec. Source: github.com/hashicorp/hcl, hclsyntax/spec.md */
import { err, type Result } from "../../lib/result.ts";
import { parseFileBody } from "./body.ts";
import { type Dialect, startCursor } from "./cursor.ts";
import type { Body, HclError } from "./syntax.ts";

export type HclLimits = { readonly maxChars: number; readonly maxDepth: number };

/** What no sensible file comes near. Time and memory grow with the length of the text alone. */
export const DEFAULT_HCL_LIMITS: HclLimits = { maxChars: 1024 * 1024, maxDepth: 64 };

/** The tree of a text, or the first thing that is wrong with it and where. Never throws, whatever the text. */
export function parseHcl(text: string, dialect: Dialect, limits: HclLimits = DEFAULT_HCL_LIMITS): Result<Body, HclError> {
  if (text.length > limits.maxChars) return err(tooLong(text.length, limits.maxChars));
  return parseFileBody(startCursor(text, dialect, limits.maxDepth));
}

/** The refusal of a text that is over the limit, at its start. */
export function tooLong(chars: number, maxChars: number): HclError {
  return { message: `the text has ${chars} characters, but at most ${maxChars} are accepted`, position: { offset: 0, line: 1, column: 1 } };
}
