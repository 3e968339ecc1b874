import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GroupSpec, JobAllocation, JobPlan } from "../../../src/controller/plan/types.ts";
import { act, anyChange, clock, friendlyRound, isLive, isNodeJob, type JobWorld, lifeOf, newWorld, onPod, planOf, register, requests, turns } from "./job-world.ts";
import { BATCH_RESCHEDULE, group, UPDATE } from "./plan-fixtures.ts";

const update = fc.record({
  maxParallel: fc.constantFrom(1, 1, 2, 3, 0), canary: fc.constantFrom(0, 0, 1, 2, 4), progressDeadlineMs: fc.constantFrom(600_000, 600_000, 0),
  autoRevert: fc.boolean(), autoPromote: fc.boolean(),
});

const spec = (name: string, type: JobWorld["type"]): fc.Arbitrary<GroupSpec> =>
  fc.record({ count: fc.nat(4), hash: fc.constantFrom("a", "b", "c"), update, lostAfterMs: fc.constantFrom(0, 0, 30_000), replace: fc.constantFrom(true, true, true, false), reconcile: fc.constantFrom("best_score", "keep_original", "keep_replacement") })
    .map(({ count, hash, update: fields, ...disconnect }) => {
      const { update: _, ...plain } = group({ name, count, specHash: hash, disconnect, reschedule: BATCH_RESCHEDULE });
      if (type === "batch" || type === "sysbatch") return plain;
      return group({ name, count, specHash: hash, update: { ...UPDATE, ...fields }, migrate: { maxParallel: 1, minHealthyMs: 10_000 }, disconnect });
    });

const specsOf = (type: JobWorld["type"]): fc.Arbitrary<readonly GroupSpec[]> =>
  type === "service" ? fc.oneof(spec("g", type).map((each) => [each]), fc.tuple(spec("g", type), spec("h", type))) : spec("g", type).map((each) => [each]);

const lives = (type: JobWorld["type"], change = anyChange(specsOf(type))) => fc.tuple(specsOf(type).map((groups) => newWorld(type, groups)), turns(change));

const TYPES = ["service", "batch", "system", "sysbatch"] as const;

const isUnknown = (world: JobWorld, pod: JobAllocation) => world.nodes.some(({ name, lostSince }) => name === pod.node?.name && lostSince !== undefined);
const settled = (world: JobWorld) => world.pods.filter((pod) => isLive(pod) && !isUnknown(world, pod));
const isTrial = (world: JobWorld, pod: JobAllocation) => {
  const state = world.deployment;
  const of = state?.groups[pod.group];
  return state?.jobVersion === world.version && of !== undefined && of.desiredCanaries > 0 && !of.promoted && pod.canary === true && pod.jobVersion === world.version;
};
const distinct = (values: readonly unknown[]) => expect(new Set(values).size).toBe(values.length);

/** What must hold when a plan has been carried out. */
function checkAfter(world: JobWorld): void {
  for (const spec of world.groups) {
    const live = settled(world).filter((pod) => pod.group === spec.name);
    if (isNodeJob(world)) {
      distinct(live.map((pod) => pod.node?.name));
      distinct(live.map(({ index }) => index));
      continue;
    }
    const trials = live.filter((pod) => isTrial(world, pod));
    const others = live.filter((pod) => !isTrial(world, pod));
    distinct(others.map(({ index }) => index));
    distinct(trials.map(({ index }) => index));
    expect(others.length).toBeLessThanOrEqual(world.stopped ? 0 : spec.count);
    expect(trials.length).toBeLessThanOrEqual(world.deployment?.groups[spec.name]?.desiredCanaries ?? 0);
  }
}

/** What must hold of a plan itself. */
function checkPlan(world: JobWorld, next: JobPlan): void {
  const stateOf = (uid: string) => world.pods.find((pod) => pod.uid === uid)?.state;
  if (next.wakeInMs !== undefined) expect(next.wakeInMs).toBeGreaterThan(0);
  for (const each of Object.values(next.groups)) {
    distinct(each.create.map(({ index, serial }) => `${index}-${serial}`));
    distinct([...each.stop, ...each.end, ...each.forget].map(({ uid }) => uid));
    for (const { uid } of each.stop) expect(["pending", "running"]).toContain(stateOf(uid));
    for (const { uid } of each.forget) expect(["failed", "complete"]).toContain(stateOf(uid));
    for (const { index, serial } of each.create) expect(serial).toBeGreaterThan(Math.max(0, ...world.pods.filter((pod) => pod.group === each.group && pod.index === index).map((pod) => pod.serial)));
    for (const count of Object.values({ ...each.updates, ...each.summary })) expect(count).toBeGreaterThanOrEqual(0);
  }
}

