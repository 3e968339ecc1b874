/** @module Which key is worked on next: the bookkeeping of a work queue, without time or workers of its own. Used by work-queue.ts. */
import { backoffMs } from "./clock.ts";

/** Times are milliseconds of one monotonic clock, given by the caller. */
export type QueueCore = {
  /** Makes the key due. While it is being worked on, it becomes due again when that is done. */
  readonly add: (key: string) => void;
  /** Makes the key due at a time; of several times the earliest holds. */
  readonly addAt: (key: string, atMs: number) => void;
  /** Counts a failure and makes the key due after 5 ms doubled for each failure before, at most 5 min. Returns that delay. */
  readonly retry: (key: string, nowMs: number, random: number) => number;
  /** Forgets the failures of a key. */
  readonly forget: (key: string) => void;
  /** The next due key, now being worked on until `done`; undefined when there is none. */
  readonly take: (nowMs: number) => string | undefined;
  readonly done: (key: string) => void;
  /** When the earliest delay ends. */
  readonly nextDueAt: () => number | undefined;
  /** Keys due, delayed and being worked on. */
  readonly counts: () => { readonly due: number; readonly delayed: number; readonly active: number };
};

type Delay = { readonly key: string; readonly at: number };
type State = {
  /** A Set keeps first-come order and drops doubles. */
  readonly due: Set<string>;
  readonly active: Set<string>;
  /** Added while active. */
  readonly again: Set<string>;
  readonly failures: Map<string, number>;
  /** The time that holds for each delayed key; the heap may also have outdated ones. */
  readonly delayed: Map<string, number>;
  readonly heap: Delay[];
};

const RETRY = { baseMs: 5, maxMs: 300_000 } as const;

export function createQueueCore(): QueueCore {
  const state: State = { due: new Set(), active: new Set(), again: new Set(), failures: new Map(), delayed: new Map(), heap: [] };
  return {
    add: (key) => add(state, key),
    addAt: (key, atMs) => addAt(state, { key, at: atMs }),
    retry: (key, nowMs, random) => {
      const failures = state.failures.get(key) ?? 0;
      const delayMs = backoffMs(failures, RETRY, random);
      state.failures.set(key, failures + 1);
      addAt(state, { key, at: nowMs + delayMs });
      return delayMs;
    },
    forget: (key) => {
      state.failures.delete(key);
    },
    take: (nowMs) => take(state, nowMs),
    done: (key) => {
      state.active.delete(key);
      if (state.again.delete(key)) state.due.add(key);
    },
    nextDueAt: () => earliest(state)?.at,
    counts: () => ({ due: state.due.size + state.again.size, delayed: state.delayed.size, active: state.active.size }),
  };
}

function add(state: State, key: string): void {
  if (state.active.has(key)) state.again.add(key);
  else state.due.add(key);
}

function addAt(state: State, delay: Delay): void {
  const known = state.delayed.get(delay.key);
  if (known !== undefined && known <= delay.at) return;
  state.delayed.set(delay.key, delay.at);
  pushDelay(state.heap, delay);
}

function take(state: State, nowMs: number): string | undefined {
  for (let delay = earliest(state); delay !== undefined && delay.at <= nowMs; delay = earliest(state)) {
    popDelay(state.heap);
    state.delayed.delete(delay.key);
    add(state, delay.key);
  }
  const [key] = state.due;
  if (key === undefined) return undefined;
  state.due.delete(key);
  state.active.add(key);
  return key;
}

/** The top of the heap once outdated times are thrown away. */
function earliest(state: State): Delay | undefined {
  for (let top = state.heap[0]; top !== undefined; top = state.heap[0]) {
    if (state.delayed.get(top.key) === top.at) return top;
    popDelay(state.heap);
  }
  return undefined;
}

function pushDelay(heap: Delay[], delay: Delay): void {
  let hole = heap.length;
  heap.push(delay);
  while (hole > 0) {
    const above = (hole - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || parent.at <= delay.at) break;
    heap[hole] = parent;
    hole = above;
  }
  heap[hole] = delay;
}

function popDelay(heap: Delay[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let hole = 0;
  for (;;) {
    const left = 2 * hole + 1;
    const right = left + 1;
    const small = (heap[right]?.at ?? Infinity) < (heap[left]?.at ?? Infinity) ? right : left;
    const child = heap[small];
    if (child === undefined || child.at >= last.at) break;
    heap[hole] = child;
    hole = small;
  }
  heap[hole] = last;
}
