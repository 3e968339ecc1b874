/** @module Types as HCL writes them: string, list(number), object({ a = string }). Used by variables and by convert(). Source: hcl's ext/typeexpr. */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { Call, Expression, Range } from "../syntax.ts";
import type { Type } from "../values/type.ts";

type TypeResult = Result<Type, { readonly range: Range; readonly message: string }>;

const WORDS: Readonly<Record<string, Type>> = { string: "string", number: "number", bool: "bool", any: "any" };
const CONSTRUCTORS = ["list", "set", "map", "object", "tuple", "optional"];

export function readType(expression: Expression): TypeResult {
  if (expression.kind === "call") return readConstructor(expression);
  const word = expression.kind === "traversal" && expression.steps.length === 0 ? expression.root : undefined;
  if (word !== undefined && Object.hasOwn(WORDS, word)) return ok(WORDS[word] ?? "any");
  if (word !== undefined && CONSTRUCTORS.includes(word)) return refuse(expression.range, `The ${word} type constructor requires one argument, such as ${word === "object" ? "object({ a = string })" : word === "tuple" ? "tuple([string])" : `${word}(string)`}.`);
  if (word !== undefined) return refuse(expression.range, `The keyword ${JSON.stringify(word)} is not a valid type specification.`);
  return refuse(expression.range, "A type specification is either a primitive type keyword (bool, number, string) or a complex type constructor call, like list(string).");
}

function readConstructor({ name, args, range }: Call): TypeResult {
  const [arg, ...more] = args;
  if (arg === undefined || more.length > 0) return refuse(range, `The ${name} type constructor requires one argument.`);
  if (name === "list" || name === "set" || name === "map") {
    const element = readType(arg);
    return element.ok ? ok({ kind: name, element: element.value }) : element;
  }
  if (name === "tuple") return readTuple(arg);
  if (name === "object") return readObject(arg);
  if (name === "optional") return refuse(range, 'Keyword "optional" is valid only as a modifier for object type attributes.');
  return refuse(range, `Keyword ${JSON.stringify(name)} is not a valid type constructor.`);
}

function readTuple(arg: Expression): TypeResult {
  if (arg.kind !== "tuple") return refuse(arg.range, "Tuple type constructor requires a list of element types.");
  const elements: Type[] = [];
  for (const item of arg.items) {
    const element = readType(item);
    if (!element.ok) return element;
    elements.push(element.value);
  }
  return ok({ kind: "tuple", elements });
}

function readObject(arg: Expression): TypeResult {
  if (arg.kind !== "object") return refuse(arg.range, "Object type constructor requires a map whose keys are attribute names and whose values are the corresponding attribute types.");
  const attributes = new Map<string, Type>();
  const optional = new Set<string>();
  for (const { key, value } of arg.items) {
    if (key.expression !== undefined) return refuse(key.range, "Object constructor map keys must be attribute names.");
    const inner = value.kind === "call" && value.name === "optional" ? value.args[0] : undefined;
    if (inner !== undefined && value.kind === "call" && value.args.length > 1) return refuse(value.range, "A default for an optional attribute is not supported; leave it out, and test the attribute for null.");
    const type = readType(inner ?? value);
    if (!type.ok) return type;
    if (inner !== undefined) optional.add(key.name);
    attributes.set(key.name, type.value);
  }
  return ok({ kind: "object", attributes, ...(optional.size === 0 ? {} : { optional }) });
}

const refuse = (range: Range, detail: string): TypeResult => err({ range, message: `Invalid type specification; ${detail}` });
