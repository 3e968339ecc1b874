/**
 * @module Pods of one group of one version differ in little more than name and status; all else they share in memory. The document for the
 * launcher alone is as long as the rest of a pod. Used by the caches of a server.
 */
import type { Pod } from "../../api/pod.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import { controllerOf } from "../owner.ts";

/** Groups of versions; of the one that had no pod for the longest time the next pods begin anew. */
const MAX_TEMPLATES = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/** What is equal in a pod of the same group that was seen lately is taken from there. The result equals its argument. */
export function podLikeness(maxTemplates = MAX_TEMPLATES): (pod: Pod) => Pod {
  const latest = new Map<string, WeakRef<Pod>>();
  return (pod) => {
    const key = templateOf(pod);
    if (key === undefined) return pod;
    const made = likened(pod, latest.get(key)?.deref());
    latest.delete(key);
    latest.set(key, new WeakRef(made));
    const oldest = latest.size > maxTemplates ? latest.keys().next().value : undefined;
    if (oldest !== undefined) latest.delete(oldest);
    return made;
  };
}

function templateOf(pod: Pod): string | undefined {
  const { annotations = {} } = pod.metadata;
  const hash = annotations[ANNOTATION.specHash];
  return hash === undefined ? undefined : `${controllerOf(pod)?.uid ?? ""} ${annotations[ANNOTATION.group] ?? ""} ${hash}`;
}

function likened(pod: Pod, other: Pod | undefined): Pod {
  if (other === undefined) return pod;
  const { metadata, spec } = pod;
  const annotations = like(metadata.annotations ?? {}, other.metadata.annotations ?? {}) as Record<string, string>;
  return { ...pod, metadata: { ...metadata, ...(metadata.annotations === undefined ? {} : { annotations }) }, spec: like(spec, other.spec) as Pod["spec"] };
}

/** The other's members where they are equal; all of the other where everything is. */
function like(fields: Fields, other: Fields): Fields {
  const names = Object.keys(fields);
  const taken = Object.fromEntries(names.map((name) => [name, isEqual(fields[name], other[name]) ? other[name] : fields[name]]));
  const isWhole = names.length === Object.keys(other).length && names.every((name) => taken[name] === other[name]);
  return isWhole ? other : taken;
}

const isEqual = (a: unknown, b: unknown): boolean => (typeof a === "object" ? JSON.stringify(a) === JSON.stringify(b) : a === b);
