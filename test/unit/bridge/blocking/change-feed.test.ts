import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "../../../../src/access/endpoints.ts";
import { BLOCKING_KINDS } from "../../../../src/bridge/blocking/blocking-kinds.ts";
import { createChangeFeed, readWait, waitForChange } from "../../../../src/bridge/blocking/change-feed.ts";

const JOB = { kinds: ["job"], namespace: "default", key: "web" } as const;
const ask = { holder: "a", kinds: ["job"], index: 1, waitMs: 1000 } as const;

/** Timers that go off when the test says so. */
function heldTimers() {
  const timers = new Map<number, () => void>();
  const lengths: number[] = [];
  const startTimer = (ms: number, fire: () => void) => {
    const id = lengths.push(ms);
    timers.set(id, fire);
    return () => void timers.delete(id);
  };
  const deferred: (() => void)[] = [];
  const defer = (task: () => void) => void deferred.push(task);
  return { startTimer, timers, lengths, defer, deferred, fireAll: () => [...timers.values()].forEach((fire) => fire()) };
}

function feedUnderTest(random = 0.5, all?: number, ofOne = all) {
  const held = heldTimers();
  return { ...held, feed: createChangeFeed({ random: () => random, startTimer: held.startTimer, defer: held.defer }, all === undefined || ofOne === undefined ? undefined : { all, ofOne }) };
}

describe("a blocking query", () => {
  const never = new AbortController().signal;

  it("without an index is answered at once", async () => {
    const { feed } = feedUnderTest();
    expect(await waitForChange(feed, { ...ask, index: 0 }, never)).toBe("changed");
  });

  it("wakes at the change, which is in the index by then", async () => {
    const { feed, timers } = feedUnderTest();
    const held = waitForChange(feed, ask, never).then((end) => [end, feed.index(["job"])]);
    const index = feed.report({ ...JOB, version: 77 });
    expect(await held).toEqual(["changed", 77]);
    expect([index, timers.size, feed.waiting()]).toEqual([77, 0, 0]);
  });

  it("ends with its time, which has a sixteenth of chance in it", async () => {
    const { feed, fireAll, lengths } = feedUnderTest(0.5);
    const held = waitForChange(feed, { ...ask, waitMs: 16_000 }, never);
    fireAll();
    expect(await held).toBe("timeout");
    expect([lengths, feed.waiting()]).toEqual([[16_500], 0]);
  });

  it("is forgotten with its client", async () => {
    const { feed, timers } = feedUnderTest();
    const client = new AbortController();
    const held = waitForChange(feed, ask, client.signal);
    client.abort();
    expect([await held, feed.waiting(), timers.size]).toEqual(["gone", 0, 0]);
    expect(await waitForChange(feed, ask, client.signal)).toBe("gone");
  });

  it("is one of so many", async () => {
    const { feed } = feedUnderTest(0, 1);
    void waitForChange(feed, ask, never);
    expect(await waitForChange(feed, ask, never)).toBe("full");
  });

  it("takes no place of somebody else's, however many its holder asks", async () => {
    const { feed } = feedUnderTest(0, 3, 2);
    void waitForChange(feed, ask, never);
    void waitForChange(feed, ask, never);
    expect([await waitForChange(feed, ask, never), feed.waiting()]).toEqual(["full", 2]);
    const other = waitForChange(feed, { ...ask, holder: "b" }, never);
    expect(feed.waiting()).toBe(3);
    feed.report(JOB);
    expect(await other).toBe("changed");
  });

  it("of a thousand that one change wakes goes in its turn, and others have theirs in between", async () => {
    const { feed, deferred } = feedUnderTest(0, 1000);
    const answered: string[] = [];
    const all = Array.from({ length: 1000 }, async () => answered.push(await waitForChange(feed, ask, never)));
    feed.report(JOB);
    expect(feed.waiting()).toBe(0);
    const turns: number[] = [];
    while (answered.length < 1000) {
      await new Promise(setImmediate);
      turns.push(answered.length);
      for (const task of deferred.splice(0)) task();
    }
    await Promise.all(all);
    expect([turns[0], turns.length]).toEqual([32, 32]);
  });

  it("that is gone, or whose time is over, before its turn has come is answered once", async () => {
    const { feed, deferred, fireAll, timers } = feedUnderTest(0, 100);
    const client = new AbortController();
    const ends = Array.from({ length: 100 }, async () => await waitForChange(feed, ask, client.signal));
    feed.report(JOB);
    client.abort();
    fireAll();
    while (deferred.length > 0) for (const task of deferred.splice(0)) task();
    expect([new Set(await Promise.all(ends)), timers.size]).toEqual([new Set(["changed"]), 0]);
  });

  it("ends with the server", async () => {
    const { feed, timers } = feedUnderTest();
    const held = waitForChange(feed, ask, never);
    feed.close();
    expect([await held, timers.size]).toEqual(["closed", 0]);
    expect(await waitForChange(feed, ask, never)).toBe("closed");
  });
});

describe("readWait", () => {
  const MAX = 300_000;
  it.each([
    { query: "", index: 0, waitMs: MAX },
    { query: "index=7", index: 7, waitMs: MAX },
    { query: "index=7&wait=5000ms", index: 7, waitMs: 5000 },
    { query: "index=7&wait=1m30s", index: 7, waitMs: 90_000 },
    { query: "index=7&wait=10h", index: 7, waitMs: MAX },
    { query: "index=7&wait=0", index: 7, waitMs: MAX },
    { query: "index=7&wait=-5s", index: 7, waitMs: MAX },
    { query: "index=18446744073709551615", index: 2 ** 64, waitMs: MAX },
  ])("reads $query", ({ query, index, waitMs }) => {
    expect(readWait(new URLSearchParams(query))).toEqual({ ok: true, value: { index, waitMs } });
  });

  it.each([
    { query: "index=-1", error: "Invalid index" },
    { query: "index=soon", error: "Invalid index" },
    { query: "index=18446744073709551616", error: "Invalid index" },
    { query: "index=1&wait=5", error: "Invalid wait time" },
    { query: "wait=soon", error: "Invalid wait time" },
  ])("refuses $query", ({ query, error }) => {
    expect(readWait(new URLSearchParams(query))).toEqual({ ok: false, error });
  });
});

describe("BLOCKING_KINDS", () => {
  const AT_ONCE = /^\/v1\/(status|regions|agent|client|event|metrics|operator|system|search|validate|volume|plugin|node\/pool|job\/:jobId\*\/action|acl\/(auth-method|binding-rule|role\/name)|vars?\b)/;

  it("has a row for each read of state that is served", () => {
    const reads = ENDPOINTS.filter(({ method, pattern }) => method === "GET" && !AT_ONCE.test(pattern)).map(({ pattern }) => pattern);
    expect(reads.filter((pattern) => BLOCKING_KINDS[pattern] === undefined)).toEqual([]);
  });
});