describe.each(TYPES)("the plan of a %s job, over a life with crashes", (type) => {
  it("has no more allocations than it should, and no two in one place", () => {
    fc.assert(fc.property(lives(type), ([start, life]) => void lifeOf(start, life, (before, after) => {
      const next = planOf(before);
      checkPlan(before, next);
      if (next.revertTo === undefined) checkAfter(act(before, next));
      expect(after.reruns).toEqual([]);
    })), { numRuns: 120 });
  });

  it("does not depend on the order of the pods", () => {
    const sorted = (next: JobPlan) => JSON.stringify(next, (_key, value: unknown) => (Array.isArray(value) ? value.map((each) => JSON.stringify(each)).sort() : value));
    fc.assert(fc.property(lives(type), ([start, life]) => {
      const world = lifeOf(start, life);
      expect(sorted(planOf({ ...world, pods: world.pods.toReversed() }))).toBe(sorted(planOf(world)));
    }), { numRuns: 100 });
  });

  it("finds nothing more to do right after it was carried out", () => {
    fc.assert(fc.property(lives(type), ([start, life]) => {
      const done = act(act(lifeOf(start, life)));
      for (const { create, stop, updateInPlace, end } of Object.values(planOf(done).groups)) expect({ create, stop, updateInPlace, end }).toEqual({ create: [], stop: [], updateInPlace: [], end: [] });
    }), { numRuns: 100 });
  });

  it("comes to rest when its pods behave", () => {
    fc.assert(fc.property(lives(type), ([start, life]) => {
      let world = lifeOf(start, life);
      for (let round = 0; round < 60; round++) world = friendlyRound(world);
      const next = planOf(world);
      for (const { create, stop, end, forget, updateInPlace } of Object.values(next.groups)) expect([create, stop, end, forget, updateInPlace].flat()).toEqual([]);
      expect(next.wakeInMs).toBeUndefined();
      checkRest(world, next);
    }), { numRuns: 100 });
  });
});

/** Everything is there, healthy and new, unless a deployment waits for a person or has failed; a batch has run. */
function checkRest(world: JobWorld, next: JobPlan): void {
  const { deployment, groups, status } = next;
  const isHeld = deployment?.jobVersion === world.version && (deployment.status === "paused" || deployment.status === "failed" || (deployment.status === "running" && /promotion/.test(deployment.statusDescription)));
  const isBatch = world.type === "batch" || world.type === "sysbatch";
  if (world.stopped || isBatch) {
    expect(world.pods.filter(isLive)).toEqual([]);
    expect(status).toBe("dead");
    expect(Object.values(groups).every(({ finished }) => finished)).toBe(true);
    return;
  }
  if (isHeld || (isNodeJob(world) && hasFailedNode(world))) return;
  if (deployment?.jobVersion === world.version) expect(deployment.status).toBe("successful");
  for (const spec of world.groups) {
    const live = world.pods.filter((pod) => isLive(pod) && pod.group === spec.name);
    expect(live.every((pod) => pod.readySince !== undefined && pod.specHash === spec.specHash && pod.jobVersion === world.version)).toBe(true);
    if (!isNodeJob(world)) expect(new Set(live.map(({ index }) => index))).toEqual(new Set(Array.from({ length: spec.count }, (_, i) => i)));
  }
}

/** A failed allocation of a system job stays, and holds its update up. */
const hasFailedNode = (world: JobWorld) => world.pods.some((pod) => pod.state === "failed" && pod.wasStopped !== true && pod.jobVersion === world.version);

/** A healthy service or system job of version 0 and a second version. */
const update1 = fc.record({ type: fc.constantFrom<JobWorld["type"]>("service", "system"), count: fc.integer({ min: 1, max: 4 }), settings: update.map((each) => ({ ...each, maxParallel: Math.max(1, each.maxParallel) })) }).map(({ type, count, settings }) => {
  const of = (specHash: string) => group({ count, specHash, update: { ...UPDATE, ...settings } });
  let world = newWorld(type, [of("a")], count);
  for (let round = 0; round < 6; round++) world = friendlyRound(world);
  return { count, maxParallel: settings.maxParallel, world: register(world, [of("b")]) };
});

const isNew = (pod: JobAllocation) => pod.specHash === "b";
const readyOf = (world: JobWorld, which: (pod: JobAllocation) => boolean = () => true) => world.pods.filter((pod) => pod.state === "running" && which(pod));
const become = (state: "running" | "pending" | "failed", which: (pod: JobAllocation) => boolean) => fc.nat(9).map((n) => onPod(n, (pod) => isLive(pod) && which(pod), (world, { readySince: _since, ...pod }) => ({
  ...pod, state, ...(state === "running" ? { readySince: world.now } : state === "failed" ? { endedAt: world.now } : {}),
})));

describe("an update that starts from health", () => {
  it("keeps all but max_parallel allocations ready while new ones only come", () => {
    const life = turns(fc.oneof({ weight: 6, arbitrary: become("running", (pod) => isNew(pod) && pod.state === "pending") }, { weight: 6, arbitrary: clock }, { weight: 2, arbitrary: requests }));
    fc.assert(fc.property(update1, life, ({ world, count, maxParallel }, steps) => {
      lifeOf(world, steps, (_before, after) => expect(readyOf(after).length).toBeGreaterThanOrEqual(count - maxParallel));
    }), { numRuns: 300 });
  });

  it("takes no more than max_parallel old ones for a version that never becomes healthy", () => {
    const life = turns(fc.oneof({ weight: 6, arbitrary: become("failed", isNew) }, { weight: 3, arbitrary: become("pending", isNew) }, { weight: 6, arbitrary: clock }, { weight: 2, arbitrary: requests }));
    fc.assert(fc.property(update1, life, ({ world, count, maxParallel }, steps) => {
      lifeOf(world, steps, (_before, after) => expect(readyOf(after, (pod) => !isNew(pod)).length).toBeGreaterThanOrEqual(count - maxParallel));
    }), { numRuns: 300 });
  });
});

