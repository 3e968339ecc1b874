/** @module Cron expressions and when they are due, beside the library of Nomad's own Go api module. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextDue, nextLaunch, type OffsetAt, nextPeriodicLaunch, zoneOffset } from "../../../../src/nomad/jobspec/cron/next-launch.ts";
import { parseCron } from "../../../../src/nomad/jobspec/cron/parse-cron.ts";
import { askGo } from "./job-oracle.ts";

const EXPRESSIONS = [
  "* * * * *", "*/5 * * * *", "0 0 * * *", "15 2 * * *", "30 1,2,3 * * *", "0 0 1 * *", "0 0 31 * *", "0 0 29 2 *", "0 12 * * MON-FRI", "0 0 * * 7",
  "0 0 * * 5-7", "0 0 13 * 5", "0 0 L * *", "0 0 LW * *", "0 0 15W * *", "0 0 1W * *", "0 0 2W 5 * 2026", "0 0 1W 8 * 2026", "0 0 31W 5 * 2026", "0 0 31W * *", "0 0 * * 5L", "0 0 * * fri#3", "0 0 * * 1#5",
  "0 0 ? * 3", "5/20 * * * *", "10-40/7 * * * *", "0 0 1 jan,July *", "0 0 * * * 2027", "30 0 0 * * * *", "*/20 */7 3 * * * 2030-2032", "@yearly",
  "@annually", "@monthly", "@weekly", "@daily", "@hourly", "@midnight", "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
  "*/0 * * * *", "*/60 * * * *", "* */24 * * *", "1-x * * * *", "a * * * *", "1,,2 * * * *", ", * * * *", "0 0 32W * *", "0 0 * * 5#6",
  "0 0 30 2 *", "0 0 * * * 1999", "0 0 1 1 * 2099", "1 2 3 4 5 2030 7 8 9", "0 0 * * sunday", "0 0 * * 0-7", "0 0 * * 6-1", "* * * *\t*", "007 * * * *",
  "0 0 1,L,15W * mon#1,fril", "*/5/5 * * * *", "1- * * * *", "-1 * * * *", "0 0 * * mon-", "0 0 l * *", "0 0 * * ,", "1/ * * * *",
];

const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Auckland"];

/** Around both changes of the clock in 2026 in Europe and America, and days of no note. Unix seconds. */
const INSTANTS = [1_772_953_190, 1_774_742_400, 1_774_746_000, 1_792_892_400, 1_793_509_203, 1_800_000_000, 1_767_225_599];

const clocks = new Map<string, OffsetAt>(ZONES.map((zone) => [zone, clockOf(zone)]));

function clockOf(zone: string): OffsetAt {
  const clock = zoneOffset(zone);
  if (!clock.ok) throw new Error(clock.error);
  return clock.value;
}

type Launch = { readonly Spec: string; readonly Zone: string; readonly After: number };

/** In Unix seconds, as Go answers. */
function ourLaunch({ Spec, Zone, After }: Launch): number | string {
  const schedule = parseCron(Spec);
  if (!schedule.ok) return `failed parsing cron expression: ${Spec}: ${schedule.error}`;
  return (nextDue(schedule.value, clocks.get(Zone) ?? (() => 0), After * 1000) ?? NEVER) / 1000;
}

/** What Go and we do not agree about. */
async function differing(cases: readonly Launch[]): Promise<readonly unknown[]> {
  const answers = await askGo(cases.map((launch) => ({ Op: "launch", ...launch })));
  const both = cases.map((launch, at) => ({ ...launch, ours: ourLaunch(launch), go: answers[at]?.Error ?? answers[at]?.Result }));
  return both.filter(({ ours, go }) => ours !== go);
}

describe("a cron expression", () => {
  it("is due when Nomad's own library says so", async () => {
    const cases = EXPRESSIONS.flatMap((Spec) => ZONES.flatMap((Zone) => INSTANTS.map((After) => ({ Spec, Zone, After }))));
    expect(await differing(cases.filter(({ Spec }) => Spec !== ""))).toEqual([]);
  }, 300_000);

  it("is due at generated times as well", async () => {
    const number = fc.integer({ min: 0, max: 33 });
    const entry = fc.oneof(fc.constantFrom("*", "?", "L", "lw", "2W", "3#2", "4l"), number.map(String), fc.tuple(number, number).map(([a, b]) => `${a}-${b}`), fc.tuple(number, number).map(([a, b]) => `${a}/${b}`), number.map((a) => `*/${a}`));
    const field = fc.array(entry, { minLength: 1, maxLength: 3 }).map((entries) => entries.join(","));
    const spec = fc.oneof({ weight: 3, arbitrary: fc.tuple(number, number, field, fc.constant("*"), field) }, { weight: 1, arbitrary: fc.array(field, { minLength: 5, maxLength: 7 }) }).map((fields) => fields.join(" "));
    const cases = fc.sample(fc.record({ Spec: spec, Zone: fc.constantFrom(...ZONES), After: fc.integer({ min: 1_760_000_000, max: 1_830_000_000 }) }), { numRuns: 1500, seed: 3 });
    expect(await differing(cases)).toEqual([]);
  }, 300_000);

  it("that names nothing is never due", () => {
    expect(nextLaunch("5-3 * * * *", "Europe/Berlin", 0)).toEqual({ ok: true, value: undefined });
  });

  it("with seconds takes few looks at a clock that is about to change", () => {
    const clock = clocks.get("Europe/Berlin") ?? (() => 0);
    for (const expression of ["* * * * * * *", "* * 2 * * * *", "59 59 23 * * * *"]) {
      const schedule = parseCron(expression);
      let looks = 0;
      const counted: OffsetAt = (ms) => {
        looks += 1;
        return clock(ms);
      };
      for (const after of INSTANTS) expect(schedule.ok && nextDue(schedule.value, counted, after * 1000)).toBeGreaterThan(after * 1000);
      expect(looks).toBeLessThan(50_000);
    }
  });

  it("is due in a zone by name", () => {
    expect(nextLaunch("0 4 * * *", "Asia/Kolkata", 0)).toEqual({ ok: true, value: (28 - 5.5) * 3_600_000 });
    expect(nextLaunch("0 4 * *", "Asia/Kolkata", 0)).toEqual({ ok: false, error: "failed parsing cron expression: 0 4 * *: missing field(s)" });
  });

  it("never throws, and refuses what is too long", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof parseCron(text).ok === "boolean"));
    expect(parseCron("* ".repeat(1000))).toEqual({ ok: false, error: "cron expression has 2000 characters, and at most 1024 are read" });
  });
});

/** Go's zero time, in ms. */
const NEVER = -62_135_596_800_000;

describe("a periodic block", () => {
  const periodic = { Enabled: true, Spec: "", Specs: ["0 5 * * *", "0 3 * * *"], SpecType: "cron", ProhibitOverlap: false, TimeZone: "UTC" };

  it("launches at the first of its expressions, and not when it is disabled", () => {
    expect(nextPeriodicLaunch(periodic, 0)).toEqual({ ok: true, value: 3 * 3_600_000 });
    expect(nextPeriodicLaunch({ ...periodic, Spec: "0 4 * * *" }, 0)).toEqual({ ok: true, value: 4 * 3_600_000 });
    expect(nextPeriodicLaunch({ ...periodic, Enabled: false }, 0)).toEqual({ ok: true, value: undefined });
  });

  it.each(["Mars/Olympus", "+05:00", "x y"])("has no zone called %s", (zone) => {
    const offset = zoneOffset(zone);
    expect(offset.ok ? "" : offset.error).toContain(`unknown time zone ${zone}`);
  });
});
