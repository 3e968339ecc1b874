/** @module Where the values of a job stand in its file: HCL's own positions, or those of the JSON text. Used by convert. */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type Positions, positionOf } from "../../nomad/jobspec/hcl/decoding.ts";
import { foldedKey } from "../../nomad/jobspec/schema/schema.ts";

/** Both from 1. */
export type Place = { readonly line: number; readonly column: number };

/** The place of a path, or of the nearest thing around it that has one. */
export type Places = (path: string) => Place | undefined;

export const NO_PLACES: Places = () => undefined;

export const placeOf = (places: Places, path: string): Place | undefined => places(path);

export const hclPlaces =
  (positions: Positions): Places =>
  (path) => {
    const range = positionOf(positions, path);
    return range === undefined ? undefined : { line: range.start.line, column: range.start.column };
  };

/** A larger text takes too long to read a second time for its places. */
const MAX_CHARS = 512 * 1024;

/** JSON is YAML, whose parser keeps places. @param below the keys that lead to the job, such as ["Job"] */
export function jsonPlaces(text: string, below: readonly string[]): Places {
  if (text.length > MAX_CHARS) return NO_PLACES;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const job = below.reduce<Found | undefined>((found, key) => (found === undefined ? undefined : child(found.value, key)), { value: document.contents, offset: 0 });
  if (job === undefined) return NO_PLACES;
  return (path) => {
    let found: Found = job;
    for (const step of stepsOf(path)) {
      const next = child(found.value, step);
      if (next === undefined) break;
      found = next;
    }
    const { line, col: column } = lines.linePos(found.offset);
    return { line, column };
  };
}

type Found = { readonly value: unknown; readonly offset: number };

/** `TaskGroups[0].Env["a b"]` as its keys. */
const stepsOf = (path: string): readonly string[] => [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) => quoted ?? index ?? name ?? "");

/** Keys in any case, as Go reads them. */
function child(node: unknown, key: string): Found | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(key)] as Node | undefined;
    return item?.range ? { value: item, offset: item.range[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const named = node.items.filter((pair) => isScalar(pair.key));
  const pair = named.find(({ key: each }) => isScalar(each) && each.value === key) ?? named.find(({ key: each }) => isScalar(each) && foldedKey(String(each.value)) === foldedKey(key));
  if (pair === undefined || !isScalar(pair.key) || !pair.key.range) return undefined;
  return { value: pair.value, offset: pair.key.range[0] };
}
