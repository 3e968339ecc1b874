/** @module Variables of a job file: their declarations, and the values that were given to them. Used by evaluate.ts. Texts: behaviour of a Nomad 2.0 CLI. */
import { ok, type Result } from "../../../lib/result.ts";
import { type HclLimits, parseHclExpression } from "../parse.ts";
import type { Attribute, Block, Body, Expression, HclError, Range } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isPrimitive, type Type } from "../values/type.ts";
import { isNull, object, sizeOf, typeOf, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, spend, within } from "./run.ts";
import { readType } from "./type-expression.ts";

export type Variable = {
  readonly name: string;
  readonly range: Range;
  /** Absent where neither a type nor a default says one. */
  readonly type?: Type;
  /** The type is that of the default: lists and objects of other sizes are welcome then. */
  readonly isInferred: boolean;
  readonly fallback?: Val;
  /** True too where the default is wrong, which is told once. */
  readonly hasDefault: boolean;
  readonly nullable: boolean;
  readonly validations: readonly Block[];
};

/** A value that somebody gave, and where. `value` is text where it came from a command line or the environment. */
export type Assignment = { readonly name: string; readonly value: string | Expression; readonly source: "flag" | "file" | "environment"; readonly run: Run; readonly range: Range };

const ARGUMENTS = ["type", "default", "description", "nullable", "sensitive"];
const EMPTY: Scope = { names: new Map() };

/** From `variable` and `variables` blocks. */
export function declare(blocks: readonly Block[], run: Run): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const variable of blocks.flatMap((block) => (block.type === "variable" ? declareOne(block, run) : declareMany(block.body, run)))) {
    if (variables.has(variable.name)) fail(run, variable.range, `Duplicate variable; Duplicate ${variable.name} variable definition found.`);
    else variables.set(variable.name, variable);
  }
  return variables;
}

function declareMany(body: Body, run: Run): readonly Variable[] {
  return body.items.flatMap((item) => {
    if (item.kind === "block") return fail(run, item.typeRange, `Unsupported block type; Blocks of type ${JSON.stringify(item.type)} are not expected here.`) ?? [];
    const value = run.evaluate(item.value, EMPTY, refusing(run));
    return value === undefined ? [] : [{ name: item.name, range: item.nameRange, type: typeOf(value), isInferred: true, fallback: value, hasDefault: true, nullable: true, validations: [] }];
  });
}

/** Names mean nothing in declarations. */
const refusing = (run: Run): Run => ({ ...run, unknownNames: "refuse" });

function declareOne(block: Block, run: Run): readonly Variable[] {
  const [label, ...extraneous] = block.labels;
  if (label === undefined || extraneous.length > 0) {
    fail(run, block.typeRange, "Missing name for variable; All variable blocks must have 1 labels (name).");
    return [];
  }
  const attributes = new Map(block.body.items.filter((item): item is Attribute => item.kind === "attribute").map((item) => [item.name, item]));
  for (const item of block.body.items) refuseUnexpected(item, run);
  const type = declaredType(attributes.get("type"), run);
  const fallback = declaredDefault(attributes.get("default"), type, run);
  const nullable = attributes.get("nullable");
  const isNullable = nullable === undefined || run.evaluate(nullable.value, EMPTY, refusing(run)) !== false;
  const actual = type ?? (fallback === undefined ? undefined : typeOf(fallback));
  const validations = block.body.items.filter((item): item is Block => item.kind === "block" && item.type === "validation");
  return [{
    name: label.value, range: block.range, isInferred: type === undefined, hasDefault: attributes.has("default"), ...(actual === undefined ? {} : { type: actual }), ...(fallback === undefined ? {} : { fallback }), nullable: isNullable, validations,
  }];
}

function refuseUnexpected(item: Attribute | Block, run: Run): void {
  if (item.kind === "attribute" && !ARGUMENTS.includes(item.name)) fail(run, item.nameRange, `Unsupported argument; An argument named ${JSON.stringify(item.name)} is not expected here.`);
  if (item.kind === "block" && item.type !== "validation") fail(run, item.typeRange, `Unsupported block type; Blocks of type ${JSON.stringify(item.type)} are not expected here.`);
}

function declaredType(attribute: Attribute | undefined, run: Run): Type | undefined {
  if (attribute === undefined) return undefined;
  const type = readType(attribute.value);
  return type.ok ? type.value : fail(run, type.error.range, type.error.message);
}

function declaredDefault(attribute: Attribute | undefined, type: Type | undefined, run: Run): Val | undefined {
  const value = attribute === undefined ? undefined : run.evaluate(attribute.value, EMPTY, refusing(run));
  if (attribute === undefined || value === undefined || type === undefined) return value;
  if (!spend(run, sizeOf(value), attribute.range)) return undefined;
  const converted = convert(value, type);
  if (converted.ok) return converted.value;
  return fail(run, attribute.value.range, `Invalid default value for variable; This default value is not compatible with the variable's type constraint: ${converted.error}.`);
}

