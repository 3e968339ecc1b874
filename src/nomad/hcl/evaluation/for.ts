/** @module `for` expressions of HCL, and the walk over a collection that template directives share. Used by expression.ts and template.ts. */
import type { Expression, ForExpression, ForIntro } from "../syntax.ts";
import { convert } from "../values/convert.ts";
import { isMapping, isNull, isSequence, kindName, object, tuple, type Val } from "../values/value.ts";
import { fail, type Run, type Scope, spend, within } from "./run.ts";

/** One scope for each element: of a set, the key is the element itself. Undefined when the collection has no elements to walk. */
export function scopesOf({ key, value, collection }: ForIntro, scope: Scope, run: Run): Iterable<Scope> | undefined {
  const walked = run.evaluate(collection, scope, run);
  if (walked === undefined) return undefined;
  if (isNull(walked)) return fail(run, collection.range, "Iteration over null value; A null value cannot be used as the collection in a 'for' expression.");
  const pairs = pairsOf(walked);
  if (pairs === undefined) {
    return fail(run, collection.range, `Iteration over non-iterable value; A value of type ${kindName(walked)} cannot be used as the collection in a 'for' expression.`);
  }
  return mapped(pairs, ([index, element]) => within(scope, key === undefined ? [[value, element]] : [[key, index], [value, element]]));
}

/** Keys and elements; undefined for a value that has none. */
export function pairsOf(value: Val): readonly (readonly [Val, Val])[] | undefined {
  if (isSequence(value)) return value.items.map((item, index) => [value.kind === "set" ? item : index, item] as const);
  return isMapping(value) ? [...value.entries] : undefined;
}

function* mapped<T, U>(items: Iterable<T>, transform: (item: T) => U): Iterable<U> {
  for (const item of items) yield transform(item);
}

export function evaluateFor(expression: ForExpression, scope: Scope, run: Run): Val | undefined {
  const scopes = scopesOf(expression, scope, run);
  if (scopes === undefined) return undefined;
  return expression.keyResult === undefined ? tupleFor(expression, scopes, run) : objectFor(expression, expression.keyResult, scopes, run);
}

function tupleFor({ result, condition, range }: ForExpression, scopes: Iterable<Scope>, run: Run): Val | undefined {
  const items: Val[] = [];
  for (const inner of scopes) {
    if (!spend(run, 1, range)) return undefined;
    const isWanted = condition === undefined || isTrue(condition, inner, run);
    if (isWanted === undefined) return undefined;
    if (!isWanted) continue;
    const value = run.evaluate(result, inner, run);
    if (value === undefined) return undefined;
    items.push(value);
  }
  return tuple(items);
}

function objectFor({ result, condition, groups, range }: ForExpression, keyResult: Expression, scopes: Iterable<Scope>, run: Run): Val | undefined {
  const entries = new Map<string, Val[]>();
  for (const inner of scopes) {
    if (!spend(run, 1, range)) return undefined;
    const isWanted = condition === undefined || isTrue(condition, inner, run);
    if (isWanted === undefined) return undefined;
    if (!isWanted) continue;
    const key = evaluateForKey(keyResult, inner, run);
    const value = key === undefined ? undefined : run.evaluate(result, inner, run);
    if (key === undefined || value === undefined) return undefined;
    const group = entries.get(key);
    if (group !== undefined && !groups) return fail(run, keyResult.range, duplicate(key));
    if (group === undefined) entries.set(key, [value]);
    else group.push(value);
  }
  return object([...entries].map(([key, values]) => [key, groups ? tuple(values) : (values[0] ?? false)]));
}

const duplicate = (key: string): string =>
  `Duplicate object key; Two different items produced the key ${JSON.stringify(key)} in this 'for' expression. If duplicates are expected, use the ellipsis (...) after the value expression to enable grouping by key.`;

function evaluateForKey(keyResult: Expression, scope: Scope, run: Run): string | undefined {
  const value = run.evaluate(keyResult, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, keyResult.range, "Invalid object key; Key expression in 'for' expression must not produce a null value.");
  const text = convert(value, "string");
  return text.ok ? (text.value as string) : fail(run, keyResult.range, `Invalid object key; The key expression produced an invalid result: ${text.error}.`);
}

function isTrue(condition: Expression, scope: Scope, run: Run): boolean | undefined {
  const value = run.evaluate(condition, scope, run);
  if (value === undefined) return undefined;
  if (isNull(value)) return fail(run, condition.range, "Condition is null; The value of the 'if' clause must not be null.");
  const bool = convert(value, "bool");
  return bool.ok ? bool.value === true : fail(run, condition.range, `Invalid 'for' condition; The 'if' clause value is invalid: ${bool.error}.`);
}
