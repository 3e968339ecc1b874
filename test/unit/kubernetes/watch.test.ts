import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createCache, type WatchClient } from "../../../src/kubernetes/watch.ts";
import type { Change, KubeError, RawRequest, Resource } from "../../../src/kubernetes/types.ts";
import { err, ok, type Result } from "../../../src/lib/result.ts";
import { manualClock, turns } from "./manual-clock.ts";

const PODS: Resource = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const item = (name: string, version: string) => ({ metadata: { name, namespace: "shop", uid: name, resourceVersion: version, managedFields: [{ manager: "x" }], labels: { app: name } } });
const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

type Answer = Result<AsyncIterable<Buffer>, KubeError>;

/** A server that answers each list and watch from what the test lays out for it; when nothing is left it keeps silent. */
function laidOut(lists: readonly (Result<unknown, KubeError>)[], watches: readonly Answer[]) {
  const asked: RawRequest[] = [];
  const left = { lists: [...lists], watches: [...watches] };
  const silent = async (signal?: AbortSignal): Promise<never> => await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const client: WatchClient = {
    raw: async (request, signal) => {
      asked.push(request);
      return left.lists.shift() ?? (await silent(signal));
    },
    stream: async (request, _options, signal) => {
      asked.push(request);
      const next = left.watches.shift();
      if (next !== undefined) return next;
      return ok(
        (async function* () {
          await silent(signal);
          yield Buffer.alloc(0);
        })(),
      );
    },
  };
  return { client, asked };
}

async function* lines(...parts: readonly (string | Error)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    await turns(1);
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}

const list = (version: string, ...items: unknown[]) => ok({ metadata: { resourceVersion: version }, items });
const refused = (code: number) => err<KubeError>({ kind: "status", code, reason: "", message: `HTTP ${code}` });

function cacheOf(server: ReturnType<typeof laidOut>) {
  const stop = new AbortController();
  const clock = manualClock();
  const warned: object[] = [];
  const log = { info: () => undefined, error: () => undefined, warn: (fields: object) => void warned.push(fields) };
  const indexes = { app: (pod: KubeObject) => [pod.metadata.labels?.["app"] ?? ""] };
  const cache = createCache<KubeObject>(server.client, { resource: PODS, namespace: "shop", labelSelector: "managed" }, { indexes, log, clock, signal: stop.signal });
  const heard: string[] = [];
  cache.onChange((change: Change<KubeObject>) => heard.push(`${change.type} ${change.object.metadata.name}`));
  return { cache, stop, clock, heard, warned };
}

