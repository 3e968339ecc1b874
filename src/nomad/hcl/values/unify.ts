/** @module The one type that values of several types can all be converted to. Source: behaviour of go-cty's convert package. */
import { isPrimitive, type ObjectType, type TupleType, type Type, typeEquals } from "./type.ts";

/** Undefined where there is none. "any" stands for nulls without a type. */
export function unify(types: readonly Type[]): Type | undefined {
  const known = types.filter((type) => type !== "any");
  const [first] = known;
  if (first === undefined) return "any";
  if (known.every((type) => typeEquals(type, first))) return first;
  if (known.every(isPrimitive)) return known.includes("string") ? "string" : undefined;
  if (known.every((type): type is TupleType => typeof type === "object" && type.kind === "tuple")) return unifyTuples(known);
  if (known.every((type): type is ObjectType => typeof type === "object" && type.kind === "object")) return unifyObjects(known);
  return unifyCollections(known);
}

function unifyTuples(types: readonly TupleType[]): Type | undefined {
  const [first] = types;
  if (first === undefined) return undefined;
  if (types.some(({ elements }) => elements.length !== first.elements.length)) return collection("list", types.flatMap(({ elements }) => elements));
  const elements = first.elements.map((_, index) => unify(types.map((type) => type.elements[index] ?? "any")));
  return elements.every((element) => element !== undefined) ? { kind: "tuple", elements } : undefined;
}

function unifyObjects(types: readonly ObjectType[]): Type | undefined {
  const [first] = types;
  if (first === undefined) return undefined;
  const names = [...first.attributes.keys()];
  const isSame = types.every(({ attributes }) => attributes.size === names.length && names.every((name) => attributes.has(name)));
  if (!isSame) return collection("map", types.flatMap(({ attributes }) => [...attributes.values()]));
  const attributes = new Map<string, Type>();
  for (const name of names) {
    const type = unify(types.map((each) => each.attributes.get(name) ?? "any"));
    if (type === undefined) return undefined;
    attributes.set(name, type);
  }
  return { kind: "object", attributes };
}

function unifyCollections(types: readonly Type[]): Type | undefined {
  const kinds = new Set(types.map((type) => (typeof type === "string" ? "" : type.kind)));
  if (kinds.has("")) return undefined;
  const elements = types.flatMap(elementsOf);
  if ([...kinds].every((kind) => kind === "map" || kind === "object")) return collection("map", elements);
  if (kinds.has("map") || kinds.has("object")) return undefined;
  return collection(kinds.has("list") || !kinds.has("set") ? "list" : "set", elements);
}

function elementsOf(type: Type): readonly Type[] {
  if (typeof type === "string") return [];
  if (type.kind === "tuple") return type.elements;
  return type.kind === "object" ? [...type.attributes.values()] : [type.element];
}

function collection(kind: "list" | "set" | "map", elements: readonly Type[]): Type | undefined {
  const element = unify(elements);
  return element === undefined ? undefined : { kind, element };
}
