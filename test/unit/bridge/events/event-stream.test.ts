import { describe, expect, it } from "vitest";
import { type EventRequest, type NomadEvent, readEventRequest } from "../../../../src/bridge/events/event.ts";
import { createEventBroker, type EventAccess } from "../../../../src/bridge/events/event-stream.ts";

const job = (index: number, key = "web", more: Partial<NomadEvent> = {}): NomadEvent => ({ topic: "Job", type: "JobRegistered", key, namespace: "default", filterKeys: [], index, payload: () => ({ Job: { ID: key } }), ...more });
const allocation = (index: number, key: string, of: string, namespace = "default"): NomadEvent => ({ topic: "Allocation", type: "AllocationUpdated", key, namespace, filterKeys: [of], index, payload: () => ({ Allocation: { ID: key } }) });
const node = (index: number): NomadEvent => ({ topic: "Node", type: "NodeEvent", key: "n1", namespace: "", filterKeys: [], index, payload: () => ({ Node: { ID: "n1" } }) });

const ANYBODY: EventAccess = { holder: "a", allows: () => true, isValid: () => true };

function broker(limits = { kept: 100, subscribers: 5, ofOne: 5 }) {
  const timers = new Set<() => void>();
  const startTimer = (_ms: number, fire: () => void) => {
    timers.add(fire);
    return () => timers.delete(fire);
  };
  return { events: createEventBroker({ startTimer }, limits), timers, beat: () => [...timers].forEach((fire) => fire()) };
}

function requestOf(query: string): EventRequest {
  const read = readEventRequest(new URLSearchParams(query));
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

type Line = { readonly Index?: number; readonly Events?: readonly { readonly Topic: string; readonly Key: string; readonly Payload: object }[] };

/** A client that reads a line when the test does. */
function client(stream: ReadableStream<Uint8Array> | undefined) {
  const reader = stream?.getReader();
  const line = async (): Promise<Line | "end"> => {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true };
    return done || value === undefined ? "end" : (JSON.parse(new TextDecoder().decode(value)) as Line);
  };
  const keys = async () => {
    const read = await line();
    return read === "end" ? read : (read.Events?.map(({ Key }) => Key) ?? []);
  };
  return { line, keys, leave: async () => await reader?.cancel() };
}

