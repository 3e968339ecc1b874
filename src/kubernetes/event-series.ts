/**
 * @module Which Kubernetes Event to write when the same thing happens again: bookkeeping without I/O. Used by events.ts.
 * Source: kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1
 */
import type { KubeObject } from "../api/meta.ts";
import { microTime } from "./lease-state.ts";

/** What happened to which object. */
export type EventNotice = {
  readonly regarding: KubeObject;
  readonly type: "Normal" | "Warning";
  /** CamelCase, why: "TaskFailed". */
  readonly reason: string;
  /** CamelCase, what was done: "Rescheduling". */
  readonly action: string;
  /** For a person; cut at 1 kB. */
  readonly note: string;
};

export type EventWrite =
  | { readonly kind: "create"; readonly key: string; readonly namespace: string; readonly body: KubeObject }
  | { readonly kind: "patch"; readonly key: string; readonly namespace: string; readonly name: string; readonly body: unknown };

export type EventMoment = { readonly wallMs: number; readonly monotonicMs: number; readonly random: number };
export type EventReporter = { readonly controller: string; readonly instance: string };

type Series = { readonly namespace: string; readonly name: string; count: number; lastWallMs: number; lastMs: number; writtenMs: number; written: number };

const SERIES_GAP_MS = 360_000;
const REFRESH_MS = 60_000;
const MAX_SERIES = 1000;
const MAX_NOTE_BYTES = 1024;

export type SeriesBook = {
  /** The write that this notice needs: a new Event, more of a known one, or none for now. */
  readonly note: (notice: EventNotice, moment: EventMoment) => EventWrite | undefined;
  /** What was counted and not yet written, for series that were left alone for a minute; forgets the ones that are over. */
  readonly sweep: (moment: EventMoment) => readonly EventWrite[];
  /** After its Event turned out to be gone: the next notice creates a new one. */
  readonly forget: (key: string) => void;
};

export function createSeriesBook(reporter: EventReporter): SeriesBook {
  const known = new Map<string, Series>();
  return {
    note: (notice, moment) => {
      const key = keyOf(notice);
      const series = known.get(key);
      if (series === undefined || moment.monotonicMs - series.lastMs > SERIES_GAP_MS) return begin(known, key, { notice, moment, reporter });
      series.count += 1;
      series.lastMs = moment.monotonicMs;
      series.lastWallMs = moment.wallMs;
      // The second one is told at once; after that a busy series writes once a minute.
      return series.count === 2 || moment.monotonicMs - series.writtenMs >= REFRESH_MS ? more(key, series, moment) : undefined;
    },
    sweep: (moment) => {
      const due = [...known].filter(([, series]) => series.count > series.written && moment.monotonicMs - series.writtenMs >= REFRESH_MS);
      const writes = due.map(([key, series]) => more(key, series, moment));
      for (const [key, series] of known) if (moment.monotonicMs - series.lastMs > SERIES_GAP_MS) known.delete(key);
      return writes;
    },
    forget: (key) => {
      known.delete(key);
    },
  };
}

type Beginning = { readonly notice: EventNotice; readonly moment: EventMoment; readonly reporter: EventReporter };

function begin(known: Map<string, Series>, key: string, { notice, moment, reporter }: Beginning): EventWrite {
  const { metadata } = notice.regarding;
  // Events about cluster-scoped objects live in "default", where kubectl looks for them.
  const namespace = metadata.namespace ?? "default";
  const name = `${metadata.name.slice(0, 200)}.${Math.floor(moment.wallMs).toString(16)}${Math.floor(moment.random * 2 ** 32).toString(16).padStart(8, "0")}`;
  known.delete(key);
  known.set(key, { namespace, name, count: 1, lastWallMs: moment.wallMs, lastMs: moment.monotonicMs, writtenMs: moment.monotonicMs, written: 1 });
  const [oldest] = known.keys();
  if (known.size > MAX_SERIES && oldest !== undefined) known.delete(oldest);
  const body = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name, namespace },
    eventTime: microTime(moment.wallMs),
    type: notice.type,
    reason: notice.reason.slice(0, 128),
    action: notice.action.slice(0, 128),
    note: cutNote(notice.note),
    regarding: referenceTo(notice.regarding),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, 128),
  };
  return { kind: "create", key, namespace, body };
}

function more(key: string, series: Series, moment: EventMoment): EventWrite {
  series.written = series.count;
  series.writtenMs = moment.monotonicMs;
  const body = { series: { count: series.count, lastObservedTime: microTime(series.lastWallMs) } };
  return { kind: "patch", key, namespace: series.namespace, name: series.name, body };
}

/** The note is part of the key: an Event's note cannot be changed, and a different one must not be lost in a count. */
function keyOf({ regarding, type, reason, action, note }: EventNotice): string {
  const { metadata } = regarding;
  return JSON.stringify([metadata.uid ?? "", regarding.kind, metadata.namespace ?? "", metadata.name, type, reason, action, note]);
}

/** At most 1024 bytes of UTF-8, not cut inside a character. */
export function cutNote(note: string): string {
  const bytes = Buffer.from(note, "utf8");
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  let end = MAX_NOTE_BYTES - 3;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…`;
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): object {
  return {
    apiVersion,
    kind,
    name: metadata.name,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
  };
}
