/** @module Attributes and elements of HCL values, by name and by index. Used by expression.ts and functions. Messages: behaviour of the hcl library. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { convert } from "../values/convert.ts";
import { compare, type Num, truncate } from "../values/number.ts";
import { isMapping, isNull, isSequence, kindName, type Mapping, type Sequence, type Val } from "../values/value.ts";

type Found = Result<Val, string>;

const INVALID_INDEX = "Invalid index; The given key does not identify an element in this collection value";

/** `value.name` */
export function attributeOf(value: Val, name: string): Found {
  if (isNull(value)) return err("Attempt to get attribute from null value; This value is null, so it does not have any attributes.");
  if (isMapping(value)) {
    const found = value.entries.get(name);
    if (found !== undefined) return ok(found);
    if (value.kind === "map") return err(`Missing map element; This map does not have an element with the key ${JSON.stringify(name)}.`);
    return err(`Unsupported attribute; This object does not have an attribute named ${JSON.stringify(name)}.`);
  }
  if (isSequence(value)) return err("Unsupported attribute; This value does not have any attributes.");
  return err(`Unsupported attribute; Can't access attributes on a primitive-typed value (${kindName(value)}).`);
}

/** `value[key]` */
export function indexOf(value: Val, key: Val): Found {
  if (isNull(value)) return err("Attempt to index null value; This value is null, so it does not have any indices.");
  if (isNull(key)) return err("Invalid index; Can't use a null value as an indexing key.");
  if (isMapping(value)) return entryOf(value, key);
  if (!isSequence(value)) return err("Invalid index; This value does not have any indices.");
  if (value.kind !== "set") return itemOf(value, key);
  return err(
    "Invalid index; Elements of a set are identified only by their value and don't have any separate index or key to select with, so it's only possible to perform operations across all elements of the set.",
  );
}

function entryOf(value: Mapping, key: Val): Found {
  const name = convert(key, "string");
  if (!name.ok) return err(`${INVALID_INDEX}: ${name.error}.`);
  const found = value.entries.get(name.value as string);
  return found === undefined ? err(`${INVALID_INDEX}.`) : ok(found);
}

function itemOf(value: Sequence, key: Val): Found {
  const index = convert(key, "number");
  if (!index.ok) return err(`${INVALID_INDEX}: ${index.error}.`);
  const number = index.value as Num;
  if (compare(number, truncate(number)) !== 0) return err(`${INVALID_INDEX}: indexing a sequence requires a whole number, but the given index has a fractional part.`);
  if (compare(number, 0) < 0) return err(`${INVALID_INDEX}: a negative number is not a valid index for a sequence.`);
  if (value.items.length === 0) return err(`${INVALID_INDEX}: the collection has no elements.`);
  const found = typeof number === "number" ? value.items[number] : undefined;
  return found === undefined ? err(`${INVALID_INDEX}: the given index is greater than or equal to the length of the collection.`) : ok(found);
}
