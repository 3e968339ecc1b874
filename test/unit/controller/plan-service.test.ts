import { describe, expect, it } from "vitest";
import { planJob } from "../../../src/controller/plan/job.ts";
import type { DisconnectPolicy, GroupSpec, JobAllocation, JobPlanInput, ReschedulePolicy } from "../../../src/controller/plan/types.ts";
import { allocation, group, job, NOW, SERVICE_RESCHEDULE, short, UPDATE } from "./plan-fixtures.ts";

const planOf = (allocations: readonly JobAllocation[], spec: Partial<GroupSpec> = {}, rest: Partial<JobPlanInput> = {}) => planJob(job({ allocations, groups: [group(spec)], ...rest }));
const shortOf = (...args: Parameters<typeof planOf>) => short(planOf(...args).groups["g"]!);

const lost = (place: string, agoMs: number, fields: Partial<JobAllocation> = {}) => allocation(place, { node: { name: "gone", lostSince: NOW - agoMs }, ...fields });
const drained = (place: string, deadlineAt?: number, fields: Partial<JobAllocation> = {}) =>
  allocation(place, { node: { name: "n", drain: deadlineAt === undefined ? {} : { deadlineAt } }, ...fields });
const failed = (place: string, agoMs: number, fields: Partial<JobAllocation> = {}) => allocation(place, { state: "failed", endedAt: NOW - agoMs, ...fields });

const MIGRATING = "alloc is being migrated";
const LOST = "alloc is lost since its node is down";
const NOT_NEEDED = "alloc not needed due to job update";

describe("a request for one allocation of a service", () => {
  it.each<[string, readonly JobAllocation[], object]>([
    ["stops it and has it replaced at once", [allocation("0-1", { transition: "stop" })], { create: ["0-2"], stop: [`0-1: ${MIGRATING}`] }],
    ["moves it", [allocation("0-1", { transition: "migrate" })], { create: ["0-2"], stop: [`0-1: ${MIGRATING}`] }],
    ["spares a failed one its delay", [failed("0-1", 0, { transition: "reschedule" })], { create: ["0-2(1)"] }],
    ["has its successor placed at once, however it ended and although we died in between", [failed("0-1", 0, { wasStopped: true })], { create: ["0-2"] }],
    ["is over once its successor is there", [allocation("0-1", { transition: "stop", state: "stopping" }), allocation("0-2")], {}],
  ])("%s", (_name, allocations, expected) => expect(shortOf(allocations)).toEqual(expected));

  it("tells of the allocation whose place is taken", () => {
    const [made] = planOf([allocation("0-1", { transition: "stop" })]).groups["g"]!.create;
    expect(made?.previous).toEqual({ uid: "uid-0-1", node: "node-0" });
  });
});

describe("a node that does not answer", () => {
  const policy = (fields: Partial<DisconnectPolicy>) => ({ disconnect: { lostAfterMs: 60_000, replace: true, reconcile: "best_score" as const, ...fields } });

  it.each<[string, readonly JobAllocation[], Partial<GroupSpec>, object]>([
    ["loses its allocations at once", [lost("0-1", 0)], {}, { create: ["0-2"], stop: [`0-1: ${LOST}`] }],
    ["keeps them unknown for a while, beside another", [lost("0-1", 50_000)], policy({}), { create: ["0-2"], wakeInMs: 10_000 }],
    ["has no second one made", [lost("0-1", 50_000), allocation("0-2")], policy({}), { wakeInMs: 10_000 }],
    ["loses them after that while", [lost("0-1", 60_000), allocation("0-2")], policy({}), { stop: [`0-1: ${LOST}`] }],
    ["has nothing made where nothing may replace them", [lost("0-1", 9_000_000)], policy({ replace: false }), {}],
    ["gives back the older one", [allocation("0-1"), allocation("0-2")], policy({}), { stop: [`0-2: ${NOT_NEEDED}`] }],
    ["gives back the ready one", [allocation("0-1", { state: "pending" }), allocation("0-2")], policy({}), { stop: [`0-1: ${NOT_NEEDED}`] }],
    ["gives back the original where it must", [allocation("0-1", { state: "pending" }), allocation("0-2")], policy({ reconcile: "keep_original" }), { stop: [`0-2: ${NOT_NEEDED}`] }],
    ["gives back nothing where the replacement stays", [allocation("0-1"), allocation("0-2")], policy({ reconcile: "keep_replacement" }), { stop: [`0-1: ${NOT_NEEDED}`] }],
  ])("%s", (_name, allocations, spec, expected) => expect(shortOf(allocations, spec)).toEqual(expected));
});

