/**
 * @module Go's duration text ("1h30m", "250ms") as milliseconds and back. Used by our kinds, the ACL token API and the CLI.
 * Source: pkg.go.dev/time#ParseDuration
 */
import { err, ok, type Result } from "./result.ts";

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // U+00B5, and U+03BC: Go reads both, and writes the first.
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const UNIT = "(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)";
const AMOUNT = "(?:\\d+(?:\\.\\d*)?|\\.\\d+)";
const DURATION = new RegExp(`^(?:${AMOUNT}${UNIT})+$`);

/** Milliseconds, fractions kept. A bare "0" is allowed, any other number without a unit is not. */
export function parseDuration(text: string): Result<number, string> {
  const unsigned = text.replace(/^[-+]/, "");
  if (unsigned === "0") return ok(0);
  if (!DURATION.test(unsigned)) {
    return err(`"${text}" is not a duration; write a number with a unit, such as "30s", "5m" or "1h30m"`);
  }
  let total = 0;
  for (const [, amount, unit] of unsigned.matchAll(/([\d.]+)([^\d.]+)/g)) {
    total += Number(amount) * (MS_PER_UNIT[unit ?? ""] ?? 0);
  }
  return ok(text.startsWith("-") ? -total : total);
}

/** Milliseconds of a text that a schema has let through, fractions kept; 0 for any other. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : 0;
}

/** Go's own spelling, such as "1h0m0s", "1.5s", "250ms", "1.5µs" or "0s". Rounded to whole nanoseconds, as Go has no less. */
export function formatDuration(exactMs: number): string {
  if (exactMs < 0) return `-${formatDuration(-exactMs)}`;
  const ms = Math.round(exactMs * 1e6) / 1e6;
  if (ms === 0) return "0s";
  if (ms < 1e-3) return `${trimNumber(ms * 1e6)}ns`;
  if (ms < 1) return `${trimNumber(ms * 1e3)}µs`;
  if (ms < 1000) return `${trimNumber(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = trimNumber((ms % 60_000) / 1000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

const trimNumber = (value: number): string => String(Number(value.toFixed(9)));
