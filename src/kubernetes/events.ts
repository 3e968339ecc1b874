/** @module Kubernetes Events about our objects, written in the background: a caller never waits for one and never fails because of one. */
import type { Clock } from "./clock.ts";
import { createSeriesBook, type EventMoment, type EventNotice, type EventReporter, type EventWrite, type SeriesBook } from "./event-series.ts";
import type { KubeClient, KubeError, Log, Resource } from "./types.ts";

export const EVENTS: Resource = { group: "events.k8s.io", version: "v1", plural: "events", kind: "Event", namespaced: true };

export type EventClient = Pick<KubeClient, "create" | "mergePatch">;

export type EventRecorderOptions = EventReporter & { readonly log: Log; readonly clock: Clock; readonly signal: AbortSignal };

export type EventRecorder = {
  /** Returns at once. The same notice again within 6 min becomes a series of one Event. */
  readonly record: (notice: EventNotice) => void;
  /** How many writes were given up: the queue was full, or the API server refused. */
  readonly dropped: () => number;
  /** Resolves when everything recorded so far was written or dropped. */
  readonly flushed: () => Promise<void>;
};

const MAX_QUEUED = 1000;
const SWEEP_MS = 60_000;

type Outbox = { readonly writes: EventWrite[]; sending: Promise<void> | undefined; dropped: number };
type Parts = { readonly client: EventClient; readonly options: EventRecorderOptions; readonly book: SeriesBook; readonly outbox: Outbox };

export function createEventRecorder(client: EventClient, options: EventRecorderOptions): EventRecorder {
  const parts: Parts = { client, options, book: createSeriesBook(options), outbox: { writes: [], sending: undefined, dropped: 0 } };
  void sweepForever(parts);
  return {
    record: (notice) => {
      const write = parts.book.note(notice, momentOf(options.clock));
      if (write !== undefined) enqueue(parts, write);
    },
    dropped: () => parts.outbox.dropped,
    flushed: async () => {
      await parts.outbox.sending;
    },
  };
}

const momentOf = (clock: Clock): EventMoment => ({ wallMs: clock.now(), monotonicMs: clock.monotonic(), random: clock.random() });

async function sweepForever(parts: Parts): Promise<void> {
  const { clock, signal } = parts.options;
  while (!signal.aborted) {
    await clock.sleep(SWEEP_MS, signal);
    for (const write of parts.book.sweep(momentOf(clock))) enqueue(parts, write);
  }
}

function enqueue(parts: Parts, write: EventWrite): void {
  const { outbox, book } = parts;
  if (outbox.writes.length >= MAX_QUEUED) {
    outbox.dropped += 1;
    // Its Event was never made, so the next notice of it must not count on it.
    if (write.kind === "create") book.forget(write.key);
    return;
  }
  outbox.writes.push(write);
  outbox.sending ??= drain(parts);
}

async function drain(parts: Parts): Promise<void> {
  const { outbox, options, book } = parts;
  for (let write = outbox.writes.shift(); write !== undefined; write = outbox.writes.shift()) {
    const error = await send(parts, write);
    if (error === undefined) continue;
    outbox.dropped += 1;
    book.forget(write.key);
    options.log.warn({ namespace: write.namespace, reason: error.message }, "event not written");
  }
  // In the same turn as the last look into the queue, so that nothing can be added in between and lie there.
  outbox.sending = undefined;
}

async function send({ client, options }: Parts, write: EventWrite): Promise<KubeError | undefined> {
  const written =
    write.kind === "create"
      ? await client.create(EVENTS, write.body, options.signal)
      : await client.mergePatch({ resource: EVENTS, namespace: write.namespace, name: write.name }, write.body, options.signal);
  return written.ok ? undefined : written.error;
}
