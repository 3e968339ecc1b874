/** @module JSON in which the order of keys says nothing: for comparing objects, and for hashes of them. Used wherever objects that an API server gives back are compared. */

/**
 * Equal for values that differ in the order of keys alone, or in members that are undefined. Hashes that are stored depend on every byte of it.
 * @param value as JSON has it, and undefined
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value)) ?? "null";

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
