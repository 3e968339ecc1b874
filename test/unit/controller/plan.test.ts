import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOMAD_SERVICE_POLICY, plan, type Plan } from "../../../src/controller/plan/exec-task.ts";
import type { AllocationView } from "../../../src/controller/plan/types.ts";
import { act, type Action, anyChange, changeInPlace, EMPTY_WORLD, friendlyRound, live, planOf, type World } from "./pod-world.ts";

const NOW = 10_000_000;

/** `0-1` is index 0, serial 1; ready for an hour, of version v1, unless said otherwise. */
function pod(place: string, fields: Partial<AllocationView> = {}): AllocationView {
  const [index = 0, serial = 0] = place.split("-").map(Number);
  const state = fields.state ?? "running";
  const ready = state === "running" ? { readySince: NOW - 3_600_000 } : {};
  return { name: `g-${place}`, uid: `uid-${place}`, index, serial, specHash: "v1", reschedules: 0, restarts: 0, state, ...ready, createdAt: NOW - 3_600_000, ...fields };
}

const failed = (place: string, agoMs: number, fields: Partial<AllocationView> = {}) => pod(place, { state: "failed", endedAt: NOW - agoMs, ...fields });
const waiting = (place: string, fields: Partial<AllocationView> = {}) => pod(place, { state: "pending", ...fields });

/** A plan in short: places to create as index-serial(reschedules), names without the group. */
function short({ create, stop, end, forget, wakeInMs, updating }: Plan) {
  const places = (pods: readonly { readonly name: string }[]) => pods.map(({ name }) => name.slice(2));
  const made = create.map(({ index, serial, reschedules }) => `${index}-${serial}(${reschedules})`);
  const lists = { create: made, stop: places(stop), end: places(end), forget: places(forget) };
  return { ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)), ...(wakeInMs === undefined ? {} : { wakeInMs }), ...(updating ? { updating } : {}) };
}

const planFor = (count: number, allocations: readonly AllocationView[], specHash = "v1") =>
  short(plan({ desired: { count, specHash }, allocations, policy: NOMAD_SERVICE_POLICY, now: NOW }));

describe("plan", () => {
  it.each<[string, number, readonly AllocationView[], object]>([
    ["makes every missing allocation at once", 3, [], { create: ["0-1(0)", "1-1(0)", "2-1(0)"] }],
    ["fills the gap only", 3, [pod("0-1"), pod("2-1")], { create: ["1-1(0)"] }],
    ["does nothing when all is well", 2, [pod("0-1"), pod("1-1")], {}],
    ["counts one that is not ready yet", 2, [pod("0-1"), waiting("1-1")], {}],
    ["stops those above the count", 1, [pod("0-1"), pod("1-1"), waiting("2-1")], { stop: ["1-1", "2-1"] }],
    ["stops all at count 0", 0, [pod("0-1"), pod("1-1")], { stop: ["0-1", "1-1"] }],
    ["replaces one that is stopping, under the next serial", 1, [pod("0-4", { state: "stopping" })], { create: ["0-5(0)"] }],
    ["replaces one that completed, at once", 1, [pod("0-1", { state: "complete", endedAt: NOW })], { create: ["0-2(0)"] }],
    ["ends one whose launcher gave up, and waits for that", 1, [pod("0-1", { state: "spent" })], { end: ["0-1"] }],
    ["keeps the ready one of two with an index", 1, [waiting("0-1"), pod("0-2")], { stop: ["0-1"] }],
    ["keeps the older of two that are ready", 1, [pod("0-2"), pod("0-1")], { stop: ["0-2"] }],
    ["looks again when a restart delay is over", 1, [waiting("0-1", { readyFrom: NOW + 4_000 })], { wakeInMs: 4_000 }],
    ["looks again at the first of several", 2, [waiting("0-1", { readyFrom: NOW + 4_000 }), failed("1-1", 29_000)], { wakeInMs: 1_000 }],
  ])("%s", (_name, count, allocations, expected) => expect(planFor(count, allocations)).toEqual(expected));
});

