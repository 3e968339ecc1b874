/**
 * @module /v1/event/stream: lines of events, one for each index, and `{}` while nothing happens. A stream is read at its client's own pace;
 * one that falls further behind than the log reaches is ended, and its client subscribes again. Used by the HTTP app.
 * Source: developer.hashicorp.com/nomad/api-docs/events#event-stream
 */
import { type EventRequest, isAskedFor, type NomadEvent } from "./event.ts";
import { append, emptyLog, type EventLog, placeOf, readNext } from "./event-log.ts";

export type EventStreamDeps = {
  /** Calls `fire` once after `ms`, unless what is returned has been called before. */
  readonly startTimer: (ms: number, fire: () => void) => () => void;
};

/** Asked anew for each event and each heartbeat: a right that was taken away ends here, too. */
export type EventAccess = {
  /** Accessor of the token that reads. */
  readonly holder: string;
  readonly allows: (event: Pick<NomadEvent, "topic" | "namespace">) => boolean;
  /** False when the token is gone; the stream then ends. */
  readonly isValid: () => boolean;
};

export type EventBroker = {
  readonly publish: (event: NomadEvent) => void;
  /** A body for a reply; undefined when too many are open, which is a 429. Ends with the signal, with the broker, or when its reader is too slow. */
  readonly subscribe: (request: EventRequest, access: EventAccess, signal: AbortSignal) => ReadableStream<Uint8Array> | undefined;
  /** How many are open. */
  readonly open: () => number;
  readonly close: () => void;
};

export type EventLimits = {
  /** How many events are kept: for who asks for an older index, and for who is slow. Nomad's event_buffer_size is 100. */
  readonly kept: number;
  readonly subscribers: number;
  /** Of one token, so that nobody takes the places of all others. */
  readonly ofOne: number;
};

const LIMITS: EventLimits = { kept: 1000, subscribers: 250, ofOne: 64 };
const HEARTBEAT_MS = 10_000;
/** One line is in the socket's hands, and no other is made before it is taken. */
const ONE_AT_A_TIME = { highWaterMark: 1 };

export function createEventBroker({ startTimer }: EventStreamDeps, limits = LIMITS): EventBroker {
  let log = emptyLog(limits.kept);
  let isClosed = false;
  const wakers = new Map<() => void, string>();
  const wakeAll = () => {
    for (const wake of wakers.keys()) wake();
  };
  const isFull = (holder: string) => wakers.size >= limits.subscribers || [...wakers.values()].filter((each) => each === holder).length >= limits.ofOne;
  const line = lineMaker();
  return {
    publish: (event) => {
      log = append(log, event);
      wakeAll();
    },
    subscribe: (request, access, signal) => {
      if (isFull(access.holder)) return undefined;
      const source: StreamSource = { request, access, signal, startTimer, line, log: () => log, isClosed: () => isClosed, wakers };
      return new ReadableStream(underlying(source), ONE_AT_A_TIME);
    },
    open: () => wakers.size,
    close: () => {
      isClosed = true;
      wakeAll();
    },
  };
}

type StreamSource = {
  readonly request: EventRequest;
  readonly access: EventAccess;
  readonly signal: AbortSignal;
  readonly startTimer: EventStreamDeps["startTimer"];
  readonly line: (events: readonly NomadEvent[]) => Uint8Array;
  readonly log: () => EventLog;
  readonly isClosed: () => boolean;
  /** One for each open stream, called when it is to look again, with whose it is. */
  readonly wakers: Map<() => void, string>;
};

/** `pull` comes only when the client has taken the line before. */
function underlying(source: StreamSource): UnderlyingDefaultSource<Uint8Array> {
  const reader: Reader = { place: placeOf(source.log(), source.request.index), isOver: false, isBeatDue: false, wake: () => {} };
  const wake = () => reader.wake();
  source.wakers.set(wake, source.access.holder);
  source.signal.addEventListener("abort", wake, { once: true });
  const forget = () => {
    source.wakers.delete(wake);
    source.signal.removeEventListener("abort", wake);
  };
  const lines = readLines(source, reader, forget);
  return {
    pull: async (controller) => {
      const { value, done } = await lines.next();
      if (done === true) return controller.close();
      controller.enqueue(value);
    },
    cancel: () => {
      reader.isOver = true;
      forget();
      reader.wake();
    },
  };
}

type Reader = { place: number; isOver: boolean; isBeatDue: boolean; wake: () => void };

/** Begins with a heartbeat, so that the client has its headers at once. */
async function* readLines(source: StreamSource, reader: Reader, forget: () => void): AsyncGenerator<Uint8Array, undefined> {
  let stopTimer: () => void = () => {};
  const waitAgain = () => {
    stopTimer();
    reader.isBeatDue = false;
    stopTimer = source.startTimer(HEARTBEAT_MS, () => {
      reader.isBeatDue = true;
      reader.wake();
    });
  };
  try {
    waitAgain();
    yield HEARTBEAT;
    for (let chunk = next(source, reader); chunk !== "over"; chunk = next(source, reader)) {
      if (chunk === "nothing") {
        await new Promise<void>((resolve) => {
          reader.wake = resolve;
        });
        continue;
      }
      waitAgain();
      yield chunk;
    }
    return undefined;
  } finally {
    stopTimer();
    forget();
  }
}

function next(source: StreamSource, reader: Reader): Uint8Array | "nothing" | "over" {
  const { request, access } = source;
  if (reader.isOver || source.signal.aborted || source.isClosed() || !access.isValid()) return "over";
  const reading = readNext(source.log(), reader.place, (event) => isAskedFor(request, event) && access.allows(event));
  if (reading.kind === "behind") return "over";
  reader.place = reading.place;
  if (reading.events.length > 0) return source.line(reading.events);
  return reader.isBeatDue ? HEARTBEAT : "nothing";
}

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode("{}\n");

/** Makes an event into JSON once, for however many streams; forgotten with the event. */
function lineMaker(): (events: readonly NomadEvent[]) => Uint8Array {
  const made = new WeakMap<NomadEvent, string>();
  const jsonOf = (event: NomadEvent): string => {
    const before = made.get(event);
    if (before !== undefined) return before;
    const { topic, type, key, namespace, filterKeys, index } = event;
    const json = JSON.stringify({ Topic: topic, Type: type, Key: key, Namespace: namespace, FilterKeys: filterKeys.length === 0 ? null : filterKeys, Index: index, Payload: event.payload() });
    made.set(event, json);
    return json;
  };
  return (events) => encoder.encode(`{"Index":${events[0]?.index ?? 0},"Events":[${events.map(jsonOf).join(",")}]}\n`);
}
