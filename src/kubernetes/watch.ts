/** @module A local copy of one Kubernetes list, kept fresh by a watch that ends only with its AbortSignal. */
import type { KubeObject } from "../api/meta.ts";
import { assertNever, messageOf } from "../lib/result.ts";
import type { ConnectedKubeClient } from "./client.ts";
import type { Clock } from "./clock.ts";
import { jsonLines } from "./json-lines.ts";
import { listAll } from "./list.ts";
import { createObjectStore, type IndexFunctions, type ObjectStore } from "./object-store.ts";
import { collectionPath, selectorQuery } from "./paths.ts";
import type { Cache, Change, ListQuery, Log } from "./types.ts";
import { startWatch, stepWatch, type WatchEffect, type WatchEvent, type WatchLine, type WatchState } from "./watch-state.ts";

export type WatchClient = Pick<ConnectedKubeClient, "raw" | "stream">;

export type CacheOptions<T> = {
  readonly indexes?: IndexFunctions<T>;
  /** Applied to each object before it is stored, such as dropping what nobody reads. managedFields are gone already. */
  readonly transform?: (object: T) => T;
  readonly log: Log;
  readonly clock: Clock;
  /** The only thing that ends the watch. */
  readonly signal: AbortSignal;
};

type Cell<T extends KubeObject> = {
  readonly client: WatchClient;
  readonly query: ListQuery;
  readonly options: CacheOptions<T>;
  readonly store: ObjectStore<T>;
  readonly listeners: Set<(change: Change<T>) => void>;
  readonly markSynced: () => void;
};

const MIN_TIMEOUT_S = 300;
const GRACE_S = 15;
// The server sends a bookmark every minute; asking again costs one request and loses nothing.
const SILENCE_MS = 180_000;

/** Starts listing at once. Failures are logged and retried for ever; `synced` stays pending until the first list succeeds. */
export function createCache<T extends KubeObject>(client: WatchClient, query: ListQuery, options: CacheOptions<T>): Cache<T> {
  const synced = Promise.withResolvers<void>();
  const store = createObjectStore<T>(options.indexes);
  const cell: Cell<T> = { client, query, options, store, listeners: new Set(), markSynced: synced.resolve };
  let version = 0;
  const running = run(cell, (seen) => {
    version = Number(seen ?? version);
  });
  // A listener that throws is a bug: it must end the process, not the watch alone.
  running.catch((bug: unknown) => {
    queueMicrotask(() => {
      throw bug;
    });
  });
  return {
    get: store.get,
    byUid: store.byUid,
    byIndex: store.byIndex,
    countByIndex: store.countByIndex,
    byIndexPrefix: store.byIndexPrefix,
    all: store.all,
    size: store.size,
    version: () => version,
    synced: synced.promise,
    onChange: (listener) => {
      cell.listeners.add(listener);
      return () => cell.listeners.delete(listener);
    },
  };
}

async function run<T extends KubeObject>(cell: Cell<T>, onVersion: (version: string | undefined) => void): Promise<void> {
  let [state, effects] = startWatch();
  const advance = (event: WatchEvent): readonly WatchEffect[] => {
    const [after, wanted] = stepWatch(state, event);
    state = after;
    const request = applyLocally(cell, wanted);
    onVersion(state.version);
    return request;
  };
  while (!cell.options.signal.aborted) {
    const request = effects.at(-1);
    if (request === undefined) throw new Error(`the watch of ${cell.query.resource.plural} has nothing left to do`);
    effects = await perform(cell, request, { advance, current: () => state });
  }
}

type Machine = { readonly advance: (event: WatchEvent) => readonly WatchEffect[]; readonly current: () => WatchState };

/** Does the store's share of the effects and returns the rest: at most one request or pause. */
function applyLocally<T extends KubeObject>(cell: Cell<T>, effects: readonly WatchEffect[]): readonly WatchEffect[] {
  const requests: WatchEffect[] = [];
  for (const effect of effects) {
    if (effect.kind === "put") publish(cell, cell.store.put(prepared(cell, effect.object)));
    else if (effect.kind === "remove") publish(cell, cell.store.remove(prepared(cell, effect.object)));
    else if (effect.kind === "replace") {
      publish(cell, cell.store.replace(effect.items.map((item) => prepared(cell, item))));
      cell.markSynced();
    } else requests.push(effect);
  }
  return requests;
}

