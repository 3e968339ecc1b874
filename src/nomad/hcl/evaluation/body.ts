/** @module Bodies of HCL with their expressions evaluated. Used by evaluate.ts. */
import type { EvaluatedAttribute, EvaluatedBlock, EvaluatedBody } from "../evaluated.ts";
import type { Attribute, Block, Body, Expression, Position, Range } from "../syntax.ts";
import { isInfinite, plain, sizeOf } from "../values/value.ts";
import { expandDynamic } from "./dynamic.ts";
import { fail, type Run, type Scope, spend } from "./run.ts";

/** What could be evaluated. An attribute that failed is left out: the run knows why. */
export function evaluateBody(body: Body, scope: Scope, run: Run): EvaluatedBody {
  const attributes = new Map<string, EvaluatedAttribute>();
  const blocks: EvaluatedBlock[] = [];
  for (const item of body.items) {
    if (item.kind === "block") for (const block of evaluateBlocks(item, scope, run)) blocks.push(block);
    else evaluateAttribute(item, scope, run, attributes);
  }
  return { attributes, blocks, range: body.range };
}

function evaluateAttribute({ name, nameRange, value: expression }: Attribute, scope: Scope, run: Run, into: Map<string, EvaluatedAttribute>): void {
  const value = run.evaluate(expression, scope, run);
  if (value === undefined || !spend(run, sizeOf(value), expression.range)) return;
  if (isInfinite(value)) {
    fail(run, expression.range, "Unsuitable value; This number is infinite, which no job can hold.");
    return;
  }
  into.set(name, { name, value: plain(value), nameRange, valueRange: expression.range, startRange: startRange(expression) });
}

const moved = ({ offset, line, column }: Position, by: number): Position => ({ offset: offset + by, line, column: column + by });

function startRange({ kind, range, ...rest }: Expression): Range {
  if (kind === "tuple" || kind === "object") return { start: range.start, end: moved(range.start, 1) };
  const isText = kind === "literal" && "value" in rest && typeof rest.value === "string" && range.start.line === range.end.line;
  if (!isText) return range;
  const end = moved(range.end, -1);
  return range.end.offset - range.start.offset > 2 ? { start: moved(range.start, 1), end } : { start: range.end, end: range.end };
}

function evaluateBlocks(block: Block, scope: Scope, run: Run): readonly EvaluatedBlock[] {
  if (!spend(run, 1, block.typeRange)) return [];
  if (block.type === "dynamic") return expandDynamic(block, scope, run, evaluateBody);
  const { type, typeRange, labels, range } = block;
  return [{ type, typeRange, labels, body: evaluateBody(block.body, scope, run), range }];
}
