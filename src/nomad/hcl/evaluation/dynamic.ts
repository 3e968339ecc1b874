/** @module `dynamic` blocks of HCL: one block for each element of a collection. Used by body.ts. Source: hcl's ext/dynblock. */
import type { EvaluatedBlock, EvaluatedBody } from "../evaluated.ts";
import type { Attribute, Block, Body, Expression, Label } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isNull, kindName, object, type Val } from "../values/value.ts";
import { pairsOf } from "./for.ts";
import { fail, type Run, type Scope, spend, within } from "./run.ts";

type Dynamic = {
  readonly type: Label;
  readonly forEach: Expression;
  readonly iterator: string;
  readonly labels: readonly Expression[];
  readonly content: Block;
};

type EvaluateBody = (body: Body, scope: Scope, run: Run) => EvaluatedBody;

export function expandDynamic(block: Block, scope: Scope, run: Run, evaluateBody: EvaluateBody): readonly EvaluatedBlock[] {
  const dynamic = readDynamic(block, run);
  const pairs = dynamic === undefined ? undefined : elementsOf(dynamic.forEach, scope, run);
  if (dynamic === undefined || pairs === undefined) return [];
  const made: EvaluatedBlock[] = [];
  for (const [key, value] of pairs) {
    if (!spend(run, 1, block.range)) break;
    const inner = within(scope, [[dynamic.iterator, object([["key", key], ["value", value]])]]);
    const labels = labelsOf(dynamic.labels, inner, run);
    if (labels === undefined) break;
    const errorsBefore = run.errors.length;
    const body = evaluateBody(dynamic.content.body, inner, run);
    made.push({ type: dynamic.type.value, typeRange: dynamic.type.range, labels, body, range: block.range });
    if (run.errors.length > errorsBefore) break;
  }
  return made;
}

function readDynamic(block: Block, run: Run): Dynamic | undefined {
  const [type, ...extraneous] = block.labels;
  if (type === undefined) return fail(run, block.typeRange, "Missing block type for dynamic; All dynamic blocks must have 1 labels (type).");
  const [first] = extraneous;
  if (first !== undefined) return fail(run, first.range, "Extraneous label for dynamic; Only 1 labels (type) are expected for dynamic blocks.");
  const { forEach, iterator, labels, contents } = partsOf(block);
  const [content, second] = contents;
  if (forEach === undefined) return fail(run, block.range, 'Missing required argument; The argument "for_each" is required, but no definition was found.');
  if (content === undefined) return fail(run, block.range, "Missing dynamic content block; A dynamic block must have a nested block of type \"content\" to describe the body of each generated block.");
  if (second !== undefined) return fail(run, second.typeRange, "Extraneous dynamic content block; Only one nested content block is allowed for each dynamic block.");
  if (unexpectedIn(block, run)) return undefined;
  const name = iterator === undefined ? type.value : nameOf(iterator.value, run);
  const expressions = labels === undefined ? [] : listOf(labels.value, run);
  return name === undefined || expressions === undefined ? undefined : { type, forEach: forEach.value, iterator: name, labels: expressions, content };
}

function partsOf({ body }: Block): { readonly forEach?: Attribute; readonly iterator?: Attribute; readonly labels?: Attribute; readonly contents: readonly Block[] } {
  const attribute = (name: string) => body.items.find((item): item is Attribute => item.kind === "attribute" && item.name === name);
  const [forEach, iterator, labels] = ["for_each", "iterator", "labels"].map(attribute);
  const contents = body.items.filter((item): item is Block => item.kind === "block" && item.type === "content");
  return { ...(forEach && { forEach }), ...(iterator && { iterator }), ...(labels && { labels }), contents };
}

function unexpectedIn({ body }: Block, run: Run): boolean {
  const found = body.items.find((item) => (item.kind === "block" ? item.type !== "content" : !["for_each", "iterator", "labels"].includes(item.name)));
  if (found === undefined) return false;
  if (found.kind === "block") fail(run, found.typeRange, `Unsupported block type; Blocks of type ${JSON.stringify(found.type)} are not expected here.`);
  else fail(run, found.nameRange, `Unsupported argument; An argument named ${JSON.stringify(found.name)} is not expected here.`);
  return true;
}

function nameOf(expression: Expression, run: Run): string | undefined {
  if (expression.kind === "traversal" && expression.steps.length === 0) return expression.root;
  // As JSON has it.
  if (expression.kind === "literal" && typeof expression.value === "string") return expression.value;
  return fail(run, expression.range, "Invalid expression; A single static variable reference is required: only attribute access and indexing with constant keys. No calculations, function calls, template expressions, etc are allowed here.");
}

function listOf(expression: Expression, run: Run): readonly Expression[] | undefined {
  return expression.kind === "tuple" ? expression.items : fail(run, expression.range, "Invalid expression; A static list expression is required.");
}

function elementsOf(forEach: Expression, scope: Scope, run: Run): readonly (readonly [Val, Val])[] | undefined {
  const value = run.evaluate(forEach, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, forEach.range, "Invalid dynamic for_each value; Cannot use a null value in for_each.");
  return pairsOf(value) ?? fail(run, forEach.range, `Invalid dynamic for_each value; Cannot use a ${kindName(value)} value in for_each. An iterable collection is required.`);
}

function labelsOf(expressions: readonly Expression[], scope: Scope, run: Run): readonly Label[] | undefined {
  const labels: Label[] = [];
  for (const { value: label, range } of expressions.map((expression) => ({ value: run.evaluate(expression, scope, run), range: expression.range }))) {
    if (label === undefined) return undefined;
    if (isNull(label)) return fail(run, range, "Invalid dynamic block label; Cannot use a null value as a dynamic block label.");
    const text = convert(label, "string");
    if (!text.ok) return fail(run, range, `Invalid dynamic block label; Cannot use this value as a dynamic block label: ${text.error}.`);
    labels.push({ value: text.value as string, range });
  }
  return labels;
}
