/** @module The objects of one list in memory, with secondary indexes that are kept up to date one object at a time. Used by the watch cache. */
import type { KubeObject } from "../api/meta.ts";
import type { Change } from "./types.ts";

/** The values under which an object shall be found; [] keeps it out of the index. */
export type IndexFunction<T> = (object: T) => readonly string[];
export type IndexFunctions<T> = Readonly<Record<string, IndexFunction<T>>>;

export type ObjectStore<T extends KubeObject> = {
  readonly get: (namespace: string | undefined, name: string) => T | undefined;
  readonly byUid: (uid: string) => T | undefined;
  /** Throws for an index that was not declared: that is a bug, not an empty answer. */
  readonly byIndex: (index: string, value: string) => readonly T[];
  /** How many `byIndex` would give, without making the list. */
  readonly countByIndex: (index: string, value: string) => number;
  /** The objects under every value that begins so, each once. Looks at each value of the index. */
  readonly byIndexPrefix: (index: string, prefix: string) => readonly T[];
  readonly all: () => Iterable<T>;
  readonly size: () => number;
  /** Adds or replaces. [] when the very same version is there already; two changes when the name now belongs to another object. */
  readonly put: (object: T) => readonly Change<T>[];
  readonly remove: (object: T) => readonly Change<T>[];
  /** Makes the store equal to a new list; what the list lacks is reported as deleted. */
  readonly replace: (objects: readonly T[]) => readonly Change<T>[];
};

type Entry<T> = { readonly object: T; readonly indexed: readonly (readonly [index: Map<string, Map<string, T>>, value: string])[] };

type State<T> = {
  readonly entries: Map<string, Entry<T>>;
  readonly uids: Map<string, T>;
  readonly indexes: ReadonlyMap<string, { readonly of: IndexFunction<T>; readonly values: Map<string, Map<string, T>> }>;
};

/** An empty store. */
export function createObjectStore<T extends KubeObject>(indexes: IndexFunctions<T> = {}): ObjectStore<T> {
  const state: State<T> = {
    entries: new Map(),
    uids: new Map(),
    indexes: new Map(Object.entries(indexes).map(([name, of]) => [name, { of, values: new Map<string, Map<string, T>>() }])),
  };
  return {
    get: (namespace, name) => state.entries.get(keyOf(namespace, name))?.object,
    byUid: (uid) => state.uids.get(uid),
    byIndex: (index, value) => [...(bucketOf(state, index, value)?.values() ?? [])],
    countByIndex: (index, value) => bucketOf(state, index, value)?.size ?? 0,
    byIndexPrefix: (index, prefix) => [...new Set(valuesOf(state, index).entries().flatMap(([value, bucket]) => (value.startsWith(prefix) ? bucket.values() : [])))],
    all: () => objectsOf(state),
    size: () => state.entries.size,
    put: (object) => put(state, object),
    remove: (object) => remove(state, keyOfObject(object)),
    replace: (objects) => replace(state, objects),
  };
}

function valuesOf<T>({ indexes }: State<T>, index: string): ReadonlyMap<string, ReadonlyMap<string, T>> {
  const found = indexes.get(index);
  if (found === undefined) throw new Error(`no index "${index}" was declared for this cache`);
  return found.values;
}

const bucketOf = <T>(state: State<T>, index: string, value: string): ReadonlyMap<string, T> | undefined => valuesOf(state, index).get(value);

function* objectsOf<T>(state: State<T>): Iterable<T> {
  for (const entry of state.entries.values()) yield entry.object;
}

function put<T extends KubeObject>(state: State<T>, object: T): readonly Change<T>[] {
  const key = keyOfObject(object);
  const previous = state.entries.get(key)?.object;
  if (previous === undefined) {
    insert(state, key, object);
    return [{ type: "added", object }];
  }
  if (previous.metadata.uid !== object.metadata.uid) return [...remove(state, key), ...put(state, object)];
  const version = object.metadata.resourceVersion;
  if (version !== undefined && previous.metadata.resourceVersion === version) return [];
  evict(state, key);
  insert(state, key, object);
  return [{ type: "updated", object, previous }];
}

function remove<T extends KubeObject>(state: State<T>, key: string): readonly Change<T>[] {
  const object = state.entries.get(key)?.object;
  if (object === undefined) return [];
  evict(state, key);
  return [{ type: "deleted", object }];
}

function replace<T extends KubeObject>(state: State<T>, objects: readonly T[]): readonly Change<T>[] {
  const wanted = new Set(objects.map(keyOfObject));
  const gone = [...state.entries.keys()].filter((key) => !wanted.has(key));
  return [...gone.flatMap((key) => remove(state, key)), ...objects.flatMap((object) => put(state, object))];
}

function insert<T extends KubeObject>(state: State<T>, key: string, object: T): void {
  const indexed: (readonly [Map<string, Map<string, T>>, string])[] = [];
  for (const { of, values } of state.indexes.values()) {
    for (const value of of(object)) {
      const bucket = values.get(value) ?? new Map<string, T>();
      if (bucket.size === 0) values.set(value, bucket);
      bucket.set(key, object);
      indexed.push([values, value]);
    }
  }
  state.entries.set(key, { object, indexed });
  if (object.metadata.uid !== undefined) state.uids.set(object.metadata.uid, object);
}

function evict<T extends KubeObject>(state: State<T>, key: string): void {
  const entry = state.entries.get(key);
  if (entry === undefined) return;
  for (const [values, value] of entry.indexed) {
    const bucket = values.get(value);
    bucket?.delete(key);
    if (bucket?.size === 0) values.delete(value);
  }
  state.entries.delete(key);
  if (entry.object.metadata.uid !== undefined) state.uids.delete(entry.object.metadata.uid);
}

const keyOfObject = (object: KubeObject): string => keyOf(object.metadata.namespace, object.metadata.name);
const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
