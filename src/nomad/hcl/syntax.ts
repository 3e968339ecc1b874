/** @module The syntax tree of HCL: what the parser returns, with the place of everything in the source. Used by acl and jobspec. */

/** `offset` counts UTF-16 code units from 0; `line` and `column` count from 1, the column in UTF-16 code units too. */
export type Position = { readonly offset: number; readonly line: number; readonly column: number };

/** From the first character to just behind the last one. */
export type Range = { readonly start: Position; readonly end: Position };

export type HclError = { readonly message: string; readonly position: Position };

export type LiteralValue = string | number | boolean | null;

export type Expression =
  | { readonly kind: "literal"; readonly value: LiteralValue; readonly range: Range }
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[]; readonly range: Range }
  | { readonly kind: "tuple"; readonly items: readonly Expression[]; readonly range: Range }
  | { readonly kind: "object"; readonly items: readonly ObjectItem[]; readonly range: Range };

export type ObjectItem = { readonly key: ObjectKey; readonly value: Expression };

export type ObjectKey = { readonly name: string; readonly range: Range };

/** An interpolation or directive is kept as it was written, braces included: Nomad passes most of them on unread. */
export type TemplatePart =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "interpolation" | "directive"; readonly source: string; readonly range: Range };

export type Attribute = {
  readonly kind: "attribute";
  readonly name: string;
  readonly nameRange: Range;
  readonly value: Expression;
  readonly range: Range;
};

export type Label = { readonly value: string; readonly range: Range };

export type Block = {
  readonly kind: "block";
  readonly type: string;
  readonly typeRange: Range;
  readonly labels: readonly Label[];
  readonly body: Body;
  readonly range: Range;
};

/** Attributes and blocks in the order of the source. */
export type Body = { readonly items: readonly (Attribute | Block)[]; readonly range: Range };

/** "line 3, column 7: …", for a message that a person reads beside the file. */
export function formatHclError(error: HclError): string {
  return `line ${error.position.line}, column ${error.position.column}: ${error.message}`;
}
