/** @module What was asked of the counts of a job's groups, newest first, as Nomad keeps it for `job scaling-events`. A part of the annotation of requests. */

export type ScalingEvent = {
  /** Epoch ms. */
  readonly at: number;
  /** Absent: a note, which changed nothing. */
  readonly count?: number;
  readonly previous: number;
  readonly isError?: true;
  readonly message?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Of the job: the one that this made. */
  readonly version?: number;
};

export type ScalingEvents = Readonly<Record<string, readonly ScalingEvent[]>>;

/** Of one group, as many as Nomad keeps; of all of them, what an annotation has room for. */
const MAX_OF_GROUP = 20;
const MAX_CHARS = 32 * 1024;
/** What one event may say at most; more is cut off, or left out where it is no text. */
const MAX_MESSAGE_CHARS = 1024;

/** With one more. The oldest of its group go where there are too many, and all of other groups where there is no room. */
export function withScaling(events: ScalingEvents, group: string, event: ScalingEvent): ScalingEvents {
  const { message = "", meta, ...rest } = event;
  const hasMeta = meta !== undefined && JSON.stringify(meta).length <= MAX_MESSAGE_CHARS;
  const kept: ScalingEvent = { ...rest, ...(message === "" ? {} : { message: message.slice(0, MAX_MESSAGE_CHARS).toWellFormed() }), ...(hasMeta ? { meta } : {}) };
  const before = Object.hasOwn(events, group) ? (events[group] ?? []) : [];
  const own = fitting([kept, ...before]).slice(0, MAX_OF_GROUP);
  const others = Object.entries(events).filter(([name]) => name !== group);
  const all = { ...Object.fromEntries(others), [group]: own };
  return JSON.stringify(all).length <= MAX_CHARS ? all : { [group]: own };
}

function fitting(events: readonly ScalingEvent[]): readonly ScalingEvent[] {
  let chars = 0;
  return events.filter((event) => {
    chars += JSON.stringify(event).length + 1;
    return chars <= MAX_CHARS / 2;
  });
}

type Members = Readonly<Record<string, unknown>>;

const recordOf = (value: unknown): Members | undefined => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** What is of the right form; the annotation can be written by whoever may write the object. */
export function readScaling(value: unknown): ScalingEvents {
  const groups = Object.entries(recordOf(value) ?? {}).map(([group, events]) => [group, Array.isArray(events) ? events.slice(0, MAX_OF_GROUP).flatMap(eventOf) : []] as const);
  return Object.fromEntries(groups.filter(([, events]) => events.length > 0));
}

function eventOf(value: unknown): readonly ScalingEvent[] {
  const { at, count, previous, isError, message, meta, version } = recordOf(value) ?? {};
  if (!isCount(at) || at > 8.64e15 || !isCount(previous)) return [];
  const known = recordOf(meta);
  return [{
    at,
    previous,
    ...(isCount(count) ? { count } : {}),
    ...(isError === true ? { isError } : {}),
    ...(typeof message === "string" ? { message } : {}),
    ...(known === undefined ? {} : { meta: known }),
    ...(isCount(version) ? { version } : {}),
  }];
}
