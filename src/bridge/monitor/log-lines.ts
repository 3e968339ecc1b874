/**
 * @module The server's own log for whoever monitors it: each line goes to every subscriber, and one that does not keep up loses lines and is
 * told how many. Used by `nomad monitor`'s endpoint; main feeds it.
 */

const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** pino's numbers. */
const NUMBERS: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 };

export const readLevel = (text: string): LogLevel | undefined => (text === "" ? "info" : LEVELS.find((level) => level === text.toLowerCase()));

export type LogSubscription = {
  /** Lines, each with its newline; undefined: none came within the time. */
  readonly next: (waitMs: number) => Promise<string | undefined>;
  readonly close: () => void;
};

export type LogLines = {
  /** One line of JSON, as pino writes it. */
  readonly write: (line: string) => void;
  /** Undefined when too many are open. */
  readonly subscribe: (level: LogLevel, format: "text" | "json") => LogSubscription | undefined;
};

const MAX_SUBSCRIBERS = 50;
const MAX_KEPT = 512;

type Subscriber = { readonly level: LogLevel; readonly format: "text" | "json"; kept: string[]; lost: number; wake: () => void };

export function createLogLines(): LogLines {
  const subscribers = new Set<Subscriber>();
  return {
    write: (line) => {
      for (const subscriber of subscribers) offer(subscriber, line);
    },
    subscribe: (level, format) => {
      if (subscribers.size >= MAX_SUBSCRIBERS) return undefined;
      const subscriber: Subscriber = { level, format, kept: [], lost: 0, wake: () => {} };
      subscribers.add(subscriber);
      return {
        next: (waitMs) => nextLines(subscriber, waitMs),
        close: () => {
          subscribers.delete(subscriber);
          subscriber.wake();
        },
      };
    },
  };
}

function offer(subscriber: Subscriber, line: string): void {
  const record = readRecord(line);
  if (record === undefined || record.level < NUMBERS[subscriber.level]) return;
  if (subscriber.kept.length >= MAX_KEPT) {
    subscriber.lost += 1;
    return;
  }
  subscriber.kept.push(subscriber.format === "json" ? `${line.trimEnd()}\n` : textOf(record));
  subscriber.wake();
}

async function nextLines(subscriber: Subscriber, waitMs: number): Promise<string | undefined> {
  if (subscriber.kept.length === 0) await woken(subscriber, waitMs);
  if (subscriber.kept.length === 0) return undefined;
  const notice = subscriber.lost === 0 ? "" : `[WARN]  nomad-bridge: ${subscriber.lost} lines were left out here: this reader is too slow\n`;
  const lines = subscriber.kept.join("") + notice;
  subscriber.kept = [];
  subscriber.lost = 0;
  return lines;
}

function woken(subscriber: Subscriber, waitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, waitMs);
  subscriber.wake = resolve;
  return promise.finally(() => clearTimeout(timer));
}

type LogRecord = { readonly level: number; readonly time: number; readonly message: string; readonly fields: Readonly<Record<string, unknown>> };

/** What only says where the line came from. */
const NOT_SHOWN = ["level", "time", "pid", "hostname", "msg"];

function readRecord(line: string): LogRecord | undefined {
  try {
    const record = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const { level, time, msg } = record;
    if (typeof level !== "number" || typeof time !== "number") return undefined;
    return { level, time, message: typeof msg === "string" ? msg : "", fields: Object.fromEntries(Object.entries(record).filter(([key]) => !NOT_SHOWN.includes(key))) };
  } catch {
    return undefined;
  }
}

/** As Nomad's agents write theirs. JSON text has no line breaks and no control characters, so a value cannot look like a line. */
function textOf({ level, time, message, fields }: LogRecord): string {
  const name = LEVELS.findLast((each) => NUMBERS[each] <= level) ?? "info";
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${new Date(time).toISOString()} ${`[${name.toUpperCase()}]`.padEnd(7)} nomad-bridge: ${message}${pairs.length === 0 ? "" : ":"}${pairs.join("")}\n`;
}
