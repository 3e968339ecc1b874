/** @module One line of the job's schema. Used by the row tables and by schema.ts. */

/** How a field is written in HCL. "none" cannot be: the field exists in JSON only. */
export type FieldKind = "attribute" | "required" | "block" | "label" | "none";

/** Go name (which is the JSON key), kind, name in HCL ("" where only the label's place counts), type as Go writes it. */
export type FieldRow = readonly [name: string, kind: FieldKind, hcl: string, type: string];