function publish<T extends KubeObject>(cell: Cell<T>, changes: readonly Change<T>[]): void {
  for (const change of changes) {
    for (const listener of cell.listeners) listener(change);
  }
}

function prepared<T extends KubeObject>(cell: Cell<T>, object: KubeObject): T {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject["metadata"] & { readonly managedFields?: unknown };
  const stripped = { ...object, metadata } as T;
  return cell.options.transform?.(stripped) ?? stripped;
}

async function perform<T extends KubeObject>(cell: Cell<T>, effect: WatchEffect, machine: Machine): Promise<readonly WatchEffect[]> {
  switch (effect.kind) {
    case "list":
      return machine.advance(await list(cell, effect.fromCache));
    case "watch":
      return await watch(cell, effect.version, machine);
    case "pause":
      if (effect.error !== undefined) {
        const { plural } = cell.query.resource;
        cell.options.log.warn({ resource: plural, namespace: cell.query.namespace, reason: effect.error.message, retryMs: Math.round(effect.ms) }, "watch interrupted");
      }
      await cell.options.clock.sleep(effect.ms, cell.options.signal);
      return machine.advance({ kind: "woke" });
    case "put":
    case "remove":
    case "replace":
      throw new Error(`${effect.kind} is no request`);
    default:
      return assertNever(effect, "perform");
  }
}

async function list<T extends KubeObject>(cell: Cell<T>, fromCache: boolean): Promise<WatchEvent> {
  const { client, query, options } = cell;
  const listed = await listAll<T>(client.raw, query, { fromCache }, options.signal);
  if (!listed.ok) return { kind: "failed", error: listed.error, random: options.clock.random() };
  return { kind: "listed", items: listed.value.items, version: listed.value.resourceVersion };
}

/** Reads one watch to its end. Returns what the state machine asks for next. */
async function watch<T extends KubeObject>(cell: Cell<T>, version: string, machine: Machine): Promise<readonly WatchEffect[]> {
  const { clock, signal } = cell.options;
  const timeoutSeconds = Math.floor(MIN_TIMEOUT_S * (1 + clock.random()));
  const over = new AbortController();
  const deadline = setTimeout(() => over.abort(), (timeoutSeconds + GRACE_S) * 1000);
  try {
    const stream = await openWatch(cell, { version, timeoutSeconds }, AbortSignal.any([signal, over.signal]));
    if (!stream.ok) return machine.advance({ kind: "failed", error: stream.error, random: clock.random() });
    return await readWatch(jsonLines(stream.value), cell, machine);
  } finally {
    clearTimeout(deadline);
    over.abort();
  }
}

async function openWatch<T extends KubeObject>(
  cell: Cell<T>,
  from: { readonly version: string; readonly timeoutSeconds: number },
  signal: AbortSignal,
): ReturnType<WatchClient["stream"]> {
  const path = collectionPath(cell.query.resource, cell.query.namespace);
  if (!path.ok) return path;
  const query = {
    ...selectorQuery(cell.query),
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: from.version,
    timeoutSeconds: String(from.timeoutSeconds),
  };
  return await cell.client.stream({ method: "GET", path: path.value, query }, { idleTimeoutMs: SILENCE_MS }, signal);
}

async function readWatch<T extends KubeObject>(batches: AsyncIterable<readonly unknown[]>, cell: Cell<T>, machine: Machine): Promise<readonly WatchEffect[]> {
  const { clock, signal } = cell.options;
  const reader = batches[Symbol.asyncIterator]();
  for (;;) {
    const batch = await nextBatch(reader);
    if (signal.aborted) return machine.advance({ kind: "ended", random: 0 });
    if ("broken" in batch) return machine.advance({ kind: "failed", error: { kind: "network", message: batch.broken }, random: clock.random() });
    if (batch.done === true) return machine.advance({ kind: "ended", random: clock.random() });
    for (const line of batch.value) {
      const effects = machine.advance({ kind: "line", line: line as WatchLine, random: clock.random() });
      if (machine.current().phase !== "watching") return effects;
    }
  }
}

/** Only what the stream throws is caught here: a listener's error must not look like a broken connection. */
async function nextBatch(reader: AsyncIterator<readonly unknown[]>): Promise<IteratorResult<readonly unknown[]> | { readonly broken: string }> {
  try {
    return await reader.next();
  } catch (thrown) {
    return { broken: messageOf(thrown) };
  }
}
