/** @module `locals` of HCL, evaluated in the order of their references. Used by evaluate.ts. */
import type { Attribute, Body, Expression, ForIntro, TemplatePart } from "../syntax.ts";
import { object, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, within } from "./run.ts";

/** What `local` is in the rest of the file. A local that failed is left out. */
export function evaluateLocals(bodies: readonly Body[], scope: Scope, run: Run): Val {
  const attributes = collect(bodies, run);
  const values = new Map<string, Val>();
  for (const name of inOrder(attributes, run)) {
    const attribute = attributes.get(name);
    if (attribute === undefined) continue;
    const known = referencesIn(attribute.value).values();
    const visible = [...known].flatMap((each) => entriesFor(each, values));
    const value = run.evaluate(attribute.value, within(scope, [["local", object(visible)]]), run);
    if (value !== undefined) values.set(name, value);
  }
  return object(values);
}

/** "" stands for all that are known. */
function entriesFor(name: string, values: ReadonlyMap<string, Val>): readonly (readonly [string, Val])[] {
  if (name === "") return [...values];
  const value = values.get(name);
  return value === undefined ? [] : [[name, value]];
}

function collect(bodies: readonly Body[], run: Run): ReadonlyMap<string, Attribute> {
  const attributes = new Map<string, Attribute>();
  for (const item of bodies.flatMap(({ items }) => items)) {
    if (item.kind === "block") fail(run, item.typeRange, `Unsupported block type; Blocks of type ${JSON.stringify(item.type)} are not expected here.`);
    else if (attributes.has(item.name)) fail(run, item.nameRange, `Duplicate value in locals; Duplicate ${item.name} definition found.`);
    else attributes.set(item.name, item);
  }
  return attributes;
}

type Visit = { readonly name: string; readonly references: readonly string[]; next: number };

/** Every local behind those that it refers to; none where they go in a circle. The walk keeps its own stack: a chain may be as long as the file. */
function inOrder(attributes: ReadonlyMap<string, Attribute>, run: Run): readonly string[] {
  const done = new Set<string>();
  for (const start of attributes.keys()) {
    const open = new Map<string, Visit>();
    if (!done.has(start)) open.set(start, visitOf(start, attributes));
    const stack = [...open.values()];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const reference = top.references[top.next];
      top.next += 1;
      run.budget.left -= 1;
      if (reference === undefined) {
        done.add(top.name);
        open.delete(top.name);
        stack.pop();
      } else if (open.has(reference)) {
        failCycle(reference, stack, attributes, run);
        return [];
      } else if (!done.has(reference)) {
        const visit = visitOf(reference, attributes);
        open.set(reference, visit);
        stack.push(visit);
      }
    }
  }
  return [...done];
}

function visitOf(name: string, attributes: ReadonlyMap<string, Attribute>): Visit {
  const attribute = attributes.get(name);
  const found = attribute === undefined ? new Set<string>() : referencesIn(attribute.value);
  const references = found.has("") ? [...attributes.keys()].filter((other) => other !== name) : [...found].filter((other) => attributes.has(other));
  return { name, references, next: 0 };
}

function failCycle(name: string, stack: readonly Visit[], attributes: ReadonlyMap<string, Attribute>, run: Run): void {
  const names = stack.slice(stack.findIndex((visit) => visit.name === name)).map((visit) => `local.${visit.name}`);
  const told = names.length > 8 ? [...names.slice(0, 8), "…"] : names;
  const at = attributes.get(name);
  if (at !== undefined) fail(run, at.nameRange, `Circular local value; These locals refer to each other: ${[...told, `local.${name}`].join(" → ")}. Break the circle.`);
}

/** Names of locals that an expression reads; "" where it reads `local` as a whole. */
function referencesIn(expression: Expression): ReadonlySet<string> {
  const found = new Set<string>();
  collectFrom(expression, found);
  return found;
}

function collectFrom(expression: Expression, found: Set<string>): void {
  if (expression.kind === "traversal") {
    const [first] = expression.steps;
    if (expression.root !== "local") return;
    const key = first?.kind === "index" && first.key.kind === "literal" ? first.key.value : undefined;
    found.add(first?.kind === "attribute" ? first.name : typeof key === "string" ? key : "");
    return;
  }
  for (const inner of innerOf(expression)) collectFrom(inner, found);
}

function innerOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "literal":
    case "element":
    case "traversal":
      return [];
    case "template":
      return expression.parts.flatMap(innerOfPart);
    case "tuple":
      return expression.items;
    case "object":
      return expression.items.flatMap(({ key, value }) => (key.expression === undefined ? [value] : [key.expression, value]));
    case "access":
      return [expression.source, ...expression.steps.flatMap((step) => (step.kind === "index" ? [step.key] : []))];
    case "splat":
      return [expression.source, expression.each];
    case "call":
      return expression.args;
    case "unary":
      return [expression.operand];
    case "chain":
      return [expression.first, ...expression.rest.map(({ right }) => right)];
    case "conditional":
      return [expression.condition, expression.whenTrue, expression.whenFalse];
    case "for":
      return [expression.collection, expression.result, ...optional(expression.keyResult), ...optional(expression.condition)];
  }
}

function innerOfPart(part: TemplatePart): readonly Expression[] {
  if (part.kind === "interpolation") return [part.expression];
  if (part.kind === "if") return [part.condition, ...part.whenTrue.flatMap(innerOfPart), ...part.whenFalse.flatMap(innerOfPart)];
  return part.kind === "for" ? [(part as ForIntro).collection, ...part.body.flatMap(innerOfPart)] : [];
}

const optional = (expression: Expression | undefined): readonly Expression[] => (expression === undefined ? [] : [expression]);
