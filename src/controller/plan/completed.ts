/** @module Which indexes and nodes of a batch group are done for a version of the job: known although their pods are gone. */
import { type GroupInput, isCurrent } from "./group-input.ts";
import type { Completed } from "./types.ts";

/** The indexes of "0-3,7"; what does not parse, or goes back, is left out. A million at most, whoever wrote the text. */
export function parseIndexes(text: string): ReadonlySet<number> {
  const indexes = new Set<number>();
  let next = 0;
  for (const range of text.split(",")) {
    const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(range);
    if (found === null) continue;
    next = Math.max(next, Number(found[1]));
    for (const last = Number(found[2] ?? found[1]); next <= last; next++) indexes.add(next);
  }
  return indexes;
}

/** "0-3,7": as short as it can be, in order. */
export function formatIndexes(indexes: Iterable<number>): string {
  const ranges: [number, number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] >= index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/**
 * What was done before under this version, and what has completed since. A batch allocation that somebody stopped without asking for
 * another counts as done too. Of another version nothing is done: Nomad runs a changed batch job anew.
 */
export function completedOf(input: GroupInput): Completed {
  const before = input.completed?.version === input.version ? input.completed : undefined;
  const done = input.allocations.filter((each) => isCurrent(input, each) && ((each.state === "complete" && each.wasStopped !== true) || each.transition === "stop"));
  const nodes = new Set([...(before?.nodes ?? []), ...done.flatMap(({ node }) => (node === undefined ? [] : [node.name]))]);
  if (input.type === "sysbatch") return { version: input.version, indexes: "", nodes: [...nodes].sort() };
  return { version: input.version, indexes: formatIndexes([...parseIndexes(before?.indexes ?? ""), ...done.map(({ index }) => index)]), nodes: [] };
}
