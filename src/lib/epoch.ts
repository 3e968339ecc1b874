/** @module Timestamps as Kubernetes writes them (RFC 3339) in epoch milliseconds. */

/** Undefined where there is none, or none that can be read. */
export function epochMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
