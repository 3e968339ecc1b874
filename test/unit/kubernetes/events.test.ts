import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../src/api/meta.ts";
import { createEventRecorder, type EventClient } from "../../../src/kubernetes/events.ts";
import { createSeriesBook, cutNote, type EventNotice } from "../../../src/kubernetes/event-series.ts";
import { err, ok } from "../../../src/lib/result.ts";
import { manualClock, turns } from "./manual-clock.ts";

const regarding: KubeObject = { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ExecTask", metadata: { namespace: "shop", name: "web", uid: "u1", resourceVersion: "5" } };
const notice = (note: string, more: Partial<EventNotice> = {}): EventNotice => ({ regarding, type: "Warning", reason: "TaskFailed", action: "Restarting", note, ...more });
const moment = (monotonicMs: number) => ({ wallMs: 1_767_322_000_000 + monotonicMs, monotonicMs, random: 0.5 });
const reporter = { controller: "nomad-bridge.dev/controller", instance: "pod-1" };

describe("a series book", () => {
  it("creates an Event in the object's namespace that the API server accepts", () => {
    const write = createSeriesBook(reporter).note(notice("exit 1"), moment(0));
    expect(write).toMatchObject({
      kind: "create",
      namespace: "shop",
      body: {
        apiVersion: "events.k8s.io/v1",
        metadata: { name: expect.stringMatching(/^web\.[0-9a-f]+$/) as string, namespace: "shop" },
        eventTime: expect.stringMatching(/\.\d{6}Z$/) as string,
        regarding: { kind: "ExecTask", namespace: "shop", name: "web", uid: "u1", resourceVersion: "5" },
        type: "Warning",
        reason: "TaskFailed",
        action: "Restarting",
        note: "exit 1",
        reportingController: "nomad-bridge.dev/controller",
        reportingInstance: "pod-1",
      },
    });
  });

  it("puts an Event about a cluster-scoped object into default", () => {
    const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
    expect(createSeriesBook(reporter).note(notice("x", { regarding: node }), moment(0))).toMatchObject({ namespace: "default" });
  });

  it("tells a second time at once and later ones at most once a minute, with the true count", () => {
    const book = createSeriesBook(reporter);
    const counts = [0, 1000, 2000, 30_000, 62_000, 63_000].map((at) => {
      const write = book.note(notice("exit 1"), moment(at));
      return write?.kind === "patch" ? (write.body as { series: { count: number } }).series.count : write?.kind;
    });
    expect(counts).toEqual(["create", 2, undefined, undefined, 5, undefined]);
    expect(book.sweep(moment(100_000))).toEqual([]);
    expect(book.sweep(moment(125_000))).toMatchObject([{ kind: "patch", body: { series: { count: 6 } } }]);
  });

  it.each([
    { name: "6 min of silence", second: notice("exit 1"), at: 360_001 },
    { name: "another note", second: notice("exit 2"), at: 1000 },
    { name: "another object", second: notice("exit 1", { regarding: { ...regarding, metadata: { ...regarding.metadata, uid: "u2" } } }), at: 1000 },
    { name: "another type", second: notice("exit 1", { type: "Normal" }), at: 1000 },
  ])("begins a new Event after $name", ({ second, at }) => {
    const book = createSeriesBook(reporter);
    book.note(notice("exit 1"), moment(0));
    expect(book.note(second, moment(at))).toMatchObject({ kind: "create" });
  });

  it("remembers a bounded number of series", () => {
    const book = createSeriesBook(reporter);
    for (let count = 0; count <= 1000; count += 1) book.note(notice(`note ${count}`), moment(count));
    expect(book.note(notice("note 1000"), moment(2000))).toMatchObject({ kind: "patch" });
    expect(book.note(notice("note 0"), moment(2000))).toMatchObject({ kind: "create" });
  });
});

describe("cutNote", () => {
  it("keeps a note within 1024 bytes and never cuts inside a character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 2000, size: "max" }), (note) => {
        const cut = cutNote(note);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
        expect(cut === note || (cut.endsWith("…") && note.startsWith(cut.slice(0, -1)))).toBe(true);
      }),
    );
  });
});

function recorder(answer: () => Promise<unknown>) {
  const sent: string[] = [];
  const stop = new AbortController();
  const clock = manualClock(0.5);
  const send = (kind: string) => async (): Promise<unknown> => {
    sent.push(kind);
    return await answer();
  };
  const client = { create: send("create"), mergePatch: send("patch") } as unknown as EventClient;
  const events = createEventRecorder(client, { ...reporter, clock, signal: stop.signal, log: { info: () => undefined, warn: () => undefined, error: () => undefined } });
  return { events, sent, stop, clock };
}

describe("an event recorder", () => {
  it("writes in order, in the background", async () => {
    const { events, sent } = recorder(async () => await Promise.resolve(ok(undefined)));
    for (const note of ["a", "b", "a"]) events.record(notice(note));
    await events.flushed();
    events.record(notice("c"));
    await events.flushed();
    expect([sent, events.dropped()]).toEqual([["create", "create", "patch", "create"], 0]);
  });

  it("drops and counts, and never blocks, when the API server does not answer", async () => {
    const answer = Promise.withResolvers<unknown>();
    const { events, sent } = recorder(async () => await answer.promise);
    for (let count = 0; count < 1100; count += 1) events.record(notice(`note ${count}`));
    await turns();
    expect([sent.length, events.dropped()]).toEqual([1, 99]);
    answer.resolve(ok(undefined));
    await events.flushed();
    expect(sent).toHaveLength(1001);
  });

  it("creates the Event anew after a write was refused", async () => {
    const answers = [ok(undefined), err({ kind: "status", code: 404, reason: "NotFound", message: "expired" }), ok(undefined)];
    const { events, sent } = recorder(async () => await Promise.resolve(answers.shift()));
    for (let count = 0; count < 3; count += 1) {
      events.record(notice("same"));
      await events.flushed();
    }
    expect([sent, events.dropped()]).toEqual([["create", "patch", "create"], 1]);
  });

  it("tells the last count of a series that went quiet", async () => {
    const { events, sent, clock, stop } = recorder(async () => await Promise.resolve(ok(undefined)));
    for (let count = 0; count < 5; count += 1) events.record(notice("same"));
    await clock.advance(61_000);
    expect(sent).toEqual(["create", "patch", "patch"]);
    stop.abort();
  });
});
