/** @module One decoding of an HCL job: what went wrong, and where each value stands in the source. Used by the modules beside it. */
import type { HclError, Range } from "../../hcl/syntax.ts";

/** Ranges by the object that they belong to: lists and structs are moved about before their paths are known. */
export type Decoding = {
  /** For errors that name another place. */
  readonly filename: string;
  readonly errors: HclError[];
  readonly blocks: Map<object, Range>;
  readonly fields: Map<object, Map<string, Range>>;
};

export const startDecoding = (filename: string): Decoding => ({ filename, errors: [], blocks: new Map(), fields: new Map() });

/** More mistakes than this are not told: nobody reads them. */
const MAX_ERRORS = 50;

/** Notes a mistake. Given back as the value that could not be read. */
export function fail(decoding: Decoding, range: Range, message: string): undefined {
  if (decoding.errors.length < MAX_ERRORS) decoding.errors.push({ message, position: range.start, end: range.end });
  return undefined;
}

/** "3,5-8", as a message names a place on one line. */
export const formatRange = ({ start, end }: Range): string => `${start.line},${start.column}-${end.column}`;

/** `value`, with the places of the fields of `from`. */
export function movedFrom<T extends object>(decoding: Decoding, from: object, value: T): T {
  const range = decoding.blocks.get(from);
  const fields = decoding.fields.get(from);
  if (range !== undefined) decoding.blocks.set(value, range);
  if (fields !== undefined) decoding.fields.set(value, fields);
  return value;
}

/** Where values stand, by their paths in the job, such as `TaskGroups[0].Tasks[1].Config.command`. */
export type Positions = ReadonlyMap<string, Range>;

export function positionsOf(decoding: Decoding, job: object): Positions {
  const positions = new Map<string, Range>();
  visit(job, "", decoding, positions);
  return positions;
}

function visit(value: unknown, path: string, decoding: Decoding, into: Map<string, Range>): void {
  if (typeof value !== "object" || value === null) return;
  const own = decoding.blocks.get(value);
  if (own !== undefined && !into.has(path)) into.set(path, own);
  const fields = decoding.fields.get(value);
  for (const [key, item] of Object.entries(value)) {
    const below = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}${step(key)}`;
    const range = fields?.get(key);
    if (range !== undefined) into.set(below, range);
    visit(item, below, decoding, into);
  }
}

const step = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

/** The place of a path, or of the nearest thing around it that has one. */
export function positionOf(positions: Positions, path: string): Range | undefined {
  let at = path;
  while (at !== "") {
    const range = positions.get(at);
    if (range !== undefined) return range;
    at = at.slice(0, Math.max(at.lastIndexOf("."), at.lastIndexOf("["), 0));
  }
  return positions.get("");
}
