/**
 * @module An API server in memory, as far as writes of jobs need one: resource versions that must be the present ones, AlreadyExists, generations
 * that grow with the spec alone, a status that only its own sub-resource writes. Each reader has its own copy, which may lag behind.
 */
import type { KubeObject } from "../../../../src/api/meta.ts";
import { createObjectStore, type IndexFunctions } from "../../../../src/kubernetes/object-store.ts";
import type { Cache, Change, KubeClient, KubeError, ObjectRef, Resource } from "../../../../src/kubernetes/types.ts";
import { err, ok, type Err } from "../../../../src/lib/result.ts";

type Stored = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

export type FakeApiServer = {
  readonly client: KubeClient;
  /** A reader's copy. With `lag`, it shows a change only when `deliver` is called. */
  readonly cache: <T extends KubeObject>(resource: Resource, indexes?: IndexFunctions<T>, lag?: boolean) => Cache<T> & { readonly deliver: () => void };
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the kind that it reads
  readonly all: <T extends KubeObject>(resource: Resource) => readonly T[];
  /** Past every check, as other controllers and the sub-resources write. */
  readonly put: <T extends KubeObject>(resource: Resource, object: T) => T;
  readonly calls: { writes: number };
};

const status = (code: number, reason: string, message: string): Err<KubeError> => err({ kind: "status", code, reason, message });
const key = (resource: Resource, namespace: string | undefined, name: string) => `${resource.plural}/${namespace ?? ""}/${name}`;

type Listener = (resource: Resource, object: Stored, gone: boolean) => void;

