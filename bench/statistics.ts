/** @module Medians, percentiles and interleaved pairs: what every measure of the bench is made with. */

/** The middle value, or the mean of the two in the middle. NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** The smallest value that `percent` of all values do not exceed. NaN without values. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

export type Pair<T> = { readonly bridge: T; readonly direct: T };

/** Runs both sides `count` times, one after the other; who goes first changes from pair to pair, so that neither profits from what the other warmed. */
export async function interleave<T>(count: number, bridge: (index: number) => Promise<T>, direct: (index: number) => Promise<T>): Promise<readonly Pair<T>[]> {
  const pairs: Pair<T>[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 2 === 0) {
      const first = await bridge(index);
      pairs.push({ bridge: first, direct: await direct(index) });
    } else {
      const first = await direct(index);
      pairs.push({ bridge: await bridge(index), direct: first });
    }
  }
  return pairs;
}

/** Milliseconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
