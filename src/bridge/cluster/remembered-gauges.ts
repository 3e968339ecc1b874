/** @module Gauges that are counted once for all who ask within a few seconds. Used by metrics.ts. */

export type Gauge = { readonly name: string; readonly value: number; readonly labels: Readonly<Record<string, string>> };

/** Whoever asks needs no token, and counting costs as much as there is, a tenth of a second for 10,000 allocations: all share one count for a while. */
export type RememberedGauges = (now: number, count: () => readonly Gauge[]) => readonly Gauge[];

const MAX_AGE_MS = 5_000;

export function rememberedGauges(): RememberedGauges {
  let kept: { readonly at: number; readonly gauges: readonly Gauge[] } | undefined;
  return (now, count) => {
    if (kept === undefined || Math.abs(now - kept.at) >= MAX_AGE_MS) kept = { at: now, gauges: count() };
    return kept.gauges;
  };
}