describe("a failed allocation", () => {
  it.each([
    [0, 30_000],
    [1, 60_000],
    [2, 120_000],
    [6, 1_920_000],
    [7, 3_600_000],
    [40, 3_600_000],
    [5_000, 3_600_000],
  ])("that was rescheduled %i times is replaced after %i ms, and kept", (reschedules, delay) => {
    expect(planFor(1, [failed("0-7", delay - 1, { reschedules })])).toEqual({ wakeInMs: 1 });
    expect(planFor(1, [failed("0-7", delay, { reschedules })])).toEqual({ create: [`0-8(${reschedules + 1})`] });
  });

  it("of an older version is replaced at once, and counts anew", () => {
    expect(planFor(1, [failed("0-3", 0, { reschedules: 9 })], "v2")).toEqual({ create: ["0-4(0)"] });
  });

  it("holds nobody else up", () => {
    expect(planFor(3, [failed("0-1", 10_000), pod("1-1")])).toEqual({ create: ["2-1(0)"], wakeInMs: 20_000 });
  });

  it("is judged by the newest of its index alone", () => {
    expect(planFor(1, [failed("0-2", 5_000, { reschedules: 1 }), failed("0-1", 90_000)])).toEqual({ wakeInMs: 55_000 });
  });
});

describe("ended allocations", () => {
  const old = (n: number) => Array.from({ length: n }, (_, i) => failed(`0-${i + 1}`, 1_000_000 - i));

  it.each([
    ["five are kept", [...old(5), pod("0-9")], {}],
    ["of seven the oldest two go", [...old(7), pod("0-9")], { forget: ["0-2", "0-1"] }],
    ["the newest of an index stays, however old", [failed("1-1", 9_000_000, { reschedules: 40 }), ...old(7), pod("0-9")], { create: ["1-2(41)"], forget: ["0-2", "0-1"] }],
    ["the newest of an index that is no longer wanted goes too", [failed("2-1", 9_000_000), ...old(5), pod("0-9"), pod("1-1")], { forget: ["2-1"] }],
    ["what is stopping is left to Kubernetes", [...old(5), failed("0-0", 9_000_000, { state: "stopping" }), pod("0-9"), pod("1-1")], {}],
  ])("%s", (_name, allocations, expected) => {
    expect(planFor(allocations.some((each) => each.index === 1) ? 2 : 1, allocations)).toEqual(expected);
  });
});

describe("an update", () => {
  const v2 = (place: string, readyForMs?: number) =>
    readyForMs === undefined ? waiting(place, { specHash: "v2" }) : pod(place, { specHash: "v2", readySince: NOW - readyForMs });

  it.each<[string, readonly AllocationView[], object]>([
    ["begins with the lowest index", [pod("0-1"), pod("1-1"), pod("2-1")], { stop: ["0-1"], create: ["0-2(0)"] }],
    ["takes one that is not ready first", [pod("0-1"), waiting("1-1"), pod("2-1")], { stop: ["1-1"], create: ["1-2(0)"] }],
    ["waits for the new one to be ready", [v2("0-2"), pod("1-1"), pod("2-1")], {}],
    ["waits until the new one has been ready for 10 s", [v2("0-2", 4_000), pod("1-1"), pod("2-1")], { wakeInMs: 6_000 }],
    ["goes on then", [v2("0-2", 10_000), pod("1-1"), pod("2-1")], { stop: ["1-1"], create: ["1-2(0)"] }],
    ["stops at a new one that failed", [failed("0-2", 1_000, { specHash: "v2" }), pod("1-1"), pod("2-1")], { wakeInMs: 29_000 }],
    ["fills a gap with the new version and takes nothing meanwhile", [pod("0-1"), pod("2-1")], { create: ["1-1(0)"] }],
    ["is not held up by old ones that are broken", [waiting("0-1"), waiting("1-1"), waiting("2-1")], { stop: ["0-1"], create: ["0-2(0)"] }],
    ["takes a broken old one even while it fills a gap", [waiting("0-1"), pod("2-1")], { stop: ["0-1"], create: ["0-2(0)", "1-1(0)"] }],
    ["waits with the new one before the next broken old one", [v2("0-2"), waiting("1-1"), waiting("2-1")], {}],
  ])("%s", (_name, allocations, expected) => expect(planFor(3, allocations, "v2")).toEqual({ ...expected, updating: true }));

  it("is over when every live allocation has the new version", () => {
    expect(planFor(2, [v2("0-2", 0), v2("1-2")], "v2")).toEqual({});
  });
});

