import { describe, expect, it } from "vitest";
import { planJob } from "../../../src/controller/plan/job.ts";
import type { AllocationNode, GroupSpec, JobAllocation, JobPlanInput } from "../../../src/controller/plan/types.ts";
import { allocation, group, job, NOW, short, UPDATE } from "./plan-fixtures.ts";

/** Index 0 is on node a, 1 on b, and so on. */
const on = (place: string, fields: Partial<JobAllocation> = {}, node: Partial<AllocationNode> = {}) =>
  allocation(place, { node: { name: "abcdef"[Number(place.split("-")[0])]!, ...node }, ...fields });
const done = (place: string, fields: Partial<JobAllocation> = {}) => on(place, { state: "complete", ...fields });
const failed = (place: string, fields: Partial<JobAllocation> = {}) => on(place, { state: "failed", ...fields });
const v1 = (place: string, readyForMs?: number, ageMs = 60_000) =>
  on(place, { jobVersion: 1, createdAt: NOW - ageMs, ...(readyForMs === undefined ? { state: "pending" } : { readySince: NOW - readyForMs }) });

function planOf(type: JobPlanInput["type"], allocations: readonly JobAllocation[], spec: Partial<GroupSpec>, rest: Partial<JobPlanInput> = {}) {
  return planJob(job({ type, allocations, groups: [group({ specHash: `v${rest.version ?? 0}`, ...spec })], ...rest }));
}
const shortOf = (...args: Parameters<typeof planOf>) => short(planOf(...args).groups["g"]!);

describe("a system group", () => {
  it.each<[string, readonly string[], readonly JobAllocation[], object]>([
    ["has one on each eligible node", ["b", "a"], [], { create: ["0-1 on a", "1-1 on b"] }],
    ["leaves those alone that are there", ["a", "b"], [on("0-1"), on("1-1")], {}],
    ["comes to a node that joins, under an index that nobody has", ["a", "b", "f"], [on("0-1"), on("1-1")], { create: ["2-1 on f"] }],
    ["is replaced where it completed", ["a", "b"], [on("0-1"), done("1-1")], { create: ["1-2 on b"] }],
    ["leaves a node that is eligible no more", ["a"], [on("0-1"), on("1-1")], { stop: ["1-1: alloc not needed due to job update"] }],
    ["leaves a node that is drained", ["a"], [on("0-1"), on("1-1", {}, { drain: {} })], { stop: ["1-1: alloc not needed as node is tainted"] }],
    ["stays on it while others are there", ["a"], [on("0-1"), on("1-1", {}, { drain: { othersFirst: true } })], {}],
    ["stays on it until the deadline at most", ["a"], [on("0-1"), on("1-1", {}, { drain: { deadlineAt: NOW + 5_000, othersFirst: true } })], { wakeInMs: 5_000 }],
    ["leaves it at the deadline, whoever is there", ["a"], [on("0-1"), on("1-1", {}, { drain: { deadlineAt: NOW, othersFirst: true } })], { stop: ["1-1: alloc not needed as node is tainted"] }],
    ["leaves it for whoever stops it", ["a"], [on("0-1"), on("1-1", { transition: "stop" }, { drain: { othersFirst: true } })], { stop: ["1-1: alloc not needed as node is tainted"] }],
    ["is lost with its node, and comes nowhere else", ["a", "b"], [on("0-1"), on("1-1", {}, { lostSince: NOW })], { stop: ["1-1: alloc is lost since its node is down"] }],
    ["stays failed where it failed", ["a", "b"], [failed("0-1"), on("1-1")], {}],
    ["comes back to a node that it was stopped on", ["a", "b"], [failed("0-1", { wasStopped: true }), done("1-1", { wasStopped: true })], { create: ["0-2 on a", "1-2 on b"] }],
    ["is placed anew where somebody asks for it", ["a"], [failed("0-1", { transition: "force-reschedule" })], { create: ["0-2(1) on a"] }],
    ["is replaced on its node when somebody stops it", ["a"], [on("0-1", { transition: "stop" })], { create: ["0-2 on a"], stop: ["0-1: alloc is being migrated"] }],
    ["has one of two on a node, the ready one", ["a"], [on("0-1", { state: "pending" }), on("3-1", { node: { name: "a" } })], { stop: ["0-1: alloc not needed due to job update"] }],
    ["gives no two nodes one index", ["a", "b"], [on("0-1"), done("0-2", { node: { name: "b" } })], { create: ["1-1 on b"] }],
  ])("%s", (_name, eligibleNodes, allocations, expected) => expect(shortOf("system", allocations, { eligibleNodes })).toEqual(expected));

  it("waits for a node that may come back, for as long as its group says", () => {
    const lost = on("0-1", {}, { lostSince: NOW - 50_000 });
    const disconnect = { lostAfterMs: 60_000, replace: true, reconcile: "best_score" as const };
    expect(shortOf("system", [lost], { eligibleNodes: [], disconnect })).toEqual({ wakeInMs: 10_000 });
    expect(shortOf("system", [lost], { eligibleNodes: [], disconnect: { ...disconnect, lostAfterMs: 50_000 } })).toEqual({ stop: ["0-1: alloc is lost since its node is down"] });
  });

  const updating = "alloc is being updated due to job update";
  it.each<[string, readonly JobAllocation[], object]>([
    ["begins with max_parallel of them", [on("0-1"), on("1-1"), on("2-1")], { create: ["0-2 v1 on a", "1-2 v1 on b"], stop: [`0-1: ${updating}`, `1-1: ${updating}`] }],
    ["waits until they are healthy", [v1("0-2"), v1("1-2", 5_000), on("2-1")], { wakeInMs: 5_000 }],
    ["waits for the stagger too", [v1("0-2", 20_000, 21_000), v1("1-2", 20_000, 22_000), on("2-1")], { wakeInMs: 8_000 }],
    ["goes on where one of them is", [v1("0-2", 20_000), v1("1-2"), on("2-1")], { create: ["2-2 v1 on c"], stop: [`2-1: ${updating}`] }],
    ["takes a failed one for one that is not healthy", [failed("0-2", { jobVersion: 1 }), failed("1-2", { jobVersion: 1 }), on("2-1")], {}],
    ["leaves a drained node as it is", [v1("0-2", 60_000), v1("1-2", 60_000), on("2-1", {}, { drain: { othersFirst: true } })], {}],
    ["is held up by no drained node", [on("0-1"), ...["1-2", "2-2"].map((place) => on(place, { jobVersion: 1, state: "pending" }, { drain: { othersFirst: true } }))], { create: ["0-2 v1 on a"], stop: [`0-1: ${updating}`] }],
    ["places anew what failed under the old version", [failed("0-1"), v1("1-2", 60_000), v1("2-2", 60_000)], { create: ["0-2 v1 on a"] }],
  ])("an update %s", (_name, allocations, expected) => {
    expect(shortOf("system", allocations, { eligibleNodes: ["a", "b", "c"], update: { ...UPDATE, maxParallel: 2 } }, { version: 1 })).toEqual(expected);
  });

  it("has a deployment of all its nodes", () => expect(planOf("system", [], { eligibleNodes: ["a"] }).deployment).toMatchObject({ groups: { g: { desiredTotal: 1, placedAllocs: 0 } } }));
});

