import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NomadJob } from "../../../../src/api/nomad-job.ts";
import { decideLaunch } from "../../../../src/controller/nomad-job/launch.ts";
import { JOB_GC_THRESHOLD_MS, KEPT_DEAD_CHILDREN } from "../../../../src/mapping/job-collection.ts";
import type { PeriodicConfig } from "../../../../src/nomad/job.ts";
import type { LooseJob } from "../../mapping/job/job-fixtures.ts";
import { apply, emptyCluster, type JobCluster, kubelet, nowOf, run, settle, statusOf, stop } from "./job-world.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-03-01T12:00:30Z");
const every = (Spec: string, fields: Partial<PeriodicConfig> = {}): PeriodicConfig => ({ Enabled: true, Spec, Specs: [], SpecType: "cron", ProhibitOverlap: false, TimeZone: "UTC", ...fields });
const periodic = (config: PeriodicConfig): LooseJob => ({ Type: "batch", Periodic: config, TaskGroups: [{ Count: 1, Tasks: [{ Config: { command: "work" } }] }] });
const time = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString().slice(11, 19));
const textOf = (ms: number) => Date.parse(`2026-03-01T${new Date(ms).toISOString().slice(11)}`);

describe("when a periodic job is launched", () => {
  type Case = readonly [config: PeriodicConfig, since: string, now: string, isBusy?: boolean];
  const decide = (...[config, since, now, isBusy = false]: Case) => {
    const decided = decideLaunch({ periodic: config, since: Date.parse(`2026-03-01T${since}Z`), now: Date.parse(`2026-03-01T${now}Z`), isBusy });
    if (!decided.ok) throw new Error(decided.error);
    const { launch, over, wakeInMs } = decided.value;
    return [time(launch), time(over), wakeInMs];
  };

  it.each<readonly [string, Case, readonly (string | number | undefined)[]]>([
    ["before its time", [every("* * * * *"), "12:00:30", "12:00:45"], [undefined, undefined, 15_000]],
    ["at its time", [every("* * * * *"), "12:00:30", "12:01:00"], ["12:01:00", "12:01:00", 60_000]],
    ["a little late", [every("* * * * *"), "12:00:30", "12:01:05"], ["12:01:00", "12:01:00", 55_000]],
    ["after a downtime, for the last of those that were missed", [every("* * * * *"), "12:00:30", "12:30:45"], ["12:30:00", "12:30:00", 15_000]],
    ["after a downtime of an hourly job", [every("0 * * * *"), "02:00:30", "12:30:00"], ["12:00:00", "12:00:00", 30 * MINUTE]],
    ["after a downtime, each second", [every("* * * * * * *"), "12:00:30", "12:01:31"], ["12:01:31", "12:01:31", 1_000]],
    ["when it was launched for this time already", [every("* * * * *"), "12:01:00", "12:01:00"], [undefined, undefined, 60_000]],
    ["of several expressions the first", [every("", { Specs: ["30 12 * * *", "15 12 * * *"] }), "12:00:30", "12:15:00"], ["12:15:00", "12:15:00", 15 * MINUTE]],
    ["that is not enabled", [every("* * * * *", { Enabled: false }), "12:00:30", "12:30:00"], [undefined, undefined, undefined]],
    ["in its own time zone", [every("0 9 * * *", { TimeZone: "America/New_York" }), "12:00:00", "14:00:00"], ["14:00:00", "14:00:00", 24 * 60 * MINUTE]],
  ])("%s", (_name, asked, expected) => expect(decide(...asked)).toEqual(expected));

  it("passes over a time when an earlier launch is at work and overlaps are prohibited, and only then", () => {
    expect(decide(every("* * * * *", { ProhibitOverlap: true }), "12:00:30", "12:01:00", true)).toEqual([undefined, "12:01:00", 60_000]);
    expect(decide(every("* * * * *", { ProhibitOverlap: true }), "12:00:30", "12:01:00", false)[0]).toBe("12:01:00");
    expect(decide(every("* * * * *"), "12:00:30", "12:01:00", true)[0]).toBe("12:01:00");
  });

  it("launches each time at the most once, in order, and never ahead of it, whenever it is asked", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 30 }), (pauses) => {
        let [since, now] = [textOf(START), textOf(START)];
        const launches: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const decided = decideLaunch({ periodic: every("*/20 * * * * * *"), since, now, isBusy: false });
          if (!decided.ok) throw new Error(decided.error);
          if (decided.value.launch !== undefined) launches.push(decided.value.launch);
          since = decided.value.over ?? since;
          expect(launches.at(-1) ?? 0).toBeLessThanOrEqual(now);
        }
        expect(launches).toEqual([...new Set(launches)].sort((a, b) => a - b));
      }),
    );
  });

  it("says what is wrong with an expression", () => expect(decideLaunch({ periodic: every("61 * * * *"), since: 0, now: START, isBusy: false })).toMatchObject({ ok: false }));
});

