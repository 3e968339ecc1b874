/** @module Jobs out of the schema for properties: any field there or not, of its type, with the values that canonicalising asks about. */
import * as fc from "fast-check";
import { type Field, type FieldType, type StructName, structOf } from "../../../../src/nomad/jobspec/schema/schema.ts";

const STRINGS = ["", "web", "service", "batch", "system", "sysbatch", "signal", "file", "sighup", "a/b/c.zip", "${JOB}-x", "host", "ünïcode"];
const word = fc.constantFrom(...STRINGS);
const anything = fc.oneof(word, fc.boolean(), fc.integer(), fc.constant(null), fc.array(word, { maxLength: 2 }), fc.dictionary(word, word, { maxKeys: 2 }));

/** A struct as JSON. Deeper than `depth` no further structs are made. */
export function arbitraryStruct(name: StructName, depth = 5): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const fields = structOf(name).fields.filter((field) => depth > 0 || !holdsStruct(field.type));
  const entries = Object.fromEntries(fields.map((field) => [field.name, arbitraryField(name, field, depth)]));
  return fc.record(entries, { requiredKeys: [] });
}

function arbitraryField(owner: StructName, field: Field, depth: number): fc.Arbitrary<unknown> {
  if (owner === "Job" && field.name === "Type") return fc.constantFrom("service", "batch", "system", "sysbatch", "other", null);
  const value = arbitraryValue(field.type, depth);
  return fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
}

function holdsStruct(type: FieldType): boolean {
  if (type.kind === "list" || type.kind === "map") return holdsStruct(type.item);
  return type.kind === "struct";
}

function arbitraryValue(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case "string":
      return word;
    case "bool":
      return fc.boolean();
    case "integer":
      return fc.oneof(fc.constant(0), fc.integer({ min: Math.max(type.min, -100), max: Math.min(type.max, 100_000) }));
    case "bytes":
      return fc.constantFrom("", "YQ==", "aGVsbG8=");
    case "any":
      return anything;
    case "list":
      return fc.array(arbitraryValue(type.item, depth), { maxLength: 2 });
    case "map":
      return fc.dictionary(word, arbitraryValue(type.item, depth), { maxKeys: 2 });
    case "struct":
      return arbitraryStruct(type.struct, depth - 1);
  }
}
