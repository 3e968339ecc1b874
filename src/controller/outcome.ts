/** @module What one reconcile ended with: exactly one of three, never two. Used by reconcile and by the loop that runs it. */

export type Outcome =
  /** Nothing to do until something changes. */
  | { readonly kind: "settled" }
  /** Look again after `ms`, although nothing may have changed by then. */
  | { readonly kind: "wait"; readonly ms: number; readonly reason: string }
  /** A person must change something; the object's conditions say what. */
  | { readonly kind: "stalled"; readonly reason: string; readonly message: string };

export const settled: Outcome = { kind: "settled" };
export const wait = (ms: number, reason: string): Outcome => ({ kind: "wait", ms, reason });
export const stalled = (reason: string, message: string): Outcome => ({ kind: "stalled", reason, message });
