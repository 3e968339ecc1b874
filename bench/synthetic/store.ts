/** @module The objects of the synthetic API server, and who is told when one changes. */
import { randomUUID } from "node:crypto";
import type { KubeObject } from "../../src/api/meta.ts";

export type Stored = KubeObject & { readonly spec?: unknown; readonly status?: unknown };
/** By the plural of the kind. */
export type ObjectsByKind = ReadonlyMap<string, readonly KubeObject[]>;
type Listener = (type: "ADDED" | "MODIFIED" | "DELETED", object: Stored) => void;

export type SyntheticStore = {
  readonly get: (plural: string, namespace: string | undefined, name: string) => Stored | undefined;
  readonly all: (plural: string) => readonly Stored[];
  readonly create: (plural: string, namespace: string | undefined, object: Stored) => Stored;
  readonly put: (plural: string, object: Stored) => Stored;
  /** And all that it owns. */
  readonly remove: (plural: string, object: Stored) => Stored;
  readonly watch: (plural: string, listener: Listener) => () => void;
  /** The newest resourceVersion. */
  readonly version: () => number;
  /** How many objects of each kind there are. */
  readonly counts: () => Readonly<Record<string, number>>;
};

const FIRST_VERSION = 1_000_000;
const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
const keyOfObject = ({ metadata }: KubeObject): string => keyOf(metadata.namespace, metadata.name);

/** What a map has there, or what is made for it. */
function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

type Dependent = { readonly of: string; readonly key: string };
/** Objects of two kinds may have one name. */
const dependentName = (plural: string, object: KubeObject): string => `${plural} ${keyOfObject(object)}`;

export function syntheticStore(initial: ObjectsByKind): SyntheticStore {
  const kinds = new Map<string, Map<string, Stored>>();
  const owned = new Map<string, Map<string, Dependent>>();
  const listeners = new Map<string, Set<Listener>>();
  const uids = new Set<string>();
  let version = FIRST_VERSION;
  const kind = (plural: string): Map<string, Stored> => entryOf(kinds, plural, () => new Map<string, Stored>());
  const tell: (plural: string, ...event: Parameters<Listener>) => void = (plural, type, object) => {
    for (const listener of listeners.get(plural) ?? []) listener(type, object);
  };
  const keep = (plural: string, object: Stored): void => {
    kind(plural).set(keyOfObject(object), object);
    uids.add(object.metadata.uid ?? "");
    const [key, name] = [keyOfObject(object), dependentName(plural, object)];
    for (const { uid } of object.metadata.ownerReferences ?? []) entryOf(owned, uid, () => new Map<string, Dependent>()).set(name, { of: plural, key });
  };
  for (const [plural, objects] of initial) for (const object of objects) keep(plural, object);
  const remove = (plural: string, object: Stored): Stored => {
    if (!kind(plural).delete(keyOfObject(object))) return object;
    const gone = { ...object, metadata: { ...object.metadata, resourceVersion: String((version += 1)) } };
    tell(plural, "DELETED", gone);
    const uid = object.metadata.uid ?? "";
    uids.delete(uid);
    for (const { of, key } of owned.get(uid)?.values() ?? []) {
      const dependent = kind(of).get(key);
      if (dependent !== undefined) remove(of, dependent);
    }
    owned.delete(uid);
    for (const owner of object.metadata.ownerReferences ?? []) owned.get(owner.uid)?.delete(dependentName(plural, object));
    return gone;
  };
  return {
    get: (plural, namespace, name) => kind(plural).get(keyOf(namespace, name)),
    all: (plural) => [...kind(plural).values()],
    create: (plural, namespace, object) => {
      const place = namespace === undefined ? {} : { namespace };
      const made = { ...object, metadata: { ...object.metadata, ...place, uid: randomUUID(), resourceVersion: String((version += 1)), generation: 1, creationTimestamp: now() } };
      keep(plural, made);
      tell(plural, "ADDED", made);
      if (isOrphan(uids, object)) setImmediate(() => remove(plural, made));
      return made;
    },
    put: (plural, object) => {
      const kept = keptOf(kind(plural).get(keyOfObject(object)), object);
      const after = { ...object, metadata: { ...object.metadata, ...kept, resourceVersion: String((version += 1)) } };
      keep(plural, after);
      tell(plural, "MODIFIED", after);
      return after;
    },
    remove,
    watch: (plural, listener) => {
      entryOf(listeners, plural, () => new Set<Listener>()).add(listener);
      return () => listeners.get(plural)?.delete(listener);
    },
    version: () => version,
    counts: () => Object.fromEntries([...kinds].map(([plural, objects]) => [plural, objects.size])),
  };
}

/** Made for an owner that has gone meanwhile: the garbage collector takes it. */
function isOrphan(uids: ReadonlySet<string>, { metadata: { ownerReferences = [] } }: KubeObject): boolean {
  return ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => uids.has(uid));
}

/** What a write does not change; a new spec is a new generation. */
function keptOf(before: Stored | undefined, object: Stored): Partial<KubeObject["metadata"]> {
  const isSame = JSON.stringify(before?.spec) === JSON.stringify(object.spec);
  const { uid, generation = 1, creationTimestamp } = before?.metadata ?? object.metadata;
  return { uid, creationTimestamp, generation: isSame ? generation : generation + 1 } as Partial<KubeObject["metadata"]>;
}

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
