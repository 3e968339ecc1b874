/**
 * @module An HCL file after its expressions were evaluated and its dynamic blocks expanded: what jobspec decodes. Positions are those of the
 * source, so that whatever is said of an attribute can say where it stands.
 */
import type { Label, Range } from "./syntax.ts";

/** A value of HCL. Sets and lists are arrays, maps and objects are records. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export type EvaluatedAttribute = {
  readonly name: string;
  readonly value: Value;
  readonly nameRange: Range;
  /** Of the expression as it was written. */
  readonly valueRange: Range;
  /** Where errors of its value point to, as HashiCorp's library has it: the text within quotes, the bracket that opens a list. */
  readonly startRange: Range;
};

export type EvaluatedBlock = {
  readonly type: string;
  readonly typeRange: Range;
  readonly labels: readonly Label[];
  readonly body: EvaluatedBody;
  readonly range: Range;
};

/** Blocks in the order of the source; what a `dynamic` block makes stands where it stood. */
export type EvaluatedBody = {
  readonly attributes: ReadonlyMap<string, EvaluatedAttribute>;
  readonly blocks: readonly EvaluatedBlock[];
  readonly range: Range;
};
