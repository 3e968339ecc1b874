/** @module Leader election by a Lease: one process of several works at a time. Losing it is final; the owner ends or starts anew. */
import type { KubeObject } from "../api/meta.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { Clock } from "./clock.ts";
import { decideLease, DEFAULT_LEASE_TIMING, holdsLease, leaseWritten, NO_LEASE, releasedSpec } from "./lease-state.ts";
import type { LeaseAction, LeaseSpec, LeaseState, LeaseTiming } from "./lease-state.ts";
import type { KubeClient, KubeError, Log, ObjectRef, Resource } from "./types.ts";

export const LEASES: Resource = { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", namespaced: true };

export type LeaderOptions = {
  readonly namespace: string;
  readonly name: string;
  /** Unique for each process, such as pod name and a random part. */
  readonly identity: string;
  /** Called once, when we lead. Its signal is aborted when we no longer do. */
  readonly onLeading: (leading: AbortSignal) => void;
  /** Called once when leadership ends without our having been asked to stop. */
  readonly onLost: (reason: string) => void;
  readonly timing?: LeaseTiming;
  readonly log: Log;
  readonly clock: Clock;
  /** Stops the election; a lease we hold is released. */
  readonly signal: AbortSignal;
};

export type Leadership = {
  /** Asks the clock, so it is true right after a stall of the event loop too. To be asked before any write that only a leader may do. */
  readonly isLeader: () => boolean;
  /** Resolves when the election is over: stopped and released, or lost. */
  readonly over: Promise<void>;
};

type Lease = KubeObject & { readonly spec?: LeaseSpec };
type Term = { readonly client: LeaseClient; readonly options: LeaderOptions; readonly timing: LeaseTiming; readonly leading: AbortController };
type Holding = { readonly state: LeaseState; readonly lease: Lease | undefined };
export type LeaseClient = Pick<KubeClient, "get" | "create" | "replace">;

/** Starts at once. A Lease that cannot be read or written is asked for again every 2 s (×1 to 1.2). */
export function electLeader(client: LeaseClient, options: LeaderOptions): Leadership {
  const term: Term = { client, options, timing: options.timing ?? DEFAULT_LEASE_TIMING, leading: new AbortController() };
  let holding: Holding = { state: NO_LEASE, lease: undefined };
  const over = campaign(term, () => holding, (next) => {
    holding = next;
  });
  return { isLeader: () => !term.leading.signal.aborted && holdsLease(holding.state, options.clock.monotonic(), term.timing), over };
}

async function campaign(term: Term, read: () => Holding, write: (holding: Holding) => void): Promise<void> {
  const { options, timing } = term;
  const { clock, signal } = options;
  let led = false;
  while (!signal.aborted) {
    const tried = await attempt(term, read());
    write(tried);
    const holds = holdsLease(tried.state, clock.monotonic(), timing);
    if (led && !holds) return lose(term, tried);
    if (holds && !led && !signal.aborted) {
      led = true;
      options.log.info({ namespace: options.namespace, name: options.name, identity: options.identity }, "leading");
      options.onLeading(term.leading.signal);
    }
    await clock.sleep(timing.retryMs * (1 + clock.random() / 5), signal);
    if (led && !holdsLease(read().state, clock.monotonic(), timing)) return lose(term, read());
  }
  term.leading.abort();
  if (led) await release(term, read());
}

function lose({ options, timing, leading }: Term, { lease }: Holding): void {
  const holder = lease?.spec?.holderIdentity ?? "";
  const reason =
    holder === options.identity || holder === ""
      ? `the lease ${options.namespace}/${options.name} could not be renewed for ${timing.renewDeadlineMs} ms`
      : `the lease ${options.namespace}/${options.name} was taken by "${holder}"`;
  leading.abort();
  options.log.error({ namespace: options.namespace, name: options.name, reason }, "leadership lost");
  options.onLost(reason);
}

/** One look and at most one write. While we lead, the Lease as we last wrote it is tried first, which saves the look. */
async function attempt(term: Term, holding: Holding): Promise<Holding> {
  const { options, timing } = term;
  const begunAt = options.clock.monotonic();
  const limit = requestLimit(term, holding.state, begunAt);
  try {
    const held = holdsLease(holding.state, begunAt, timing) ? holding.lease : undefined;
    const read = held === undefined ? await readLease(term, limit.signal) : ok(held);
    if (!read.ok) return complain(term, holding, read.error);
    const moment = { identity: options.identity, monotonicMs: options.clock.monotonic(), wallMs: options.clock.now(), timing };
    const [state, action] = decideLease(holding.state, read.value?.spec, moment);
    const seen: Holding = { state, lease: read.value };
    if (action.kind === "wait") return seen;
    const written = await writeLease(term, read.value, action, limit.signal);
    if (!written.ok) return written.error.kind === "status" && written.error.code === 409 ? { ...seen, lease: undefined } : complain(term, seen, written.error);
    return { state: leaseWritten(state, begunAt), lease: written.value };
  } finally {
    limit.clear();
  }
}

/** A request must end before our term does: an answer that comes later is of no use. */
function requestLimit({ options, timing }: Term, state: LeaseState, nowMs: number): { readonly signal: AbortSignal; readonly clear: () => void } {
  const leftMs = state.renewedAt === undefined ? timing.renewDeadlineMs : Math.max(1, state.renewedAt + timing.renewDeadlineMs - nowMs);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), Math.min(leftMs, timing.renewDeadlineMs / 2));
  return { signal: AbortSignal.any([abort.signal, options.signal]), clear: () => clearTimeout(timer) };
}

function complain({ options }: Term, holding: Holding, error: KubeError): Holding {
  if (!options.signal.aborted) options.log.warn({ namespace: options.namespace, name: options.name, reason: error.message }, "lease not reached");
  return holding;
}

const refOf = (options: LeaderOptions): ObjectRef => ({ resource: LEASES, namespace: options.namespace, name: options.name });

async function readLease({ client, options }: Term, signal: AbortSignal): Promise<Result<Lease | undefined, KubeError>> {
  const lease = await client.get<Lease>(refOf(options), signal);
  if (lease.ok) return lease;
  return lease.error.kind === "status" && lease.error.code === 404 ? ok(undefined) : err(lease.error);
}

async function writeLease(
  { client, options }: Term,
  current: Lease | undefined,
  action: LeaseAction & { readonly kind: "write" },
  signal: AbortSignal,
): Promise<Result<Lease, KubeError>> {
  if (current !== undefined) return await client.replace<Lease>(LEASES, { ...current, spec: action.spec }, signal);
  const metadata = { namespace: options.namespace, name: options.name };
  return await client.create<Lease>(LEASES, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: action.spec }, signal);
}

/** Best effort: without it the next leader waits out the lease. */
async function release({ client, options, timing }: Term, { lease }: Holding): Promise<void> {
  if (lease?.spec === undefined) return;
  const released = { ...lease, spec: releasedSpec(lease.spec, options.clock.now()) };
  const outcome = await client.replace<Lease>(LEASES, released, AbortSignal.timeout(timing.retryMs));
  if (!outcome.ok) options.log.warn({ namespace: options.namespace, name: options.name, reason: outcome.error.message }, "lease not released");
}
