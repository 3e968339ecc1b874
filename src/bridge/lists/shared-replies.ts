/**
 * @module Replies that several clients can have, as they asked for the same with the same rights while nothing changed: pollers, and all those
 * whom one change has woken. Used by http-app.ts.
 */
import type { Acl } from "../../nomad/acl/acl.ts";
import type { Reply } from "../reply.ts";

/** Endpoints whose replies follow from the cluster's state, the query and the caller's rights alone, by their patterns. */
const SHARED: ReadonlySet<string> = new Set(["/v1/jobs", "/v1/allocations", "/v1/evaluations", "/v1/deployments", "/v1/job/:jobId*/allocations", "/v1/job/:jobId*/evaluations"]);

/** Some of a reply follows from the time, as when a restart's delay is over: nobody hears of that later than by this. */
const MAX_AGE_MS = 200;
/** Each may be as large as the list of all allocations, twice. */
const MAX_REPLIES = 8;

export type SharedQuestion = {
  readonly pattern: string;
  /** Decoded. */
  readonly path: string;
  readonly search: URLSearchParams;
  /** Equal rights are the same object. */
  readonly acl: Acl;
  /** Grows with every change that a reply could show. */
  readonly version: string;
  /** Epoch ms. */
  readonly now: number;
};

export type SharedReplies = (question: SharedQuestion, make: () => Reply | Promise<Reply>) => Promise<Reply>;

type Kept = { readonly reply: Promise<Reply>; readonly madeAt: number };

/**
 * The very same reply for the same question, so that its bytes are made once. Keeps none from before the last change.
 * @param isFinal whether a row will be the same, however late it is, until something changes
 */
export function sharedReplies(isFinal: (row: unknown) => boolean): SharedReplies {
  let version = "";
  let kept = new Map<Acl, Map<string, Kept>>();
  let count = 0;
  return async (question, make) => {
    if (!SHARED.has(question.pattern)) return await make();
    if (version !== question.version || count >= MAX_REPLIES) {
      version = question.version;
      kept = new Map();
      count = 0;
    }
    const ofCaller = kept.get(question.acl) ?? new Map<string, Kept>();
    kept.set(question.acl, ofCaller);
    const key = keyOf(question);
    const found = ofCaller.get(key);
    if (found !== undefined && Math.abs(question.now - found.madeAt) < MAX_AGE_MS) return await found.reply;
    if (found !== undefined && question.now > found.madeAt && (await isTimeless(question, found.reply, isFinal))) {
      ofCaller.set(key, { ...found, madeAt: question.now });
      return await found.reply;
    }
    if (found === undefined) count += 1;
    const reply = Promise.resolve(make());
    ofCaller.set(key, { reply, madeAt: question.now });
    return await reply;
  };
}

/** What a filter has left out may pass it later. */
async function isTimeless({ search }: SharedQuestion, reply: Promise<Reply>, isFinal: (row: unknown) => boolean): Promise<boolean> {
  if (search.has("filter")) return false;
  const made = await reply.catch(() => undefined);
  return made?.kind === "json" && Array.isArray(made.body) && made.body.length > 0 && made.body.every(isFinal);
}

/** How long somebody waited, and since when, is in no reply. */
function keyOf({ path, search }: SharedQuestion): string {
  const told = [...search].filter(([name]) => name !== "index" && name !== "wait").toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify([path, told]);
}