const anyPod: fc.Arbitrary<AllocationView> = fc
  .record({
    index: fc.nat(5), serial: fc.integer({ min: 1, max: 6 }), specHash: fc.constantFrom("v1", "v2"), reschedules: fc.nat(3),
    state: fc.constantFrom("pending", "running", "spent", "failed", "complete", "stopping"), ago: fc.nat(100_000),
  })
  .map(({ ago, ...fields }) => ({
    ...fields, name: `g-${fields.index}-${fields.serial}`, uid: `uid-${fields.index}-${fields.serial}`, createdAt: NOW - ago, restarts: 0,
    ...(fields.state === "running" ? { readySince: NOW - ago } : {}), ...(fields.state === "failed" || fields.state === "complete" ? { endedAt: NOW - ago } : {}),
  }));

/** Any set of pods at all, whether or not our controller could have made it. */
const anyWorld: fc.Arbitrary<World> = fc
  .record({ pods: fc.uniqueArray(anyPod, { maxLength: 16, selector: ({ name }) => name }), count: fc.nat(4), specHash: fc.constantFrom("v1", "v2") })
  .map(({ pods, count, specHash }) => ({ pods, desired: { count, specHash }, now: NOW, made: 1_000 }));

const indexesOf = (pods: readonly AllocationView[]) => pods.map(({ index }) => index);
const newestOf = (world: World, index: number) => Math.max(0, ...world.pods.filter((each) => each.index === index).map(({ serial }) => serial));

/** The healthy allocations that a plan takes away and that are not above the count or one of two. */
function healthyTaken(world: World, next: Plan) {
  const stopped = new Set(next.stop.map(({ uid }) => uid));
  const kept = live(world).filter(({ uid }) => !stopped.has(uid));
  const keptIndexes = new Set(indexesOf(kept));
  return live(world).filter((each) => stopped.has(each.uid) && each.readySince !== undefined && each.index < world.desired.count && !keptIndexes.has(each.index));
}

/** What must hold of a plan, whatever the pods. */
function checkPlan(world: World): void {
  const next = planOf(world);
  const after = act(world, next);
  expect(new Set(indexesOf(live(after))).size).toBe(live(after).length);
  expect(live(after).length).toBeLessThanOrEqual(world.desired.count);
  for (const { index, serial } of next.create) expect(serial).toBe(newestOf(world, index) + 1);
  const stateOf = (uid: string) => world.pods.find((each) => each.uid === uid)?.state;
  for (const { uid } of next.stop) expect(["pending", "running"]).toContain(stateOf(uid));
  for (const { uid } of next.end) expect(stateOf(uid)).toBe("spent");
  for (const { uid } of next.forget) expect(["failed", "complete"]).toContain(stateOf(uid));
  if (next.wakeInMs !== undefined) expect(next.wakeInMs).toBeGreaterThan(0);
  checkUpdate(world, next);
  checkKept(world, after);
}

function checkUpdate(world: World, next: Plan): void {
  const taken = healthyTaken(world, next);
  expect(new Set(indexesOf(taken)).size).toBeLessThanOrEqual(1);
  if (taken.length === 0) return;
  const others = live(world).filter((each) => each.index < world.desired.count && each.index !== taken[0]?.index);
  const ready = others.filter((each) => each.readySince !== undefined);
  expect(new Set(indexesOf(ready)).size).toBe(world.desired.count - 1);
}

