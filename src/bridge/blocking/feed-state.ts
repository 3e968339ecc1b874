/**
 * @module Who waits for which change, as a pure step: nothing that happened between reading an index and waiting for the next one is lost.
 * Used by change-feed.ts.
 */

/** What Nomad keeps in a table of its own: a query waits for the tables that its answer is made of. */
export type ChangeKind =
  | "job"
  | "allocation"
  | "evaluation"
  | "deployment"
  | "node"
  | "namespace"
  | "service"
  | "scaling-policy"
  | "acl-token"
  | "acl-policy"
  | "acl-role"
  | "config";

/**
 * All `kinds` of one change have the same index: evaluations, say, are read off jobs. `version` is the resourceVersion where the object has one, so that indexes go on growing over a restart of the server.
 * `namespace` is "" for what has none.
 */
export type Change = { readonly kinds: readonly ChangeKind[]; readonly namespace: string; readonly key: string; readonly version?: number };

/** Wakes at a change of one of the kinds that `wants`, where given, is true for. */
export type Interest = { readonly kinds: readonly ChangeKind[]; readonly wants?: (change: Change) => boolean };

export type Waiting = Interest & {
  readonly id: number;
  /** Whose query it is; all who show no token are one. */
  readonly holder: string;
  /** The last index that the client has seen. */
  readonly index: number;
};

/** Why a query is held no longer. `full`: too many are held; `closed`: the server is shutting down. */
export type WaitEnd = "changed" | "timeout" | "gone" | "full" | "closed";

export type FeedState = {
  /** Of the last change of all; every change has a higher one than any before. */
  readonly index: number;
  readonly byKind: ReadonlyMap<ChangeKind, number>;
  /** One map for all steps, as is `held`: a copy of it for each query would take longer than all else. So only the newest state is to be used. */
  readonly waiting: Map<number, Waiting>;
  /** How many each holder has, of those that have any. */
  readonly held: Map<string, number>;
  readonly maxWaiting: number;
  /** Of one holder, so that nobody takes the places of all others. */
  readonly maxOfOne: number;
  readonly isClosed: boolean;
};

export type FeedEvent =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "wait"; readonly waiting: Waiting }
  | { readonly kind: "over"; readonly id: number; readonly why: "timeout" | "gone" }
  | { readonly kind: "close" };

export type Woken = { readonly id: number; readonly why: WaitEnd };
type Step = readonly [FeedState, readonly Woken[]];

export const startFeed = (maxWaiting: number, maxOfOne = maxWaiting): FeedState => ({ index: 1, byKind: new Map(), waiting: new Map(), held: new Map(), maxWaiting, maxOfOne, isClosed: false });

/** The index of the last change of any of the kinds; 1 before the first, as clients take 0 for "no index". */
export const indexOf = ({ byKind }: FeedState, kinds: readonly ChangeKind[]): number => Math.max(1, ...kinds.map((kind) => byKind.get(kind) ?? 1));

/** Uses up the state that it is given. */
export function stepFeed(state: FeedState, event: FeedEvent): Step {
  switch (event.kind) {
    case "change":
      return stepChange(state, event.change);
    case "wait":
      return stepWait(state, event.waiting);
    case "over":
      return state.waiting.has(event.id) ? [without(state, [event.id]), [{ id: event.id, why: event.why }]] : [state, []];
    case "close":
      return [{ ...state, isClosed: true, waiting: new Map(), held: new Map() }, [...state.waiting.keys()].map((id) => ({ id, why: "closed" }))];
  }
}

/**
 * Caches hear of changes in an order of their own, so a version can be lower than one that was told already. The index then counts on from
 * the highest: a query that has seen that one must be woken all the same.
 */
function stepChange(state: FeedState, change: Change): Step {
  const index = Math.max(change.version ?? 0, state.index + 1);
  const after = { ...state, index, byKind: new Map([...state.byKind, ...change.kinds.map((kind) => [kind, index] as const)]) };
  const woken = [...state.waiting.values()].filter((waiting) => isWoken(waiting, change, index)).map(({ id }) => id);
  if (woken.length === 0) return [after, []];
  return [without(after, woken), woken.map((id) => ({ id, why: "changed" }))];
}

/** An index of the future, from a server that ran before this one, is not reached by just any change. */
const isWoken = ({ kinds, wants, index: seen }: Waiting, change: Change, index: number): boolean =>
  index > seen && kinds.some((kind) => change.kinds.includes(kind)) && (wants === undefined || wants(change));

/** What has changed since the client looked ends the wait at once, wanted or not: one look too many, and never one too few. */
function stepWait(state: FeedState, waiting: Waiting): Step {
  const end = endAtOnce(state, waiting);
  if (end !== undefined) return [state, [{ id: waiting.id, why: end }]];
  state.waiting.set(waiting.id, waiting);
  state.held.set(waiting.holder, heldBy(state, waiting.holder) + 1);
  return [state, []];
}

function endAtOnce(state: FeedState, { kinds, index, holder }: Waiting): WaitEnd | undefined {
  if (state.isClosed) return "closed";
  if (indexOf(state, kinds) > index) return "changed";
  return state.waiting.size >= state.maxWaiting || heldBy(state, holder) >= state.maxOfOne ? "full" : undefined;
}

const heldBy = ({ held }: FeedState, holder: string): number => held.get(holder) ?? 0;

function without(state: FeedState, ids: readonly number[]): FeedState {
  for (const id of ids) {
    const holder = state.waiting.get(id)?.holder ?? "";
    const left = heldBy(state, holder) - 1;
    state.waiting.delete(id);
    if (left > 0) state.held.set(holder, left);
    else state.held.delete(holder);
  }
  return state;
}