describe("a cache", () => {
  it("lists from the server's cache, then watches from there with bookmarks and a time limit", async () => {
    const server = laidOut([list("7", item("a", "5"))], []);
    const { cache, stop } = cacheOf(server);
    await cache.synced;
    await turns();
    expect(server.asked.map(({ path, query }) => ({ path, ...query }))).toEqual([
      { path: "/api/v1/namespaces/shop/pods", labelSelector: "managed", limit: "500", resourceVersion: "0" },
      { path: "/api/v1/namespaces/shop/pods", labelSelector: "managed", watch: "true", allowWatchBookmarks: "true", resourceVersion: "7", timeoutSeconds: "300" },
    ]);
    expect([cache.size(), cache.version()]).toEqual([1, 7]);
    expect(cache.get("shop", "a")).toEqual({ apiVersion: "v1", kind: "Pod", metadata: { name: "a", namespace: "shop", uid: "a", resourceVersion: "5", labels: { app: "a" } } });
    stop.abort();
  });

  it("follows a watch, also when a line comes in pieces, and tells its listeners what changed", async () => {
    const modified = event("MODIFIED", item("a", "8"));
    const watch = lines(modified.slice(0, 20), modified.slice(20) + event("ADDED", item("b", "9")), event("DELETED", item("a", "10")), event("BOOKMARK", { metadata: { resourceVersion: "20" } }));
    const { cache, stop, heard } = cacheOf(laidOut([list("7", item("a", "5"))], [ok(watch)]));
    await cache.synced;
    await turns(10);
    expect(heard).toEqual(["added a", "updated a", "added b", "deleted a"]);
    expect([...cache.all()].map((pod) => pod.metadata.name)).toEqual(["b"]);
    expect([cache.version(), cache.byUid("b")?.metadata.name, cache.byIndex("app", "b").length, cache.byIndex("app", "a").length]).toEqual([20, "b", 1, 0]);
    stop.abort();
  });

  it.each([
    { name: "a reset", watch: ok(lines(event("ADDED", item("b", "9")), new Error("ECONNRESET"))), from: "9" },
    { name: "half a line", watch: ok(lines(event("ADDED", item("b", "9")), '{"type":"ADD')), from: "9" },
    { name: "a line that is not JSON", watch: ok(lines(`${event("ADDED", item("b", "9"))}nonsense\n`)), from: "7" },
    { name: "HTTP 500", watch: refused(500), from: "7" },
    { name: "HTTP 403", watch: refused(403), from: "7" },
    { name: "an ERROR of 500", watch: ok(lines(event("ERROR", { kind: "Status", code: 500, message: "boom" }))), from: "7" },
  ])("resumes after $name where it was, with a pause and a warning", async ({ watch, from }) => {
    const server = laidOut([list("7", item("a", "5"))], [watch, ok(lines(event("ADDED", item("late", "11"))))]);
    const { cache, clock, stop, warned } = cacheOf(server);
    await cache.synced;
    await turns(10);
    expect(cache.get("shop", "late")).toBeUndefined();
    expect(warned).toMatchObject([{ resource: "pods", retryMs: 800 }]);
    await clock.advance(800);
    await turns(10);
    expect(server.asked[2]?.query?.["resourceVersion"]).toBe(from);
    expect(cache.get("shop", "late")).toBeDefined();
    stop.abort();
  });

  it.each([
    { name: "an ERROR of 410", watch: ok(lines(event("ERROR", { kind: "Status", code: 410, reason: "Expired" }))) },
    { name: "HTTP 410", watch: refused(410) },
  ])("lists anew after $name and reports what is gone", async ({ watch }) => {
    const server = laidOut([list("7", item("a", "5"), item("b", "6")), list("30", item("b", "6"), item("c", "29"))], [watch]);
    const { cache, stop, heard } = cacheOf(server);
    await cache.synced;
    await turns(10);
    expect(heard).toEqual(["added a", "added b", "deleted a", "added c"]);
    expect(server.asked[2]?.query).toEqual({ labelSelector: "managed", limit: "500" });
    expect(cache.version()).toBe(30);
    stop.abort();
  });

  it("goes on listing until it succeeds", async () => {
    const { cache, clock, stop } = cacheOf(laidOut([refused(500), refused(403), list("7", item("a", "5"))], []));
    await clock.advance(5000);
    await cache.synced;
    expect(cache.size()).toBe(1);
    stop.abort();
  });

  it("asks nothing more after the abort", async () => {
    const server = laidOut([list("7")], []);
    const { cache, clock, stop } = cacheOf(server);
    await cache.synced;
    await turns();
    stop.abort();
    await clock.advance(100_000);
    expect(server.asked).toHaveLength(2);
  });

  it("tells a listener nothing after it has unsubscribed", async () => {
    const gate = Promise.withResolvers<void>();
    const server = laidOut([list("7")], [ok((async function* () {
      await gate.promise;
      yield Buffer.from(event("ADDED", item("a", "8")));
    })())]);
    const { cache, stop, heard } = cacheOf(server);
    await cache.synced;
    const second: string[] = [];
    const unsubscribe = cache.onChange((change) => second.push(change.type));
    unsubscribe();
    gate.resolve();
    await turns(10);
    expect([heard, second]).toEqual([["added a"], []]);
    stop.abort();
  });
});
