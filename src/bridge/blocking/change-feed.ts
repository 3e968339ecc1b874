/**
 * @module Blocking queries: caches report changes, held queries wait for them. Used by the HTTP app before a handler runs.
 * Source: developer.hashicorp.com/nomad/api-docs#blocking-queries
 */
import { parseDuration } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type Change, type ChangeKind, type FeedEvent, type FeedState, indexOf, type Interest, startFeed, stepFeed, type WaitEnd, type Woken } from "./feed-state.ts";

export type ChangeFeedDeps = {
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** Calls `fire` once after `ms`, unless what is returned has been called before. */
  readonly startTimer: (ms: number, fire: () => void) => () => void;
  /** Calls it in a later turn of the event loop, when others have had theirs. */
  readonly defer: (task: () => void) => void;
};

export type BlockingQuery = Interest & {
  /** Accessor of the token that asks. */
  readonly holder: string;
  /** The last index that the client has seen; at most 2^53. */
  readonly index: number;
  /** As read by `readWait`. */
  readonly waitMs: number;
};

export type ChangeFeed = {
  /** Returns the index that the change has got. Every query that waited for it waits no longer then; where they are many, most are woken in the turns that follow. */
  readonly report: (change: Change) => number;
  /** For `X-Nomad-Index`: of the last change of any of the kinds, at least 1. To be read before the reply is made, never after. */
  readonly index: (kinds: readonly ChangeKind[]) => number;
  /** The index of the last change of any kind; 1 before the first. */
  readonly newest: () => number;
  /** Resolves when the query is to be answered, and why. Never rejects. */
  readonly wait: (query: BlockingQuery, signal: AbortSignal) => Promise<WaitEnd>;
  /** How many are held. */
  readonly waiting: () => number;
  /** Ends all that are held, and every one that comes after. */
  readonly close: () => void;
};

const MAX_WAIT_MS = 5 * 60_000;
/** Nomad spreads queries that began together over a sixteenth of their time. */
const JITTER_DIVISOR = 16;

/** How many queries are held, of all and of one token; one beyond it is told `full`, which is a 429. */
const LIMITS = { all: 2000, ofOne: 1000 } as const;

/** So many are answered before anybody else has a turn: woken together, a thousand would all get their answers last, and keystrokes would wait for them. */
const AT_ONCE = 32;

export function createChangeFeed({ random, startTimer, defer }: ChangeFeedDeps, limits: { readonly all: number; readonly ofOne: number } = LIMITS): ChangeFeed {
  let state: FeedState = startFeed(limits.all, limits.ofOne);
  let nextId = 0;
  const endings = new Map<number, (why: WaitEnd) => void>();
  const wake = (woken: readonly Woken[]): void => {
    for (const { id, why } of woken.slice(0, AT_ONCE)) endings.get(id)?.(why);
    if (woken.length > AT_ONCE) defer(() => wake(woken.slice(AT_ONCE)));
  };
  const advance = (event: FeedEvent): void => {
    const [after, woken] = stepFeed(state, event);
    state = after;
    wake(woken);
  };
  const wait = ({ waitMs, ...interest }: BlockingQuery, signal: AbortSignal): Promise<WaitEnd> => {
    if (signal.aborted) return Promise.resolve("gone");
    const id = (nextId += 1);
    const { promise, resolve } = Promise.withResolvers<WaitEnd>();
    const onAbort = () => advance({ kind: "over", id, why: "gone" });
    const stopTimer = startTimer(waitMs + (random() * waitMs) / JITTER_DIVISOR, () => advance({ kind: "over", id, why: "timeout" }));
    endings.set(id, (why) => {
      endings.delete(id);
      stopTimer();
      signal.removeEventListener("abort", onAbort);
      resolve(why);
    });
    signal.addEventListener("abort", onAbort, { once: true });
    advance({ kind: "wait", waiting: { id, ...interest } });
    return promise;
  };
  return {
    report: (change) => {
      advance({ kind: "change", change });
      return state.index;
    },
    index: (kinds) => indexOf(state, kinds),
    newest: () => state.index,
    wait,
    waiting: () => state.waiting.size,
    close: () => advance({ kind: "close" }),
  };
}

/**
 * Holds a query that asks for what comes after `index`. One without an index, or with 0, is answered at once.
 * What the caller may see can change meanwhile: look at the token again after this.
 */
export async function waitForChange(feed: ChangeFeed, query: BlockingQuery, signal: AbortSignal): Promise<WaitEnd> {
  return query.index === 0 ? "changed" : await feed.wait(query, signal);
}

export type WaitOptions = {
  /** 0 where the query asks for no waiting. */
  readonly index: number;
  /** Without jitter; 5 min where the query says nothing, and at the most. */
  readonly waitMs: number;
};

/** `index` and `wait` of a query. The error is Nomad's text for a 400. */
export function readWait(params: URLSearchParams): Result<WaitOptions, string> {
  const wait = params.get("wait") ?? "";
  const parsed = parseDuration(wait === "" ? "0" : wait);
  if (!parsed.ok) return err("Invalid wait time");
  const index = params.get("index") ?? "";
  if (!/^\d{0,20}$/.test(index) || BigInt(index === "" ? 0 : index) >= 1n << 64n) return err("Invalid index");
  const waitMs = parsed.value > 0 ? Math.min(parsed.value, MAX_WAIT_MS) : MAX_WAIT_MS;
  return ok({ index: Number(index), waitMs });
}