const childrenOf = ({ jobs }: JobCluster): readonly NomadJob[] => [...jobs.values()].filter(({ spec }) => spec.id.startsWith("web/"));

describe("a periodic NomadJob", () => {
  const cluster = () => {
    const made = emptyCluster({ now: START });
    apply(made, periodic(every("* * * * *")));
    return made;
  };

  it("runs nothing itself, and launches a child of its own at each time", async () => {
    const world = cluster();
    expect(await run(world)).toMatchObject({ kind: "wait", ms: 30_000 });
    expect(statusOf(world)).toMatchObject({ state: "running", children: { pending: 0, running: 0, dead: 0 } });
    world.now += 30_000;
    await run(world);
    await run(world);
    const at = (START + 30_000) / 1000;
    expect(childrenOf(world)).toMatchObject([{ spec: { id: `web/periodic-${at}`, job: { ID: `web/periodic-${at}`, ParentID: "web", Periodic: null } }, metadata: { annotations: { "nomad-bridge.dev/parent": "web" }, ownerReferences: [{ uid: nowOf(world).metadata.uid }] } }]);
    expect(statusOf(world)).toMatchObject({ lastLaunch: "2026-03-01T12:01:00.000Z", children: { pending: 1 } });
    const [child] = childrenOf(world);
    await settle(world, { name: child?.metadata.name ?? "", program: () => 0 });
    await run(world);
    expect(statusOf(world)).toMatchObject({ children: { pending: 0, running: 0, dead: 1 } });
  });

  it("makes one child for one time, although it died between making it and saying so", async () => {
    const world = cluster();
    await run(world);
    world.now += 30_000;
    world.refuse = (write) => {
      if (write === "writeStatus") throw new Error("killed");
      return undefined;
    };
    await expect(run(world)).rejects.toThrow("killed");
    world.refuse = () => undefined;
    world.now += 1_000;
    await run(world);
    expect(childrenOf(world).length).toBe(1);
  });

  it("launches nothing while it is stopped, nor what was missed meanwhile", async () => {
    const world = cluster();
    stop(world);
    world.now += 10 * MINUTE;
    await run(world);
    expect([childrenOf(world).length, statusOf(world).state]).toEqual([0, "dead"]);
    apply(world, periodic(every("* * * * *")));
    await run(world);
    expect(childrenOf(world)).toEqual([]);
    world.now += MINUTE;
    await run(world);
    expect(childrenOf(world).length).toBe(1);
  });

  it("ends what it ran itself before it became a parent", async () => {
    const world = emptyCluster({ now: START });
    apply(world, { Type: "batch", TaskGroups: [{ Count: 1 }] });
    await settle(world);
    apply(world, periodic(every("* * * * *")));
    await run(world);
    kubelet(world);
    expect([...world.pods.values()].map(({ status }) => status?.phase)).toEqual(["Failed"]);
  });
});

