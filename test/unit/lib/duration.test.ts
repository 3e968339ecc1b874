import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "../../../src/lib/duration.ts";

describe("parseDuration", () => {
  it.each([
    ["0", 0], ["0s", 0], ["-0", 0], ["30s", 30_000], ["1h30m", 5_400_000], ["250ms", 250], ["1.5h", 5_400_000], [".5s", 500], ["5.s", 5_000], ["1m0.5s", 60_500],
    ["1us", 1e-3], ["1\u00b5s", 1e-3], ["1\u03bcs", 1e-3], ["2ns", 2e-6], ["-1h", -3_600_000], ["+5s", 5_000], ["1s1s", 2_000], ["1ms1m", 60_001], ["100h", 360_000_000],
  ])("reads %j as %d ms", (text, ms) => {
    const parsed = parseDuration(text);
    expect(parsed.ok ? parsed.value + 0 : parsed.error).toBeCloseTo(ms, 9);
  });

  it.each(["", " ", "30", "1.5", "s", ".s", "-", "--5s", "5 s", " 5s", "5s ", "5S", "1d", "1h30", "1..5s", "1.2.3s", "1e3s", "5s\n", "٣s", "NaNs", "constructor"])("refuses %j, and says what to write", (text) => {
    expect(parseDuration(text)).toEqual({ ok: false, error: `"${text}" is not a duration; write a number with a unit, such as "30s", "5m" or "1h30m"` });
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0s"], [-0, "0s"], [1, "1ms"], [250, "250ms"], [1_500, "1.5s"], [60_000, "1m0s"], [90_500, "1m30.5s"], [3_600_000, "1h0m0s"], [86_400_000, "24h0m0s"],
    [-5_000, "-5s"], [0.5, "500µs"], [0.0015, "1.5µs"], [0.000002, "2ns"], [0.0000001, "0s"], [1.000001, "1.000001ms"], [59_999.999999, "59.999999999s"],
    [999.9999999, "1s"], [59_999.9999999, "1m0s"], [3_599_999.9999999, "1h0m0s"],
  ])("writes %d ms as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    ["nanosecond within minutes", 1e-6, 1e11],
    ["millisecond within a century", 1, 4e12],
  ])("writes what parseDuration reads back to the same %s", (_name, unitMs, most) => {
    fc.assert(
      fc.property(fc.integer({ min: -most, max: most }), (units) => {
        const back = parseDuration(formatDuration(units * unitMs));
        expect(back.ok ? Math.round(back.value / unitMs) + 0 : back.error).toBe(units + 0);
      }),
    );
  });
});