function checkKept(before: World, after: World): void {
  const ended = (world: World) => world.pods.filter((each) => each.state === "failed" || each.state === "complete");
  expect(ended(after).length).toBeGreaterThanOrEqual(Math.min(5, ended(before).length));
  for (const each of ended(before)) {
    const isNewest = each.serial === newestOf(before, each.index) && each.index < before.desired.count;
    if (isNewest) expect(after.pods.map(({ uid }) => uid)).toContain(each.uid);
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
const sorted = (next: Plan) => ({ ...next, stop: next.stop.toSorted(byName), end: next.end.toSorted(byName) });

describe("plan, whatever the pods are", () => {
  it("keeps its invariants", () => {
    fc.assert(fc.property(anyWorld, checkPlan), { numRuns: 1_000 });
  });

  it("does not depend on the order of the pods", () => {
    fc.assert(
      fc.property(anyWorld, fc.infiniteStream(fc.nat()), (world, keys) => {
        const order = world.pods.map((each) => ({ each, key: keys.next().value ?? 0 })).sort((a, b) => a.key - b.key);
        expect(sorted(planOf({ ...world, pods: order.map(({ each }) => each) }))).toEqual(sorted(planOf(world)));
      }),
      { numRuns: 300 },
    );
  });
});

type Turn = { readonly change: Action; readonly act: boolean; readonly steps: number };
const history = fc.array(fc.record({ change: anyChange, act: fc.boolean(), steps: fc.constantFrom(0, 1, 2, 3, 99) }), { maxLength: 50, size: "max" });

/** A life of changes and reconciles, some of which crash after a few writes. */
const lifeOf = (turns: readonly Turn[], each: (world: World) => void = () => undefined): World =>
  turns.reduce((world, turn) => {
    const changed = turn.change(world);
    if (!turn.act) return changed;
    each(changed);
    return act(changed, planOf(changed), turn.steps);
  }, EMPTY_WORLD);

describe("plan, over a life with crashes", () => {
  it("keeps its invariants at every step", () => {
    fc.assert(fc.property(history, (turns) => void lifeOf(turns, checkPlan)), { numRuns: 400 });
  });

  it("plans nothing more right after it has acted, whether or not it crashed in between", () => {
    fc.assert(
      fc.property(history, fc.nat(6), (turns, steps) => {
        const world = lifeOf(turns);
        const crashed = act(world, planOf(world), steps);
        const done = act(act(crashed));
        expect(short(planOf(done))).toEqual({ ...(planOf(done).wakeInMs === undefined ? {} : { wakeInMs: planOf(done).wakeInMs }), ...(planOf(done).updating ? { updating: true } : {}) });
        expect(done.made - world.made).toBeLessThanOrEqual(world.desired.count);
      }),
      { numRuns: 300 },
    );
  });

  it("ends with all allocations ready, of the present version, and with nothing left to do", () => {
    fc.assert(
      fc.property(history, (turns) => {
        let world = lifeOf(turns);
        for (let round = 0; round < 30; round++) world = friendlyRound(world);
        expect(indexesOf(live(world)).sort((a, b) => a - b)).toEqual(Array.from({ length: world.desired.count }, (_, i) => i));
        expect(live(world).every((each) => each.readySince !== undefined && each.specHash === world.desired.specHash)).toBe(true);
        expect(short(planOf(world))).toEqual({});
      }),
      { numRuns: 300 },
    );
  });

  /** Where an index is given up and wanted again behind a lagging cache, two can live until it has caught up: the next plan stops one. */
  it("never has two live allocations of a wanted index although its cache lags behind", () => {
    const lagging = fc.array(fc.record({ change: changeInPlace, seen: fc.nat(3) }), { maxLength: 50, size: "max" });
    fc.assert(
      fc.property(lagging, (turns) => {
        const past: World[] = [EMPTY_WORLD];
        let seen = 0;
        let world = EMPTY_WORLD;
        for (const turn of turns) {
          world = turn.change(world);
          past.push(world);
          seen = Math.min(past.length - 1, seen + turn.seen);
          const stale = { ...world, pods: past[seen]?.pods ?? [] };
          world = act(world, planOf(stale));
          past.push(world);
          expect(new Set(indexesOf(live(world))).size).toBe(live(world).length);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("the simulated cluster", () => {
  it("reaches every state and both kinds of replacement, or the properties above prove little", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(history, (turns) => {
        const world = lifeOf(turns, (before) => {
          const next = planOf(before);
          if (healthyTaken(before, next).length > 0) seen.add("healthy one taken by an update");
          if (next.forget.length > 0) seen.add("forgotten");
          if (next.create.some(({ reschedules }) => reschedules > 0)) seen.add("rescheduled");
          if (next.wakeInMs !== undefined) seen.add("wait");
        });
        for (const each of world.pods) seen.add(each.state);
      }),
      { numRuns: 400, seed: 1 },
    );
    const states = ["complete", "failed", "pending", "running", "spent", "stopping"];
    expect([...seen].sort()).toEqual([...states, "forgotten", "healthy one taken by an update", "rescheduled", "wait"].sort());
  });
});
