/** @module The syntax tree of HCL: what the parser returns, with the place of everything in the source. Used by acl and jobspec. */

/** `offset` counts UTF-16 code units from 0; `line` and `column` count from 1, the column in UTF-16 code units too. */
export type Position = { readonly offset: number; readonly line: number; readonly column: number };

/** From the first character to just behind the last one. */
export type Range = { readonly start: Position; readonly end: Position };

/** `end` and `filename` are there where they are known; the file is "" or absent for the text that was asked about. */
export type HclError = { readonly message: string; readonly position: Position; readonly end?: Position; readonly filename?: string };

export type LiteralValue = string | number | boolean | null;

export type Expression =
  | LiteralExpression
  | { readonly kind: "template"; readonly parts: readonly TemplatePart[]; readonly range: Range }
  | { readonly kind: "tuple"; readonly items: readonly Expression[]; readonly range: Range }
  | { readonly kind: "object"; readonly items: readonly ObjectItem[]; readonly range: Range }
  | Traversal
  | { readonly kind: "access"; readonly source: Expression; readonly steps: readonly Step[]; readonly range: Range }
  | Splat
  /** The element that the splat around it is at; it stands at the root of the splat's `each`. */
  | { readonly kind: "element"; readonly range: Range }
  | Call
  | { readonly kind: "unary"; readonly operator: "-" | "!"; readonly operand: Expression; readonly range: Range }
  | Chain
  | Conditional
  | ForExpression;

/** `digits` is a number as it was written, where a JavaScript number may not hold it exactly. */
export type LiteralExpression = { readonly kind: "literal"; readonly value: LiteralValue; readonly digits?: string; readonly range: Range };

/** A variable and the constant steps behind it: a.b["c"][0]. `source` is all of it as it was written. */
export type Traversal = {
  readonly kind: "traversal";
  readonly root: string;
  readonly rootRange: Range;
  readonly steps: readonly Step[];
  readonly source: string;
  readonly range: Range;
};

/** `.name`, or `[key]`. A legacy index (.0) is an index. */
export type Step = { readonly kind: "attribute"; readonly name: string; readonly range: Range } | { readonly kind: "index"; readonly key: Expression; readonly range: Range };

/** `source.*` or `source[*]`, and what is made of each element. `marker` is the sign itself. */
export type Splat = { readonly kind: "splat"; readonly source: Expression; readonly each: Expression; readonly marker: Range; readonly range: Range };

export type Call = {
  readonly kind: "call";
  readonly name: string;
  readonly nameRange: Range;
  readonly args: readonly Expression[];
  /** The last argument is followed by "..." . */
  readonly expands: boolean;
  readonly range: Range;
};

export type BinaryOperator = "||" | "&&" | "==" | "!=" | ">" | ">=" | "<" | "<=" | "+" | "-" | "*" | "/" | "%";

/** Operators of one precedence, from left to right: a list, so that a long sum is not a deep tree. */
export type Chain = {
  readonly kind: "chain";
  readonly first: Expression;
  readonly rest: readonly { readonly operator: BinaryOperator; readonly right: Expression }[];
  readonly range: Range;
};

export type Conditional = {
  readonly kind: "conditional";
  readonly condition: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression;
  readonly range: Range;
};

/** What `for` binds and walks, in expressions and template directives alike. */
export type ForIntro = { readonly key?: string; readonly value: string; readonly collection: Expression };

/** An object where `key` is there, else a tuple. `groups` is the "..." behind the value. */
export type ForExpression = ForIntro & {
  readonly kind: "for";
  readonly keyResult?: Expression;
  readonly result: Expression;
  readonly condition?: Expression;
  readonly groups: boolean;
  readonly range: Range;
};

export type ObjectItem = { readonly key: ObjectKey; readonly value: Expression };

/** `expression` is there where the name is only known when it is evaluated; `name` is "" then. */
export type ObjectKey = { readonly name: string; readonly expression?: Expression; readonly range: Range };

/** In the old dialect an interpolation or directive is kept as it was written, braces included: `unread`. */
export type TemplatePart =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "unread"; readonly source: string; readonly range: Range }
  | { readonly kind: "interpolation"; readonly expression: Expression; readonly range: Range }
  | { readonly kind: "if"; readonly condition: Expression; readonly whenTrue: readonly TemplatePart[]; readonly whenFalse: readonly TemplatePart[]; readonly range: Range }
  | (ForIntro & { readonly kind: "for"; readonly body: readonly TemplatePart[]; readonly range: Range });

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

/** "job.hcl:3,5-8: …", as the hcl library writes it, and so Nomad's agents and its CLI. */
export function formatDiagnostic({ filename, position, end, message }: HclError): string {
  const behind = end === undefined || end.line === position.line ? String(end?.column ?? position.column) : `${end.line},${end.column}`;
  return `${filename ?? ""}:${position.line},${position.column}-${behind}: ${message}`;
}

/** "line 3, column 7: …", for a message that a person reads beside the file. */
export function formatHclError(error: HclError): string {
  return `line ${error.position.line}, column ${error.position.column}: ${error.message}`;
}