describe("an update with auto_revert", () => {
  /** Time goes on; whatever is of a bad version fails or hangs, and the rest becomes ready. */
  const round = (world: JobWorld, isBad: (pod: JobAllocation) => boolean, hangs: boolean): JobWorld => {
    const next = planOf(world);
    const acted = act(world, next);
    const pods = acted.pods.filter(({ state }) => state !== "stopping").map((pod): JobAllocation => {
      if (!isLive(pod) || pod.state === "running") return pod;
      if (!isBad(pod)) return { ...pod, state: "running", readySince: acted.now };
      return hangs ? pod : { ...pod, state: "failed", endedAt: acted.now };
    });
    return { ...acted, pods, now: acted.now + (next.wakeInMs ?? 1_000) };
  };
  const settings = fc.record({ canary: fc.constantFrom(0, 1, 3), maxParallel: fc.integer({ min: 1, max: 3 }), progressDeadlineMs: fc.constantFrom(0, 600_000), autoPromote: fc.boolean() });
  const rounds = (world: JobWorld, isBad: (pod: JobAllocation) => boolean, hangs: boolean) => Array.from({ length: 120 }).reduce<JobWorld>((each) => round(each, isBad, hangs), world);
  const of = (specHash: string, update: object) => [group({ count: 3, specHash, update: { ...UPDATE, autoRevert: true, ...update } })];

  it("ends with the last good version, gone back to once", () => {
    fc.assert(fc.property(settings, fc.boolean(), (update, hangs) => {
      const good = rounds(newWorld("service", of("good", update)), () => false, hangs);
      const world = rounds(register(good, of("bad", update)), ({ specHash }) => specHash === "bad", hangs);
      expect([world.reverted, world.groups[0]?.specHash, world.deployment?.status]).toEqual([[1], "good", "successful"]);
      expect(readyOf(world, ({ specHash }) => specHash === "good").length).toBe(3);
    }), { numRuns: 40 });
  });

  it("does not go back again from what it went back to", () => {
    fc.assert(fc.property(settings, fc.boolean(), (update, hangs) => {
      const good = rounds(newWorld("service", of("good", update)), () => false, hangs);
      const worn = { ...register(good, of("bad", update)), pods: [] };
      expect(rounds(worn, () => true, hangs).reverted).toEqual([1]);
    }), { numRuns: 40 });
  });
});

describe("the simulated cluster", () => {
  it("comes to everything that the properties are about, or they prove little", () => {
    const seen = new Set<string>();
    for (const type of TYPES) {
      fc.assert(fc.property(lives(type), ([start, life]) => {
        lifeOf(start, life, (before) => note(seen, before, planOf(before)));
      }), { numRuns: 400, seed: 1 });
    }
    const expected = ["canary", "completed", "destructive", "forget", "in place", "migrate", "old version", "promoted", "rerun avoided", "reschedule", "revert", "stable", "superseded", "unknown"];
    expect([...seen].filter((each) => !each.includes(":")).sort()).toEqual(expected);
    for (const status of ["running", "paused", "failed", "successful", "cancelled"]) expect(seen).toContain(`deployment: ${status}`);
  });
});

function note(seen: Set<string>, world: JobWorld, next: JobPlan): void {
  const groups = Object.values(next.groups);
  const marks: Readonly<Record<string, boolean>> = {
    canary: groups.some(({ updates }) => updates.Canary > 0),
    destructive: groups.some(({ updates }) => updates.DestructiveUpdate > 0),
    migrate: groups.some(({ updates }) => updates.Migrate > 0),
    reschedule: groups.some(({ updates }) => updates.RescheduleNow > 0),
    unknown: groups.some(({ summary }) => summary.Unknown > 0),
    "in place": groups.some(({ updateInPlace }) => updateInPlace.length > 0),
    forget: groups.some(({ forget }) => forget.length > 0),
    "old version": groups.some(({ create }) => create.some(({ jobVersion }) => jobVersion < world.version)),
    completed: groups.some(({ finished }) => finished),
    "rerun avoided": groups.some(({ completed, group: name }) => (completed?.indexes ?? "") !== "" && !world.pods.some((pod) => pod.group === name && pod.state === "complete")),
    promoted: Object.values(next.deployment?.groups ?? {}).some(({ promoted }) => promoted),
    revert: next.revertTo !== undefined,
    stable: next.markStable !== undefined,
    superseded: next.superseded !== undefined,
    [`deployment: ${next.deployment?.status}`]: true,
  };
  for (const [mark, isThere] of Object.entries(marks)) if (isThere) seen.add(mark);
}
