import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createObjectStore } from "../../../src/kubernetes/object-store.ts";
import type { KubeError } from "../../../src/kubernetes/types.ts";
import { startWatch, stepWatch, type WatchEffect, type WatchEvent, type WatchState } from "../../../src/kubernetes/watch-state.ts";

const object = (name: string, version: number): KubeObject => ({ apiVersion: "v1", kind: "Pod", metadata: { name, uid: name, resourceVersion: String(version) } });
const status = (code: number, reason = ""): KubeError => ({ kind: "status", code, reason, message: `HTTP ${code}` });
const reset: KubeError = { kind: "network", message: "ECONNRESET" };

const after = (...events: readonly WatchEvent[]): { readonly state: WatchState; readonly effects: readonly WatchEffect[] } => {
  let [state, effects] = startWatch();
  for (const event of events) [state, effects] = stepWatch(state, event);
  return { state, effects };
};
const listed: WatchEvent = { kind: "listed", items: [], version: "7" };
const failed = (error: KubeError): WatchEvent => ({ kind: "failed", error, random: 0 });
const line = (type: string, object: unknown): WatchEvent => ({ kind: "line", line: { type, object }, random: 0 });

describe("stepWatch", () => {
  it("lists from the server's cache first, then watches from the list's version", () => {
    expect(startWatch()[1]).toEqual([{ kind: "list", fromCache: true }]);
    expect(after(listed).effects).toEqual([
      { kind: "replace", items: [] },
      { kind: "watch", version: "7" },
    ]);
  });

  it.each([
    { name: "an ERROR line of 410", event: line("ERROR", { kind: "Status", code: 410, reason: "Expired" }) },
    { name: "HTTP 410", event: failed(status(410)) },
    { name: "reason Expired", event: failed(status(500, "Expired")) },
    { name: "a version from the future", event: failed({ kind: "status", code: 504, reason: "Timeout", message: "Too large resource version: 9, current: 3" }) },
  ])("lists anew after $name, and not from a cache that could be older than what we have", ({ event }) => {
    expect(after(listed, event).effects).toEqual([{ kind: "list", fromCache: false }]);
  });

  it.each([
    { name: "a reset", event: failed(reset) },
    { name: "HTTP 500", event: failed(status(500)) },
    { name: "HTTP 403", event: failed(status(403)) },
    { name: "HTTP 429", event: failed(status(429)) },
    { name: "an ERROR line of 500", event: line("ERROR", { code: 500, message: "boom" }) },
    { name: "a line without an object", event: line("ADDED", undefined) },
    { name: "an object without a version", event: line("ADDED", { metadata: { name: "x" } }) },
  ])("resumes from the last version after $name and a pause", ({ event }) => {
    const moved = line("MODIFIED", object("a", 9));
    expect(after(listed, moved, event).effects).toMatchObject([{ kind: "pause", ms: 800 }]);
    expect(after(listed, moved, event, { kind: "woke" }).effects).toEqual([{ kind: "watch", version: "9" }]);
  });

  it("waits 0.8 s, then twice as long for each failure in a row, at most 30 s, and starts over after an event", () => {
    let [state] = stepWatch(startWatch()[0], listed);
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const [paused, [effect]] = stepWatch({ ...state, failures: attempt }, failed(reset));
      if (effect?.kind === "pause") pauses.push(effect.ms);
      state = paused;
    }
    expect(pauses).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    expect(after(listed, failed(reset), { kind: "woke" }, line("BOOKMARK", object("", 9)), failed(reset)).effects).toMatchObject([{ kind: "pause", ms: 800 }]);
  });

  it("goes on at once when a watch that brought something ends, and only after a pause when it brought nothing", () => {
    const ended: WatchEvent = { kind: "ended", random: 0 };
    expect(after(listed, line("BOOKMARK", object("", 8)), ended).effects).toEqual([{ kind: "watch", version: "8" }]);
    expect(after(listed, ended, ended).effects).toMatchObject([{ kind: "pause" }]);
  });

  it("slows down when even what was just listed is expired, again and again", () => {
    const expired = failed(status(410));
    expect(after(listed, expired, listed, expired, listed, expired).effects).toMatchObject([{ kind: "pause" }]);
  });

  it("drops lines of a watch that was given up", () => {
    expect(after(listed, failed(reset), line("ADDED", object("late", 8))).effects).toEqual([]);
  });

  it("copies the server's truth in the end, whatever happens on the way", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ kind: fc.constantFrom(...ACTIONS), name: fc.constantFrom("a", "b", "c"), pick: fc.nat() }), { maxLength: 80 }), (actions) => {
        const world = createWorld();
        for (const action of actions) world.act(action.kind, action.name, action.pick);
        for (let turn = 0; turn < 300; turn += 1) world.act("deliver", "a", 0);
        expect(world.copy()).toEqual(world.truth());
        expect(world.replayed()).toEqual(world.truth());
      }),
      { numRuns: 500 },
    );
  });
});