export function fakeApiServer(): FakeApiServer {
  const objects = new Map<string, { readonly resource: Resource; readonly object: Stored }>();
  const listeners = new Set<Listener>();
  const calls = { writes: 0 };
  let version = 100;
  let uids = 0;
  const store = (resource: Resource, object: Stored): Stored => {
    const next: Stored = structuredClone({ ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } });
    objects.set(key(resource, next.metadata.namespace, next.metadata.name), { resource, object: next });
    for (const listener of listeners) listener(resource, next, false);
    return structuredClone(next);
  };
  const find = (resource: Resource, namespace: string | undefined, name: string) => objects.get(key(resource, namespace, name))?.object;
  const update = (resource: Resource, before: Stored, after: Stored): Stored => {
    calls.writes += 1;
    const isNewSpec = JSON.stringify(before.spec) !== JSON.stringify(after.spec);
    const { generation = 1, uid, creationTimestamp } = before.metadata;
    const metadata = { ...after.metadata, ...(uid === undefined ? {} : { uid }), ...(creationTimestamp === undefined ? {} : { creationTimestamp }), generation: generation + (isNewSpec ? 1 : 0) };
    return store(resource, { ...after, metadata, ...(before.status === undefined ? {} : { status: before.status }) });
  };
  const create = (resource: Resource, object: Stored): Stored => {
    calls.writes += 1;
    uids += 1;
    const uid = `${String(uids).padStart(8, "0")}-0000-4000-8000-000000000000`;
    const { status: _none, ...rest } = object;
    return store(resource, { ...rest, metadata: { ...object.metadata, uid, generation: 1, creationTimestamp: new Date(Date.UTC(2026, 0, 1) + uids * 1000).toISOString() } });
  };
  /** Lets everybody else run first, as a network does. */
  const turn = async () => new Promise<void>((resolve) => setImmediate(resolve));
  const client = {
    get: async (ref: ObjectRef) => {
      await turn();
      const found = find(ref.resource, ref.namespace, ref.name);
      return found === undefined ? status(404, "NotFound", `${ref.name} not found`) : ok(structuredClone(found));
    },
    create: async (resource: Resource, object: Stored) => {
      await turn();
      if (find(resource, object.metadata.namespace, object.metadata.name) !== undefined) return status(409, "AlreadyExists", `${object.metadata.name} already exists`);
      return ok(create(resource, object));
    },
    replace: async (resource: Resource, object: Stored) => {
      await turn();
      const before = find(resource, object.metadata.namespace, object.metadata.name);
      if (before === undefined) return status(404, "NotFound", `${object.metadata.name} not found`);
      if (before.metadata.resourceVersion !== object.metadata.resourceVersion) return status(409, "Conflict", "the object has been modified");
      return ok(update(resource, before, object));
    },
    mergePatch: async (ref: ObjectRef, patch: unknown) => {
      await turn();
      const before = find(ref.resource, ref.namespace, ref.name);
      if (before === undefined) return status(404, "NotFound", `${ref.name} not found`);
      const { metadata = {}, spec = {} } = patch as { metadata?: { resourceVersion?: string; annotations?: Record<string, string> }; spec?: object };
      if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== before.metadata.resourceVersion) return status(409, "Conflict", "the object has been modified");
      const annotations = { ...before.metadata.annotations, ...metadata.annotations };
      return ok(update(ref.resource, before, { ...before, metadata: { ...before.metadata, annotations }, spec: { ...(before.spec as object), ...spec } }));
    },
    apply: async (resource: Resource, object: unknown) => {
      await turn();
      const wanted = object as Stored;
      const before = find(resource, wanted.metadata.namespace, wanted.metadata.name);
      return ok(before === undefined ? create(resource, wanted) : update(resource, before, wanted));
    },
    remove: async (ref: ObjectRef, options?: { readonly uid?: string; readonly resourceVersion?: string }) => {
      await turn();
      const before = find(ref.resource, ref.namespace, ref.name);
      if (before === undefined) return ok(undefined);
      if (options?.uid !== undefined && options.uid !== before.metadata.uid) return status(409, "Conflict", "the UID is another");
      if (options?.resourceVersion !== undefined && options.resourceVersion !== before.metadata.resourceVersion) return status(409, "Conflict", "the object has been modified");
      calls.writes += 1;
      version += 1;
      objects.delete(key(ref.resource, ref.namespace, ref.name));
      for (const listener of listeners) listener(ref.resource, before, true);
      return ok(undefined);
    },
    list: async () => {
      throw new Error("not served");
    },
    raw: async () => {
      throw new Error("not served");
    },
  } as unknown as KubeClient;
  const cache = <T extends KubeObject>(resource: Resource, indexes: IndexFunctions<T> = {}, lag = false) => {
    const own = createObjectStore<T>(indexes);
    const waiting: (() => void)[] = [];
    const changed = new Set<(change: Change<T>) => void>();
    let seen = 0;
    const take = (object: Stored, gone: boolean) => {
      const changes = gone ? own.remove(object as unknown as T) : own.put(structuredClone(object) as unknown as T);
      seen = Math.max(seen, gone ? version : Number(object.metadata.resourceVersion));
      for (const change of changes) for (const listener of changed) listener(change);
    };
    for (const each of objects.values()) if (each.resource.plural === resource.plural) take(each.object, false);
    listeners.add((of, object, gone) => {
      if (of.plural !== resource.plural) return;
      if (lag) waiting.push(() => take(object, gone));
      else take(object, gone);
    });
    return {
      get: own.get,
      byUid: own.byUid,
      byIndex: own.byIndex,
      countByIndex: own.countByIndex,
      byIndexPrefix: own.byIndexPrefix,
      all: own.all,
      size: own.size,
      version: () => seen,
      synced: Promise.resolve(),
      onChange: (listener: (change: Change<T>) => void) => {
        changed.add(listener);
        return () => changed.delete(listener);
      },
      deliver: () => {
        for (const each of waiting.splice(0)) each();
      },
    } as unknown as Cache<T> & { readonly deliver: () => void };
  };
  const all = <T extends KubeObject>(resource: Resource) =>
    [...objects.values()].filter((each) => each.resource.plural === resource.plural).map(({ object }) => structuredClone(object) as unknown as T);
  return { client, cache, all, put: (resource, object) => store(resource, object) as unknown as typeof object, calls };
}