/** `var` for the rest of the file. Later assignments win over earlier ones. */
export function resolve(variables: ReadonlyMap<string, Variable>, assignments: readonly Assignment[], options: { readonly run: Run; readonly strict: boolean; readonly limits: HclLimits }): Val {
  const { run, strict, limits } = options;
  const values = new Map<string, Val>();
  const given = new Set<string>();
  for (const assignment of assignments) {
    const variable = variables.get(assignment.name);
    if (variable === undefined) {
      // The environment may hold variables of other job files; Nomad passes over those.
      if (strict && assignment.source !== "environment") fail(assignment.run, assignment.range, undeclared(assignment));
      continue;
    }
    given.add(variable.name);
    const value = assigned(assignment, variable, limits);
    if (value !== undefined) values.set(variable.name, value);
  }
  for (const variable of variables.values()) {
    if (!given.has(variable.name)) useDefault(variable, values, run);
    const value = values.get(variable.name);
    if (value !== undefined) validate(variable, value, run);
  }
  return object(values);
}

function useDefault({ name, range, fallback, hasDefault }: Variable, values: Map<string, Val>, run: Run): void {
  if (fallback === undefined && hasDefault) return;
  if (fallback === undefined) fail(run, range, `Unset variable ${JSON.stringify(name)}; A used variable must be set or have a default value; set it with -var, -var-file or NOMAD_VAR_${name}.`);
  else values.set(name, fallback);
}

function undeclared({ name, source }: Assignment): string {
  const place = `To declare variable ${JSON.stringify(name)}, place this block in your job file:\n\nvariable ${JSON.stringify(name)} {\n  type = string\n}`;
  if (source === "flag") return `Undefined -var variable; A ${JSON.stringify(name)} variable was passed in the command line but was not found in known variables. ${place}`;
  return `Undefined variable; A ${JSON.stringify(name)} variable was set but was not found in known variables. ${place}`;
}

/** Text is a value of its own where a string or a number is wanted, or nothing is known; else it is HCL. */
function assigned(assignment: Assignment, variable: Variable, limits: HclLimits): Val | undefined {
  const { run, range, value: given } = assignment;
  const value = typeof given === "string" ? textValue(given, assignment, variable.type, limits) : run.evaluate(given, EMPTY, run);
  if (value === undefined) return undefined;
  if (isNull(value) && !variable.nullable) return variable.fallback ?? fail(run, range, `Invalid value for variable; The variable ${variable.name} must not be null.`);
  if (variable.type === undefined || (variable.isInferred && !isPrimitive(variable.type))) return value;
  if (!spend(run, sizeOf(value), range)) return undefined;
  const converted = convert(value, variable.type);
  return converted.ok ? converted.value : fail(run, range, `Invalid value for variable; The value for ${variable.name} is not compatible with the variable's type constraint: ${converted.error}.`);
}

function textValue(text: string, { run, range }: Assignment, type: Type | undefined, limits: HclLimits): Val | undefined {
  if (type === undefined || type === "string" || type === "number" || type === "any") return text;
  const expression: Result<Expression, HclError> = type === "bool" && /^[01]$/.test(text) ? ok({ kind: "literal", value: text, range }) : parseHclExpression(text, limits);
  if (expression.ok) return run.evaluate(expression.value, EMPTY, run);
  run.errors.push({ ...expression.error, filename: run.filename });
  return undefined;
}

function validate(variable: Variable, value: Val, run: Run): void {
  const scope = within(EMPTY, [["var", object([[variable.name, value]])]]);
  for (const block of variable.validations) {
    const attribute = (name: string) => block.body.items.find((item): item is Attribute => item.kind === "attribute" && item.name === name)?.value;
    const [condition, message] = [attribute("condition"), attribute("error_message")];
    if (condition === undefined || message === undefined) {
      const missing = condition === undefined ? "condition" : "error_message";
      fail(run, block.typeRange, `Missing required argument; The argument "${missing}" is required, but no definition was found.`);
      continue;
    }
    const holds = run.evaluate(condition, scope, refusing(run));
    const bool = holds === undefined || isNull(holds) ? undefined : convert(holds, "bool");
    if (holds === undefined || bool?.ok === true && bool.value === true) continue;
    if (bool?.ok !== true) {
      fail(run, condition.range, "Invalid variable validation result; The condition expression must be of type bool.");
      continue;
    }
    const text = run.evaluate(message, scope, refusing(run));
    if (typeof text === "string") fail(run, variable.range, `Invalid value for variable; ${text}`);
    else if (text !== undefined) fail(run, message.range, "Invalid validation error message; The error message must be a string.");
  }
}