describe("an event stream", () => {
  const open = new AbortController().signal;

  it("begins with a heartbeat, then sends each event as a line", async () => {
    const { events } = broker();
    const to = client(events.subscribe(requestOf(""), ANYBODY, open));
    expect(await to.line()).toEqual({});
    events.publish(job(7));
    expect(await to.line()).toEqual({ Index: 7, Events: [{ Topic: "Job", Type: "JobRegistered", Key: "web", Namespace: "default", FilterKeys: null, Index: 7, Payload: { Job: { ID: "web" } } }] });
  });

  it("puts events of one index into one line", async () => {
    const { events } = broker();
    for (const event of [job(7), allocation(7, "a1", "web"), job(8, "db")]) events.publish(event);
    const to = client(events.subscribe(requestOf(""), ANYBODY, open));
    expect([await to.keys(), await to.keys(), await to.keys()]).toEqual([[], ["web", "a1"], ["db"]]);
  });

  it.each([
    { query: "", keys: ["web", "a1", "a2", "n1", "db"] },
    { query: "topic=*", keys: ["web", "a1", "a2", "n1", "db"] },
    { query: "topic=Job", keys: ["web", "db"] },
    { query: "topic=Job:db", keys: ["db"] },
    { query: "topic=Job:web&topic=Allocation:a2", keys: ["web", "a2"] },
    { query: "topic=Allocation:web", keys: ["a1", "a2"] },
    { query: "topic=*:web", keys: ["web", "a1", "a2"] },
    { query: "topic=Pod&topic=Namespace:*", keys: [] },
    { query: "topic=Job:", keys: [] },
    { query: "topic=Job&index=3", keys: ["db"] },
    { query: "namespace=prod", keys: ["n1", "a3"] },
    { query: "namespace=*&topic=Allocation", keys: ["a1", "a2", "a3"] },
    { query: "index=99", keys: [] },
  ])("sends what ?$query asks for", async ({ query, keys }) => {
    const { events, beat } = broker();
    for (const event of [job(1), allocation(2, "a1", "web"), allocation(3, "a2", "web"), node(4), allocation(5, "a3", "web", "prod"), job(6, "db")]) events.publish(event);
    const to = client(events.subscribe(requestOf(query), ANYBODY, open));
    const seen: string[] = [];
    await to.line();
    for (let read = await nextKeys(); read.length > 0; read = await nextKeys()) seen.push(...read);
    expect(seen).toEqual(keys);

    async function nextKeys(): Promise<readonly string[]> {
      const coming = to.keys();
      setImmediate(beat);
      const read = await coming;
      return read === "end" ? [] : read;
    }
  });

  it("sends a heartbeat when nothing happens, or only what others asked for", async () => {
    const { events, beat } = broker();
    const to = client(events.subscribe(requestOf("topic=Node"), ANYBODY, open));
    await to.line();
    const quiet = to.line();
    events.publish(job(1));
    await Promise.resolve();
    beat();
    expect(await quiet).toEqual({});
  });

  it("shows only what its client may see, at each event anew", async () => {
    const { events } = broker();
    const allowed = new Set(["default"]);
    const to = client(events.subscribe(requestOf("namespace=*"), { ...ANYBODY, allows: ({ namespace }) => allowed.has(namespace) }, open));
    await to.line();
    events.publish(allocation(1, "a1", "web", "prod"));
    events.publish(job(2));
    expect(await to.keys()).toEqual(["web"]);
    allowed.clear();
    events.publish(job(3));
    allowed.add("default");
    events.publish(job(4, "db"));
    expect(await to.keys()).toEqual(["web"]);
    expect(await to.keys()).toEqual(["db"]);
  });

  it("ends when its token is gone", async () => {
    const { events } = broker();
    let isValid = true;
    const to = client(events.subscribe(requestOf(""), { ...ANYBODY, isValid: () => isValid }, open));
    await to.line();
    isValid = false;
    events.publish(job(1));
    expect(await to.line()).toBe("end");
  });

  it("ends for a client that is slower than the log reaches, and not for the others", async () => {
    const { events } = broker({ kept: 3, subscribers: 5, ofOne: 5 });
    const [slow, quick] = [client(events.subscribe(requestOf(""), ANYBODY, open)), client(events.subscribe(requestOf(""), ANYBODY, open))];
    await Promise.all([slow.line(), quick.line()]);
    const seen: (readonly string[] | "end")[] = [];
    for (let index = 1; index <= 6; index += 1) {
      events.publish(job(index, `j${index}`));
      seen.push(await quick.keys());
    }
    expect(seen.flat()).toEqual(["j1", "j2", "j3", "j4", "j5", "j6"]);
    const late = [await slow.keys(), await slow.keys()];
    expect(late).toEqual([["j1"], "end"]);
  });

  it("makes no payload that nobody reads, and each only once", async () => {
    const { events } = broker();
    let made = 0;
    const counted = (index: number) => job(index, `j${index}`, { payload: () => ({ made: (made += 1) }) });
    events.publish(counted(1));
    events.publish(counted(2));
    const streams = ["topic=Job:j2", "topic=Job:j2"].map((query) => client(events.subscribe(requestOf(query), ANYBODY, open)));
    for (const to of streams) await to.line();
    expect([await streams[0]?.keys(), await streams[1]?.keys(), made]).toEqual([["j2"], ["j2"], 1]);
  });

  it("ends with its client, its request and the server, and holds no timer then", async () => {
    const { events, timers } = broker();
    const request = new AbortController();
    const [left, aborted, served] = [open, request.signal, open].map((signal) => client(events.subscribe(requestOf(""), ANYBODY, signal)));
    for (const to of [left, aborted, served]) await to?.line();
    await left?.leave();
    request.abort();
    expect(await aborted?.line()).toBe("end");
    events.close();
    expect(await served?.line()).toBe("end");
    await Promise.resolve();
    expect(timers.size).toBe(0);
  });

  it("is refused when too many are open, and not any more when one has gone", async () => {
    const { events } = broker({ kept: 10, subscribers: 1, ofOne: 1 });
    const first = client(events.subscribe(requestOf(""), ANYBODY, open));
    expect(events.subscribe(requestOf(""), ANYBODY, open)).toBeUndefined();
    expect(events.open()).toBe(1);
    await first.leave();
    expect(events.open()).toBe(0);
    expect(events.subscribe(requestOf(""), ANYBODY, open)).toBeDefined();
  });

  it("leaves room for others, however many one token opens", () => {
    const { events } = broker({ kept: 10, subscribers: 3, ofOne: 2 });
    const opened = [1, 2, 3].map(() => events.subscribe(requestOf(""), ANYBODY, open) !== undefined);
    expect(opened).toEqual([true, true, false]);
    expect(events.subscribe(requestOf(""), { ...ANYBODY, holder: "b" }, open)).toBeDefined();
  });
});

describe("readEventRequest", () => {
  it.each([
    { query: "topic=Job:a:b", error: "Invalid topic query: error parsing topics: Invalid key value pair for topic, topic: Job:a:b" },
    { query: "index=x", error: 'Unable to parse index: strconv.Atoi: parsing "x": invalid syntax' },
    { query: "topic=Job&".repeat(101), error: '101 topics are asked for, and 100 are the most; ask for "*" instead' },
  ])("refuses $query", ({ query, error }) => {
    expect(readEventRequest(new URLSearchParams(query))).toEqual({ ok: false, error });
  });


});