describe("a sysbatch group", () => {
  it("has no deployment", () => expect(planOf("sysbatch", [], { eligibleNodes: ["a"] }).deployment).toBeUndefined());

  it.each<[string, readonly JobAllocation[], Partial<JobPlanInput>, object]>([
    ["runs once on each node", [done("0-1"), on("1-1")], {}, {}],
    ["is finished when it is done everywhere", [done("0-1"), done("1-1")], {}, { finished: true }],
    ["is finished when it failed", [done("0-1"), failed("1-1")], {}, { finished: true }],
    ["knows where it is done although the pods are gone", [], { completed: { g: { version: 0, indexes: "", nodes: ["a", "b"] } } }, { finished: true }],
    ["runs anew when the job is changed", [done("0-1"), done("1-1")], { version: 1 }, { create: ["0-2 v1 on a", "1-2 v1 on b"] }],
    ["ends by itself on a node that is drained", [done("0-1"), on("1-1", {}, { drain: { deadlineAt: NOW + 5_000 } })], {}, { wakeInMs: 5_000 }],
    ["is stopped there when the drain's time is over", [done("0-1"), on("1-1", {}, { drain: { deadlineAt: NOW } })], {}, { create: ["1-2 on b"], stop: ["1-1: alloc not needed as node is tainted"] }],
  ])("%s", (_name, allocations, rest, expected) => {
    const { update: _, ...spec } = group({ eligibleNodes: ["a", "b"], specHash: `v${rest.version ?? 0}` });
    expect(short(planJob(job({ type: "sysbatch", allocations, groups: [spec], ...rest })).groups["g"]!)).toEqual(expected);
  });
});
