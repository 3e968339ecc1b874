/** @module Types of HCL values, as go-cty has them. Used by the evaluator and by the type constraints of variables. */

export type Primitive = "string" | "number" | "bool";

/** "any" is what a null without a type has, and what a constraint has that leaves the type open. */
export type Type = Primitive | "any" | CollectionType | TupleType | ObjectType;
export type CollectionType = { readonly kind: "list" | "set" | "map"; readonly element: Type };
export type TupleType = { readonly kind: "tuple"; readonly elements: readonly Type[] };
/** Attributes in `optional` may be missing; they are null then. */
export type ObjectType = { readonly kind: "object"; readonly attributes: ReadonlyMap<string, Type>; readonly optional?: ReadonlySet<string> };

export const listOf = (element: Type): CollectionType => ({ kind: "list", element });

export const isPrimitive = (type: Type): type is Primitive => type === "string" || type === "number" || type === "bool";

export function typeEquals(a: Type, b: Type): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  if (a.kind === "tuple") return b.kind === "tuple" && a.elements.length === b.elements.length && a.elements.every((each, index) => typeEquals(each, b.elements[index] ?? "any"));
  if (a.kind === "object") {
    if (b.kind !== "object" || a.attributes.size !== b.attributes.size) return false;
    return [...a.attributes].every(([name, type]) => typeEquals(type, b.attributes.get(name) ?? "any") && b.attributes.has(name));
  }
  return b.kind === a.kind && typeEquals(a.element, b.element);
}

/** Whether the type is known to the last. */
export function isWhole(type: Type): boolean {
  if (typeof type === "string") return type !== "any";
  if (type.kind === "tuple") return type.elements.every(isWhole);
  if (type.kind === "object") return [...type.attributes.values()].every(isWhole);
  return isWhole(type.element);
}

/** As messages name it: "list of string". */
export function typeName(type: Type): string {
  if (type === "any") return "dynamic";
  if (typeof type === "string") return type;
  if (type.kind === "tuple" || type.kind === "object") return type.kind;
  return `${type.kind} of ${type.element === "any" ? "any single type" : typeName(type.element)}`;
}