describe("a drain", () => {
  const migrate = { migrate: { maxParallel: 1, minHealthyMs: 10_000 } };
  const young = (place: string, readyForMs: number) => allocation(place, { readySince: NOW - readyForMs });

  it.each<[string, readonly JobAllocation[], Partial<GroupSpec>, object]>([
    ["moves max_parallel of them", [drained("0-1"), drained("1-1"), allocation("2-1")], migrate, { create: ["0-2"], stop: [`0-1: ${MIGRATING}`] }],
    ["waits until the moved one is healthy", [young("0-2", 4_000), drained("1-1"), allocation("2-1")], migrate, { wakeInMs: 6_000 }],
    ["goes on then", [young("0-2", 10_000), drained("1-1"), allocation("2-1")], migrate, { create: ["1-2"], stop: [`1-1: ${MIGRATING}`] }],
    ["spares none while another is not ready", [drained("0-1"), allocation("1-1", { state: "pending" }), allocation("2-1")], migrate, {}],
    ["moves one that is not ready at once", [drained("0-1", undefined, { state: "pending" }), drained("1-1"), allocation("2-1")], migrate, { create: ["0-2"], stop: [`0-1: ${MIGRATING}`] }],
    ["moves all when its time is over", [drained("0-1", NOW), drained("1-1", NOW), drained("2-1", NOW)], migrate, { create: ["0-2", "1-2", "2-2"], stop: ["0-1", "1-1", "2-1"].map((each) => `${each}: ${MIGRATING}`) }],
    ["waits for its deadline where nothing is said of migration", [drained("0-1", NOW + 7_000), allocation("1-1"), allocation("2-1")], {}, { wakeInMs: 7_000 }],
  ])("%s", (_name, allocations, spec, expected) => expect(shortOf(allocations, { count: 3, ...spec })).toEqual(expected));
});

describe("a delay before a failed allocation is replaced", () => {
  const waitOf = (policy: Partial<ReschedulePolicy>, reschedules: number) =>
    short(planOf([failed("0-1", 0, { reschedules, createdAt: NOW - 1_000 })], { reschedule: { ...SERVICE_RESCHEDULE, ...policy } }).groups["g"]!);

  it.each<[ReschedulePolicy["delayFunction"], readonly number[]]>([
    ["constant", [30, 30, 30, 30, 30]],
    ["exponential", [30, 60, 120, 240, 300]],
    ["fibonacci", [30, 30, 60, 90, 150]],
  ])("grows as %s says: %j s", (delayFunction, seconds) => {
    seconds.forEach((each, reschedules) => expect(waitOf({ delayFunction, maxDelayMs: 300_000 }, reschedules)).toEqual({ wakeInMs: each * 1_000 }));
  });

  it("begins anew after one that lived longer than the greatest delay", () => {
    const long = failed("0-9", 29_999, { reschedules: 8, createdAt: NOW - 3_700_000 });
    expect(shortOf([long])).toEqual({ wakeInMs: 1 });
    expect(shortOf([{ ...long, endedAt: NOW - 30_000 }])).toEqual({ create: ["0-10(1)"] });
  });

  it("has no end where there is no policy", () => {
    const { reschedule: _, ...spec } = group();
    expect(short(planJob(job({ allocations: [failed("0-1", 9_000_000)], groups: [spec] })).groups["g"]!)).toEqual({});
  });

  it("remembers the attempts of its interval, and no more than five of a policy without one", () => {
    const times = [1, 2, 3, 4, 5];
    expect(planOf([failed("0-1", 60_000, { rescheduleTimes: times })]).groups["g"]!.create[0]?.rescheduleTimes).toEqual([2, 3, 4, 5, NOW]);
    const limited = { ...SERVICE_RESCHEDULE, unlimited: false, attempts: 7, intervalMs: 60_000 };
    expect(planOf([failed("0-1", 60_000, { rescheduleTimes: times })], { reschedule: limited }).groups["g"]!.create[0]?.rescheduleTimes).toEqual([1, 2, 3, 4, 5, NOW]);
  });
});

