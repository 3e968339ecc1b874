/**
 * @module What a watch does next: list, watch, wait. A pure state machine; watch.ts performs its effects.
 * Source: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes"
 */
import type { KubeObject } from "../api/meta.ts";
import { assertNever } from "../lib/result.ts";
import { backoffMs } from "./clock.ts";
import { errorOfStatus, isExpired } from "./status.ts";
import type { KubeError } from "./types.ts";

export type WatchState = {
  /** What the server has been asked for; `waiting` holds what comes after the pause. */
  readonly phase: "listing" | "watching" | "waiting";
  /** Where the next watch begins; undefined means only a list can tell. */
  readonly version: string | undefined;
  /** True once anything was listed: an old answer from the server's cache would then turn time back. */
  readonly listedBefore: boolean;
  /** Attempts in a row that brought nothing new. */
  readonly failures: number;
};

/** One line of a watch's answer. */
export type WatchLine = { readonly type?: string; readonly object?: unknown };

export type WatchEvent =
  | { readonly kind: "listed"; readonly items: readonly KubeObject[]; readonly version: string }
  | { readonly kind: "line"; readonly line: WatchLine; readonly random: number }
  /** The server ended the watch in good order. */
  | { readonly kind: "ended"; readonly random: number }
  | { readonly kind: "failed"; readonly error: KubeError; readonly random: number }
  /** The pause is over. */
  | { readonly kind: "woke" };

export type WatchEffect =
  | { readonly kind: "list"; readonly fromCache: boolean }
  | { readonly kind: "watch"; readonly version: string }
  | { readonly kind: "pause"; readonly ms: number; readonly error?: KubeError }
  | { readonly kind: "replace"; readonly items: readonly KubeObject[] }
  | { readonly kind: "put" | "remove"; readonly object: KubeObject };

export type WatchStep = readonly [WatchState, readonly WatchEffect[]];

const BACKOFF = { baseMs: 800, maxMs: 30_000 } as const;

/** The beginning: list, cheaply, from the server's cache. */
export function startWatch(): WatchStep {
  return [
    { phase: "listing", version: undefined, listedBefore: false, failures: 0 },
    [{ kind: "list", fromCache: true }],
  ];
}

/**
 * The next state and what to do. An effect of `list`, `watch` or `pause` replaces the one before it: whatever that was doing is over.
 * Lines that come outside `watching` belong to a watch that has been given up, and are dropped.
 */
export function stepWatch(state: WatchState, event: WatchEvent): WatchStep {
  switch (event.kind) {
    case "listed":
      return [
        { ...state, phase: "watching", version: event.version, listedBefore: true },
        [
          { kind: "replace", items: event.items },
          { kind: "watch", version: event.version },
        ],
      ];
    case "line":
      return state.phase === "watching" ? stepLine(state, event.line, event.random) : [state, []];
    case "ended":
      return state.failures === 0 ? next(state) : pause({ ...state, failures: state.failures + 1 }, event.random);
    case "failed":
      return stepFailure(state, event.error, event.random);
    case "woke":
      return next(state);
    default:
      return assertNever(event, "stepWatch");
  }
}

function next(state: WatchState): WatchStep {
  if (state.version === undefined) return [{ ...state, phase: "listing" }, [{ kind: "list", fromCache: !state.listedBefore }]];
  // Counted as a failure until the watch delivers something, so that a server that only hangs up is not asked without pause.
  return [{ ...state, phase: "watching", failures: state.failures + 1 }, [{ kind: "watch", version: state.version }]];
}

function stepLine(state: WatchState, line: WatchLine, random: number): WatchStep {
  if (line.type === "ERROR") return stepFailure(state, errorOfStatus(line.object ?? {}), random);
  const object = line.object as KubeObject | undefined;
  const version = object?.metadata?.resourceVersion;
  if (object === undefined || version === undefined) {
    return stepFailure(state, { kind: "network", message: `a watch event of type "${line.type ?? ""}" without a resourceVersion` }, random);
  }
  const moved: WatchState = { ...state, version, failures: 0 };
  if (line.type === "ADDED" || line.type === "MODIFIED") return [moved, [{ kind: "put", object }]];
  if (line.type === "DELETED") return [moved, [{ kind: "remove", object }]];
  return [moved, []];
}

function stepFailure(state: WatchState, error: KubeError, random: number): WatchStep {
  if (!isExpired(error)) return pause({ ...state, failures: state.failures + 1 }, random, error);
  const expired: WatchState = { ...state, version: undefined };
  // The first expiry is ordinary life; a server that expires even what it has just listed is asked slowly.
  return state.failures <= 1 ? next({ ...expired, failures: state.failures + 1 }) : pause({ ...expired, failures: state.failures + 1 }, random, error);
}

function pause(state: WatchState, random: number, error?: KubeError): WatchStep {
  const ms = backoffMs(Math.max(state.failures - 1, 0), BACKOFF, random);
  return [{ ...state, phase: "waiting" }, [{ kind: "pause", ms, ...(error === undefined ? {} : { error }) }]];
}