const ACTIONS = ["put", "delete", "deliver", "deliver", "deliver", "bookmark", "break", "end", "compact", "expire", "refuse"] as const;
type Action = (typeof ACTIONS)[number];
type Past = { readonly type: "ADDED" | "DELETED"; readonly object: KubeObject };

/** A server with a history that can be compacted, and the machine in front of it with a store and a listener. */
function createWorld() {
  const history: Past[] = [];
  let compacted = 0;
  let cursor = 0;
  const store = createObjectStore<KubeObject>();
  const heard = new Map<string, string>();
  let [state, effects] = startWatch();
  const stateAt = (version: number): Map<string, KubeObject> => {
    const objects = new Map<string, KubeObject>();
    for (const past of history.slice(0, version)) {
      if (past.type === "ADDED") objects.set(past.object.metadata.name, past.object);
      else objects.delete(past.object.metadata.name);
    }
    return objects;
  };
  const versions = (objects: Iterable<KubeObject>): Record<string, string> =>
    Object.fromEntries([...objects].map((each) => [each.metadata.name, each.metadata.resourceVersion ?? ""]));
  const feed = (event: WatchEvent): void => {
    const [next, wanted] = stepWatch(state, event);
    state = next;
    if (wanted.some((effect) => effect.kind === "list" || effect.kind === "watch" || effect.kind === "pause")) effects = wanted;
    for (const effect of wanted) {
      const changes =
        effect.kind === "put" ? store.put(effect.object) : effect.kind === "remove" ? store.remove(effect.object) : effect.kind === "replace" ? store.replace(effect.items) : [];
      for (const change of changes) {
        expect(heard.has(change.object.metadata.name)).toBe(change.type !== "added");
        if (change.type === "deleted") heard.delete(change.object.metadata.name);
        else heard.set(change.object.metadata.name, change.object.metadata.resourceVersion ?? "");
      }
      if (effect.kind === "watch") cursor = Number(effect.version);
    }
  };
  const answer = (pick: number): void => {
    const request = effects.at(-1);
    if (request?.kind === "pause") return feed({ kind: "woke" });
    if (request?.kind === "list") {
      // A server's cache may lag behind, but never behind what it has compacted.
      const version = request.fromCache ? compacted + (pick % (history.length - compacted + 1)) : history.length;
      return feed({ kind: "listed", items: [...stateAt(version).values()], version: String(version) });
    }
    if (cursor < compacted) return feed({ kind: "failed", error: status(410), random: 0 });
    const past = history[cursor];
    if (past === undefined) return;
    cursor += 1;
    feed({ kind: "line", line: { type: past.type, object: past.object }, random: 0 });
  };
  const write = (type: Past["type"], name: string): void => {
    if (type === "ADDED" || stateAt(history.length).has(name)) history.push({ type, object: object(name, history.length + 1) });
  };
  const act = (kind: Action, name: string, pick: number): void => {
    if (kind === "put") return write("ADDED", name);
    if (kind === "delete") return write("DELETED", name);
    if (kind === "deliver") return answer(pick);
    if (kind === "compact") compacted = Math.max(compacted, pick % (history.length + 1));
    if (kind === "break") feed({ kind: "failed", error: reset, random: 0 });
    if (kind === "refuse") feed({ kind: "failed", error: status(500), random: 0 });
    if (state.phase !== "watching") return;
    if (kind === "end") feed({ kind: "ended", random: 0 });
    if (kind === "expire") feed(line("ERROR", { code: 410 }));
    if (kind === "bookmark" && cursor >= compacted) feed(line("BOOKMARK", object("", cursor)));
  };
  return {
    act,
    copy: () => versions(store.all()),
    truth: () => versions(stateAt(history.length).values()),
    replayed: () => Object.fromEntries(heard),
  };
}