describe("a job", () => {
  it("that is stopped stops everything, and is dead", () => {
    const next = planOf([allocation("0-1"), lost("1-1", 0), failed("2-1", 0)], { count: 3 }, { stopped: true });
    expect(short(next.groups["g"]!)).toEqual({ stop: [`0-1: ${NOT_NEEDED}`, `1-1: ${NOT_NEEDED}`] });
    expect(next.status).toBe("dead");
    expect(short(planOf([failed("2-1", 0)], { count: 3 }, { stopped: true }).groups["g"]!)).toEqual({ finished: true });
  });

  it("is pending while none of its allocations has a node, and runs from the first that has one", () => {
    const { node: _, ...waiting } = allocation("0-1", { state: "pending" });
    expect(planOf([waiting]).status).toBe("pending");
    expect(planOf([waiting, allocation("1-1", { state: "pending" })], { count: 2 }).status).toBe("running");
  });

  it("stops a group that it has no more", () => {
    const next = planOf([allocation("0-1"), allocation("0-9", { group: "constructor" })]);
    expect(short(next.groups["constructor"]!)).toEqual({ stop: [`0-9: ${NOT_NEEDED}`] });
    expect(short(next.groups["g"]!)).toEqual({});
  });

  it("stops the highest indexes when it is scaled down, and marks the others with the new version", () => {
    expect(shortOf([allocation("0-1", { state: "pending" }), allocation("1-1"), allocation("2-1")], { count: 1 }, { version: 1 })).toEqual({
      stop: [`1-1: ${NOT_NEEDED}`, `2-1: ${NOT_NEEDED}`],
      updateInPlace: ["0-1"],
    });
  });

  it("without max_parallel is replaced whole", () => {
    const spec = { count: 2, specHash: "v1", update: { ...UPDATE, maxParallel: 0 } };
    const next = planOf([allocation("0-1"), allocation("1-1")], spec, { version: 1 });
    expect(short(next.groups["g"]!)).toEqual({ create: ["0-2 v1", "1-2 v1"], stop: ["0-1", "1-1"].map((each) => `${each}: alloc is being updated due to job update`) });
    expect(next.deployment).toBeUndefined();
  });
});

describe("what nomad job plan prints", () => {
  const NONE = { Ignore: 0, Place: 0, Migrate: 0, Stop: 0, InPlaceUpdate: 0, DestructiveUpdate: 0, Canary: 0, Preemptions: 0, Disconnect: 0, Reconnect: 0, RescheduleNow: 0, RescheduleLater: 0 };
  const three = ["0-1", "1-1", "2-1"].map((place) => allocation(place));

  it.each<[string, readonly JobAllocation[], Partial<GroupSpec>, number, object]>([
    ["a new job", [], { count: 3 }, 0, { Place: 3 }],
    ["no change", three, { count: 3 }, 0, { Ignore: 3 }],
    ["a changed task", three, { count: 3, specHash: "v1" }, 1, { DestructiveUpdate: 1, Ignore: 2 }],
    ["a changed task with canaries", three, { count: 3, specHash: "v1", update: { ...UPDATE, canary: 2 } }, 1, { Canary: 2, Ignore: 3 }],
    ["a lower count", three, { count: 1 }, 1, { Stop: 2, InPlaceUpdate: 1 }],
    ["a higher count", three, { count: 5 }, 1, { Place: 2, InPlaceUpdate: 3 }],
    ["a stopped allocation and failed ones", [allocation("0-1", { transition: "stop" }), failed("1-1", 0), failed("2-1", 40_000)], { count: 3 }, 0, { Migrate: 1, RescheduleLater: 1, RescheduleNow: 1 }],
    ["a node that does not answer", [allocation("0-1"), lost("1-1", 0)], { count: 2, disconnect: { lostAfterMs: 1, replace: true, reconcile: "best_score" } }, 0, { Ignore: 1, Disconnect: 1, Place: 1 }],
  ])("of %s", (...[, allocations, spec, version, expected]) => {
    expect(planOf(allocations, spec, { version }).groups["g"]!.updates).toEqual({ ...NONE, ...expected });
  });
});

describe("a group's summary", () => {
  it("counts each allocation once", () => {
    const { node: _, ...nowhere } = allocation("2-1", { state: "pending" });
    const pods = [
      allocation("0-1"), allocation("1-1", { state: "pending" }), nowhere, allocation("3-1", { state: "pending", startedAt: NOW }),
      failed("4-1", 0), allocation("5-1", { state: "complete" }), lost("6-1", 0), allocation("7-1", { state: "stopping" }), failed("5-0", 0, { wasStopped: true }),
    ];
    expect(planOf(pods, { count: 7 }).groups["g"]!.summary).toEqual({ Queued: 3, Complete: 2, Failed: 1, Running: 2, Starting: 1, Lost: 1, Unknown: 0 });
  });
});
