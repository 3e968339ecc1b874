/** @module What we wrote a moment ago and the watch has not brought yet, over what it has: a look that follows a write must see it. */
import type { KubeObject } from "../api/meta.ts";
import type { Cache } from "../kubernetes/types.ts";

export type LatestObjects<T> = {
  readonly get: (namespace: string, name: string) => T | undefined;
  /** The cached objects, and those that were written and belong to them. */
  readonly with: (cached: readonly T[], belongs: (object: T) => boolean) => readonly T[];
  readonly put: (object: T) => void;
};

export function latestObjects<T extends KubeObject>(cache: Cache<T>): LatestObjects<T> {
  const written = new Map<string, T>();
  const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? "default"}/${metadata.name}`;
  cache.onChange(({ type, object }) => {
    const ours = written.get(keyOf(object));
    if (ours === undefined) return;
    if (type === "deleted" || ours.metadata.uid !== object.metadata.uid || versionOf(object) >= versionOf(ours)) written.delete(keyOf(object));
  });
  const newer = (cached: T | undefined, ours: T | undefined): T | undefined =>
    ours !== undefined && cached !== undefined && cached.metadata.uid === ours.metadata.uid && versionOf(ours) > versionOf(cached) ? ours : cached;
  return {
    get: (namespace, name) => newer(cache.get(namespace, name), written.get(`${namespace}/${name}`)),
    with: (cached, belongs) => {
      const known = new Set(cached.map(keyOf));
      return [...cached, ...[...written.values()].filter((each) => !known.has(keyOf(each)) && belongs(each))];
    },
    put: (object) => {
      const cached = cache.get(object.metadata.namespace, object.metadata.name);
      if (cached === undefined || versionOf(object) > versionOf(cached)) written.set(keyOf(object), object);
    },
  };
}

/** As the API server compares them; it says so since 1.35. */
const versionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion ?? 0);
