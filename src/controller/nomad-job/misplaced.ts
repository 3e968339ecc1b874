/**
 * @module Pods that wait for a node under constraints that were answered for other nodes than there are now: what they ask for was written
 * into them when they were made, so that they are made again. Pure.
 */
import { canonicalJson } from "../../lib/canonical-json.ts";
import type { Pod } from "../../api/pod.ts";
import { groupNameOf } from "../../mapping/pod-group.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { placementFields } from "../../mapping/job/placement/pod-placement.ts";
import type { NodeSource } from "../../mapping/node-facts.ts";
import type { AcceptedGroup } from "../../mapping/pod-for-task.ts";

/** @param nodes asked for only when a pod waits */
export function misplaced(groups: readonly AcceptedGroup[], nodes: () => readonly NodeSource[]): (pod: Pod) => boolean {
  const wanted = new Map<string, string>();
  let known: readonly NodeSource[] | undefined;
  const wantedOf = (accepted: AcceptedGroup): string => {
    const { group } = accepted.source;
    known ??= nodes();
    const text = wanted.get(group) ?? canonicalJson(placementFields(accepted, known).affinity);
    wanted.set(group, text);
    return text;
  };
  return (pod) => {
    const { annotations = {} } = pod.metadata;
    // A pod of a system job waits for its own node, and for no other.
    if (pod.spec.nodeName !== undefined || annotations[ANNOTATION.node] !== undefined) return false;
    const accepted = groups.find(({ source, specHash }) => source.group === groupNameOf(pod) && specHash === annotations[ANNOTATION.specHash]);
    return accepted !== undefined && canonicalJson(pod.spec.affinity ?? {}) !== wantedOf(accepted);
  };
}