describe("jobs that are over", () => {
  it("go after Nomad's threshold when they are stopped", async () => {
    const world = emptyCluster();
    apply(world, { TaskGroups: [{ Count: 1 }] });
    await settle(world);
    stop(world);
    await run(world);
    kubelet(world);
    expect(await run(world)).toMatchObject({ kind: "wait", ms: JOB_GC_THRESHOLD_MS });
    world.now += JOB_GC_THRESHOLD_MS;
    await run(world);
    expect(world.jobs.size).toBe(0);
  });

  it("stay when they are batch jobs that somebody applied, and services that are only dead", async () => {
    const world = emptyCluster();
    apply(world, { Type: "batch", TaskGroups: [{ Count: 1 }] });
    await settle(world, { program: () => 0 });
    world.now += 10 * JOB_GC_THRESHOLD_MS;
    await run(world);
    expect(statusOf(world).state).toBe("dead");
  });

  it("stay when they are parents of a child that is at work, and go after it", async () => {
    const world = emptyCluster({ now: START });
    apply(world, periodic(every("* * * * *")));
    await run(world);
    world.now += MINUTE;
    await run(world);
    const [child] = childrenOf(world);
    await settle(world, { name: child?.metadata.name ?? "", rounds: 2 });
    stop(world);
    await run(world);
    world.now += 2 * JOB_GC_THRESHOLD_MS;
    await run(world);
    expect(world.jobs.has("web")).toBe(true);
    await settle(world, { name: child?.metadata.name ?? "", program: () => 0, rounds: 2 });
    await run(world);
    await run(world);
    expect(world.jobs.has("web")).toBe(false);
  });

  /** A parent with some children at work, and so many dead ones that some must go. */
  async function withChildren(count: number) {
    const world = emptyCluster({ now: START });
    apply(world, { Type: "batch", ParameterizedJob: { Payload: "optional", MetaRequired: [], MetaOptional: [] }, TaskGroups: [{ Count: 1 }] });
    await run(world);
    const parent = nowOf(world);
    for (let i = 0; i < count; i++) {
      const id = `web/dispatch-${i}`;
      const state = i < 10 ? "running" : "dead";
      world.jobs.set(id, {
        ...parent,
        metadata: { name: id, namespace: "team", uid: `child-${i}`, generation: 1, annotations: { "nomad-bridge.dev/parent": "web" }, ownerReferences: [{ apiVersion: "", kind: "NomadJob", name: "web", uid: parent.metadata.uid ?? "", controller: true }] },
        spec: { ...parent.spec, id, job: { ...parent.spec.job, Dispatched: true } },
        status: { observedGeneration: 1, state, memory: { deadSince: START + i } },
      });
    }
    return world;
  }

  const deadOf = (world: JobCluster) => childrenOf(world).filter(({ status }) => status?.state === "dead").length;

  it("go on at once where a parent has more of them than one look removes", async () => {
    const world = await withChildren(KEPT_DEAD_CHILDREN + 10 + 250);
    expect([await run(world), deadOf(world)]).toEqual([{ kind: "wait", ms: 100, reason: "an allocation or a launch becomes due" }, KEPT_DEAD_CHILDREN + 150]);
    await run(world);
    await run(world);
    expect(deadOf(world)).toBe(KEPT_DEAD_CHILDREN);
    expect(await run(world)).toEqual({ kind: "settled" });
  });

  it("are left for the next look where somebody has changed them meanwhile", async () => {
    const world = await withChildren(KEPT_DEAD_CHILDREN + 10 + 3);
    let refusals = 1;
    const refused = { ...world, refuse: (write: string) => (write === "deleteJob" && refusals-- > 0 ? { retry: true, reason: "Conflict", message: "it was changed" } : undefined) };
    expect([await run(refused), deadOf(world)]).toEqual([{ kind: "wait", ms: 100, reason: "an allocation or a launch becomes due" }, KEPT_DEAD_CHILDREN + 1]);
  });

  it("leave of a parent's dead children the newest few, and all that are at work", async () => {
    const world = await withChildren(KEPT_DEAD_CHILDREN + 20);
    await run(world);
    expect(deadOf(world)).toBe(KEPT_DEAD_CHILDREN);
    expect(world.jobs.has("web/dispatch-19")).toBe(false);
    expect(world.jobs.has("web/dispatch-20")).toBe(true);
    expect(world.jobs.has("web/dispatch-0")).toBe(true);
    expect(statusOf(world)).toMatchObject({ children: { running: 10, dead: KEPT_DEAD_CHILDREN + 10 } });
  });
});
