import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChangeKind, type FeedEvent, type FeedState, indexOf, startFeed, stepFeed, type Woken } from "../../../../src/bridge/blocking/feed-state.ts";

const KINDS: readonly ChangeKind[] = ["job", "allocation", "node"];
const kinds = fc.subarray([...KINDS], { minLength: 1 });
const command = fc.oneof(
  fc.record({ kind: fc.constant("change" as const), of: fc.constantFrom(...KINDS), version: fc.option(fc.nat(50), { nil: undefined }) }),
  // A client reads an index, and waits for the next one only after some other commands.
  fc.record({ kind: fc.constant("read" as const), kinds }),
  fc.record({ kind: fc.constant("wait" as const), reader: fc.nat(9) }),
  fc.record({ kind: fc.constant("leave" as const), reader: fc.nat(9) }),
);

type Reader = { readonly kinds: readonly ChangeKind[]; readonly index: number; readonly readAt: number; ended: Woken["why"] | undefined; isWaiting: boolean };

function changeOf(of: ChangeKind, version?: number): FeedEvent {
  const change = { kinds: [of], namespace: "default", key: "x" };
  return { kind: "change", change: version === undefined ? change : { ...change, version } };
}

describe("a feed of changes", () => {
  it("loses no wake-up, and wakes nobody for nothing", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let state: FeedState = startFeed(1000);
        const readers: Reader[] = [];
        const changes: ChangeKind[] = [];
        const advance = (event: FeedEvent) => {
          const before = state.index;
          const [after, woken] = stepFeed(state, event);
          state = after;
          if (event.kind === "change") expect(state.index).toBeGreaterThan(before);
          for (const { id, why } of woken) Object.assign(readers[id] ?? {}, { ended: why, isWaiting: false });
        };
        for (const one of commands) {
          const reader = "reader" in one ? readers[one.reader] : undefined;
          if (one.kind === "change") {
            changes.push(one.of);
            advance(changeOf(one.of, one.version));
          } else if (one.kind === "read") readers.push({ kinds: one.kinds, index: indexOf(state, one.kinds), readAt: changes.length, ended: undefined, isWaiting: false });
          else if (one.kind === "wait" && reader !== undefined && !reader.isWaiting && reader.ended === undefined) {
            reader.isWaiting = true;
            advance({ kind: "wait", waiting: { id: one.reader, holder: "a", kinds: reader.kinds, index: reader.index } });
          } else if (one.kind === "leave" && reader?.isWaiting === true) advance({ kind: "over", id: one.reader, why: "gone" });
        }
        for (const { isWaiting, ended, kinds: of, readAt, index } of readers) {
          const isChanged = changes.slice(readAt).some((kind) => of.includes(kind));
          if (isWaiting) expect(isChanged).toBe(false);
          if (ended === "changed") expect(isChanged).toBe(true);
          if (ended === "changed") expect(indexOf(state, of)).toBeGreaterThan(index);
        }
        expect(state.waiting.size).toBe(readers.filter(({ isWaiting }) => isWaiting).length);
      }),
      { numRuns: 500 },
    );
  });

  it("begins at 1, and takes a version over when it is higher", () => {
    let state = startFeed(10);
    expect(indexOf(state, KINDS)).toBe(1);
    for (const [version, index] of [[100, 100], [98, 101], [undefined, 102], [400, 400]] as const) {
      [state] = stepFeed(state, changeOf("job", version));
      expect([indexOf(state, ["job"]), indexOf(state, ["node"])]).toEqual([index, 1]);
    }
  });

  const wait = (id: number, index: number, more: object = {}): FeedEvent => ({ kind: "wait", waiting: { id, holder: "a", kinds: ["job"], index, ...more } });

  it.each([
    { title: "a kind that it does not wait for", events: [wait(1, 1), changeOf("node")], woken: [] },
    { title: "its kind", events: [wait(1, 1), changeOf("job")], woken: [{ id: 1, why: "changed" }] },
    { title: "a change that it does not want", events: [wait(1, 1, { wants: () => false }), changeOf("job")], woken: [] },
    { title: "a change that came before it", events: [changeOf("job"), changeOf("job"), wait(1, 1)], woken: [{ id: 1, why: "changed" }] },
    { title: "a change below an index from the future", events: [wait(1, 500), changeOf("job")], woken: [] },
    { title: "one more than may wait", events: [wait(1, 1), wait(2, 1), wait(3, 1)], woken: [{ id: 3, why: "full" }] },
    { title: "the end of the server", events: [wait(1, 1), { kind: "close" } as const, wait(2, 1)], woken: [{ id: 1, why: "closed" }, { id: 2, why: "closed" }] },
    { title: "the end of its time, once", events: [wait(1, 1), ...[1, 1].map((id) => ({ kind: "over" as const, id, why: "timeout" as const }))], woken: [{ id: 1, why: "timeout" }] },
    { title: "room again, once one has gone", events: [wait(1, 1), wait(2, 1), { kind: "over" as const, id: 1, why: "gone" as const }, wait(3, 1)], woken: [{ id: 1, why: "gone" }] },
  ])("answers a query that meets $title", ({ events, woken }) => {
    let state = startFeed(2);
    const all: Woken[] = [];
    for (const event of events) {
      const [after, some] = stepFeed(state, event);
      state = after;
      all.push(...some);
    }
    expect(all).toEqual(woken);
  });
});
