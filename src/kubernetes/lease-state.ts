/**
 * @module Who leads: what to do about a Lease that was just read. Pure; lease.ts reads and writes it.
 * Source: kubernetes.io/docs/concepts/architecture/leases, kind coordination.k8s.io/v1 Lease
 */

export type LeaseSpec = {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
};

export type LeaseTiming = { readonly durationMs: number; readonly renewDeadlineMs: number; readonly retryMs: number };

export const DEFAULT_LEASE_TIMING: LeaseTiming = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 };

/** All times in milliseconds of our own monotonic clock: no other machine's clock is ever compared with ours. */
export type LeaseState = {
  /** The record as last seen, and when it was first seen like that. */
  readonly seen: { readonly record: string; readonly at: number } | undefined;
  /** When the last renewal that succeeded was begun; undefined while another leads. */
  readonly renewedAt: number | undefined;
};

export type LeaseMoment = { readonly identity: string; readonly monotonicMs: number; readonly wallMs: number; readonly timing: LeaseTiming };

export type LeaseAction = { readonly kind: "write"; readonly spec: LeaseSpec } | { readonly kind: "wait"; readonly holder: string };

export const NO_LEASE: LeaseState = { seen: undefined, renewedAt: undefined };

/** What to do about the Lease as it is now; undefined when there is none yet. */
export function decideLease(state: LeaseState, current: LeaseSpec | undefined, moment: LeaseMoment): readonly [LeaseState, LeaseAction] {
  const record = JSON.stringify([current?.holderIdentity ?? "", current?.renewTime ?? "", current?.leaseTransitions ?? 0]);
  const seen = state.seen?.record === record ? state.seen : { record, at: moment.monotonicMs };
  const observed: LeaseState = { ...state, seen };
  const holder = current?.holderIdentity ?? "";
  if (holder === moment.identity) return [observed, { kind: "write", spec: renewal(current ?? {}, moment) }];
  const lifeMs = (current?.leaseDurationSeconds ?? moment.timing.durationMs / 1000) * 1000;
  const expired = holder === "" || moment.monotonicMs - seen.at > lifeMs;
  return [{ ...observed, renewedAt: undefined }, expired ? { kind: "write", spec: takeover(current, moment) } : { kind: "wait", holder }];
}

/** The state after our write went through. `begunAt` is when it was sent: the answer's way back must not lengthen our term. */
export function leaseWritten(state: LeaseState, begunAt: number): LeaseState {
  return { ...state, renewedAt: begunAt };
}

/** False as soon as the last renewal is too old, even if nobody has noticed: after a stall of the event loop this is asked first. */
export function holdsLease(state: LeaseState, monotonicMs: number, timing: LeaseTiming): boolean {
  return state.renewedAt !== undefined && monotonicMs - state.renewedAt < timing.renewDeadlineMs;
}

/** A Lease that anyone may take at once. */
export function releasedSpec(current: LeaseSpec, wallMs: number): LeaseSpec {
  return { ...current, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(wallMs) };
}

/** Kubernetes' MicroTime: exactly six digits after the point, or the API server refuses it. */
export const microTime = (wallMs: number): string => new Date(wallMs).toISOString().replace(/(\.\d{3})Z$/, "$1000Z");

const renewal = (current: LeaseSpec, moment: LeaseMoment): LeaseSpec => ({
  ...current,
  holderIdentity: moment.identity,
  leaseDurationSeconds: Math.ceil(moment.timing.durationMs / 1000),
  renewTime: microTime(moment.wallMs),
});

const takeover = (current: LeaseSpec | undefined, moment: LeaseMoment): LeaseSpec => ({
  ...renewal({}, moment),
  acquireTime: microTime(moment.wallMs),
  leaseTransitions: current === undefined ? 0 : (current.leaseTransitions ?? 0) + 1,
});
