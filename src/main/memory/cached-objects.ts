/** @module What the caches of one process make of the objects that they are told of: as small as can be, and each once. */
import type { KubeObject } from "../../api/meta.ts";
import type { Pod } from "../../api/pod.ts";
import { cachedPod } from "../cached-pod.ts";
import { createObjectPool } from "./object-pool.ts";
import { podLikeness } from "./pod-likeness.ts";

export type CachedObjects = {
  /** For every kind but pods. */
  readonly kept: <T extends KubeObject>(object: T) => T;
  readonly keptPod: (pod: Pod) => Pod;
};

/** To be given to all caches of a process. */
export function cachedObjects(): CachedObjects {
  const pool = createObjectPool();
  const likened = podLikeness();
  return {
    kept: (object) => pool.of(object, withSpecOf),
    keptPod: (pod) => pool.of(pod, (whole) => likened(cachedPod(whole))),
  };
}

/**
 * Versions of an object that differ in metadata or status alone hold one spec: what is worked out of a spec, as a job that is decoded, need not
 * be again for each write of a status. The API server counts a generation for every other change.
 */
function withSpecOf<T extends KubeObject & { readonly spec?: unknown }>(object: T, other?: T): T {
  const { generation } = object.metadata;
  const isSame = generation !== undefined && other?.spec !== undefined && other.metadata.generation === generation;
  return isSame ? { ...object, spec: other.spec } : object;
}
