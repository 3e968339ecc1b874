/** @module A decoded struct as Go's encoding/json writes it: every field, null for nil, "" and 0 for what is no pointer. Used for `/v1/jobs/parse`. */
import type { DecodedJob, DecodedStruct } from "./decoded.ts";
import { type Field, type FieldType, type StructName, structOf } from "./schema/schema.ts";

export const encodeJob = (job: DecodedJob): DecodedStruct => encodeStruct("Job", job);

/** In the order of Go's fields. `CSIPluginConfig` alone is left out where it is nil. */
export function encodeStruct(name: StructName, value: DecodedStruct): DecodedStruct {
  const fields = structOf(name).fields.filter((field) => !(field.name === "CSIPluginConfig" && (value[field.name] ?? null) === null));
  return Object.fromEntries(fields.map((field) => [field.name, encodeField(field, value[field.name])]));
}

const encodeField = (field: Field, value: unknown): unknown => (value === null || value === undefined ? nil(field.type) : encode(field.type, value));

function nil(type: FieldType): unknown {
  if (type.pointer) return null;
  if (type.kind === "string") return "";
  if (type.kind === "integer") return 0;
  return type.kind === "bool" ? false : null;
}

function encode(type: FieldType, value: unknown): unknown {
  if (type.kind === "struct") return encodeStruct(type.struct, value as DecodedStruct);
  if (type.kind === "list") return (value as readonly unknown[]).map((item) => encode(type.item, item));
  if (type.kind !== "map") return value;
  return Object.fromEntries(Object.entries(value as DecodedStruct).map(([key, item]) => [key, item === null ? null : encode(type.item, item)]));
}
