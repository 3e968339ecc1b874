/** @module Which nodes a pod could not be for when it was made, by Nomad's reasons: written on the pod, and read for the metrics of its placement. */
import type { Pod } from "../../../api/pod.ts";
import { ANNOTATION } from "../../../contract/pod-metadata.ts";
import type { AcceptedGroup } from "../../accepted-task.ts";
import type { NodeSource } from "../../node-facts.ts";
import { filteredNodes } from "./eligible-nodes.ts";

type LeftOut = Readonly<Record<string, number>>;

const MOST_REASONS = 20;
const LONGEST_REASON = 256;

/** An annotation where a Nomad job's group leaves nodes out. */
export function leftOutAnnotation(accepted: AcceptedGroup, nodes: readonly NodeSource[] | undefined): Readonly<Record<string, string>> {
  if (nodes === undefined || accepted.source.terms === undefined) return {};
  const reasons = Object.entries(filteredNodes(accepted, nodes).filtered).slice(0, MOST_REASONS);
  if (reasons.length === 0) return {};
  return { [ANNOTATION.leftOut]: JSON.stringify(Object.fromEntries(reasons.map(([reason, n]) => [reason.slice(0, LONGEST_REASON).toWellFormed(), n]))) };
}

/** Empty where the pod does not say. */
export function leftOutOf({ metadata }: Pod): LeftOut {
  try {
    const listed: unknown = JSON.parse(metadata.annotations?.[ANNOTATION.leftOut] ?? "{}");
    if (typeof listed !== "object" || listed === null) return {};
    return Object.fromEntries(Object.entries(listed).filter((entry): entry is [string, number] => Number.isInteger(entry[1])));
  } catch {
    // What cannot be read says nothing of any node.
    return {};
  }
}

/** The scheduler's word for a pod's own affinity, which is where constraints end up. */
export const BY_AFFINITY = "node(s) didn't match Pod's node affinity/selector";

/** The scheduler's reasons, with ours in the place of the one that only says that there is one. */
export function withOwnReasons(reasons: readonly (readonly [string, number])[], leftOut: LeftOut): readonly (readonly [string, number])[] {
  return reasons.flatMap(([reason, n]) => {
    if (reason !== BY_AFFINITY) return [[reason, n] as const];
    const own = Object.entries(leftOut);
    const rest = n - own.reduce((sum, [, nodes]) => sum + nodes, 0);
    return [...own, ...(rest > 0 ? [[reason, rest] as const] : [])];
  });
}
