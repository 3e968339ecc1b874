/**
 * @module When to look at a node's paths: a pure function from what is known and the probe pods that exist to what to make, remove and keep.
 * Used by probe-node.ts.
 *
 * Invariants: at most one probe pod of a node is wanted at a time; a report is kept only if it answers the present question; a node whose
 * report is fresh is left alone.
 */
import type { NodeProbe } from "../mapping/probe.ts";
import type { PodIdentity } from "./plan/types.ts";

export type ProbePodView = PodIdentity & {
  /** Epoch ms. */
  readonly createdAt: number;
  readonly state: "active" | "done" | "failed" | "stopping";
  /** Only of one that is done. */
  readonly report?: Pick<NodeProbe, "kinds" | "os">;
};

export type ProbeInput = {
  /** Undefined: the node is gone. */
  readonly node: { readonly uid: string; readonly bootId: string; readonly ready: boolean } | undefined;
  readonly paths: readonly string[];
  /** Name of the pod that answers the present question. */
  readonly podName: string;
  readonly known: NodeProbe | undefined;
  readonly pods: readonly ProbePodView[];
  /** Epoch ms. */
  readonly now: number;
};

export type ProbePlan = {
  readonly create: boolean;
  readonly remove: readonly PodIdentity[];
  /** What the node's entry becomes; undefined: it stays as it is; null: it goes. */
  readonly keep?: NodeProbe | null;
  readonly wakeInMs?: number;
};

/** How old a report may be: packages come and go while a node is up. */
export const FRESH_MS = 3_600_000;
/** How long a pod that says nothing is left to be read before another one is tried. */
export const RETRY_MS = 600_000;

export function planProbe(input: ProbeInput): ProbePlan {
  const { node, paths, pods, podName, now } = input;
  const live = pods.filter(({ state }) => state !== "stopping");
  if (node === undefined) return { create: false, remove: live.map(identity), keep: null };
  if (paths.length === 0) return { create: false, remove: live.map(identity) };
  const current = live.find(({ name }) => name === podName);
  const stale = live.filter((pod) => pod !== current);
  if (current?.report !== undefined) {
    const { kinds, os } = current.report;
    return { create: false, remove: live.map(identity), keep: { nodeUid: node.uid, bootId: node.bootId, at: now, kinds, os }, wakeInMs: FRESH_MS };
  }
  const freshFor = freshness(input, node);
  if (freshFor > 0) return { create: false, remove: live.map(identity), wakeInMs: freshFor };
  if (current !== undefined) return waitFor(current, stale, now);
  // While a pod of that name is still going, making another one changes nothing; its end wakes us, as a node does that becomes ready.
  return { create: node.ready, remove: stale.map(identity) };
}

const identity = ({ name, uid }: ProbePodView): PodIdentity => ({ name, uid });

function waitFor(current: ProbePodView, stale: readonly ProbePodView[], now: number): ProbePlan {
  const left = current.createdAt + RETRY_MS - now;
  if (left <= 0) return { create: false, remove: [current, ...stale].map(identity) };
  return { create: false, remove: stale.map(identity), wakeInMs: left };
}

/** How long the known report still answers the present question, in ms; 0 if it does not. A clock that was set back ends it, too. */
function freshness({ known, paths, now }: ProbeInput, node: NonNullable<ProbeInput["node"]>): number {
  if (known === undefined || known.nodeUid !== node.uid || known.bootId !== node.bootId || known.at > now) return 0;
  const answersAll = paths.every((path) => Object.hasOwn(known.kinds, path));
  return answersAll ? Math.max(0, known.at + FRESH_MS - now) : 0;
}
