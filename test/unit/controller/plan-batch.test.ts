import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatIndexes, parseIndexes } from "../../../src/controller/plan/completed.ts";
import { planJob } from "../../../src/controller/plan/job.ts";
import type { GroupSpec, JobAllocation, JobPlanInput } from "../../../src/controller/plan/types.ts";
import { allocation, BATCH_RESCHEDULE, group, job, NOW, short } from "./plan-fixtures.ts";

const batch = (allocations: readonly JobAllocation[], fields: Partial<GroupSpec> = {}, rest: Partial<JobPlanInput> = {}) => {
  const version = rest.version ?? 0;
  const { update: _, ...spec } = group({ reschedule: BATCH_RESCHEDULE, specHash: `v${version}`, ...fields });
  return planJob(job({ type: "batch", allocations, groups: [spec], ...rest }));
};
const shortOf = (...args: Parameters<typeof batch>) => short(batch(...args).groups["g"]!);

const done = (place: string, fields: Partial<JobAllocation> = {}) => allocation(place, { state: "complete", ...fields });
const failed = (place: string, agoMs: number, fields: Partial<JobAllocation> = {}) => allocation(place, { state: "failed", endedAt: NOW - agoMs, ...fields });

describe("a batch group", () => {
  it.each<[string, readonly JobAllocation[], object]>([
    ["places all it lacks", [], { create: ["0-1", "1-1"] }],
    ["counts what has completed as done", [done("0-1"), allocation("1-1")], {}],
    ["is finished when all are done", [done("0-1"), done("1-1")], { finished: true }],
    ["waits with the next attempt for the policy's delay", [failed("0-1", 1_000), done("1-1")], { wakeInMs: 4_000 }],
    ["makes one attempt", [failed("0-1", 5_000), done("1-1")], { create: ["0-2(1)"] }],
    ["makes no second one in the interval", [failed("0-2", 5_000, { reschedules: 1, rescheduleTimes: [NOW - 10_000] }), done("1-1")], { finished: true }],
    ["makes one again when the interval is over", [failed("0-2", 5_000, { reschedules: 1, rescheduleTimes: [NOW - 86_405_001] }), done("1-1")], { create: ["0-3(2)"] }],
    ["makes no second one however long ago it was refused", [failed("0-2", 90_000_000, { reschedules: 1, rescheduleTimes: [NOW - 90_001_000] }), done("1-1")], { finished: true }],
    ["makes one beyond the policy where somebody asks", [failed("0-2", 0, { rescheduleTimes: [NOW - 10_000], transition: "force-reschedule" }), done("1-1")], { create: ["0-3(1)"] }],
    ["replaces one that somebody stops and wants again", [allocation("0-1", { transition: "reschedule" }), done("1-1")], { create: ["0-2"], stop: ["0-1: alloc was rescheduled because it failed"] }],
    ["does not replace one that somebody only stops", [allocation("0-1", { transition: "stop" }), done("1-1")], { stop: ["0-1: alloc is being migrated"] }],
    ["does not take one that we stopped for done", [done("0-1", { wasStopped: true }), done("1-1")], { create: ["0-2"] }],
    ["replaces one that is deleted", [allocation("0-1", { state: "stopping" }), done("1-1")], { create: ["0-2"] }],
  ])("%s", (_name, allocations, expected) => expect(shortOf(allocations, { count: 2 })).toEqual(expected));

  it("counts the attempts of one that was replaced for another reason", () => {
    const [made] = batch([allocation("0-2", { transition: "reschedule", rescheduleTimes: [NOW - 9] })]).groups["g"]!.create;
    expect(made?.rescheduleTimes).toEqual([NOW - 9]);
    const [changed] = batch([allocation("0-2", { rescheduleTimes: [NOW - 9] })], {}, { version: 1 }).groups["g"]!.create;
    expect(changed?.rescheduleTimes).toEqual([]);
  });

  it("knows what is done although the pods are gone, under the same version alone", () => {
    const { completed } = batch([done("0-1"), done("1-1"), done("2-1")], { count: 3 }).groups["g"]!;
    expect(completed).toEqual({ version: 0, indexes: "0-2", nodes: [] });
    const before = { g: completed! };
    expect(shortOf([], { count: 3 }, { completed: before })).toEqual({ finished: true });
    expect(shortOf([], { count: 4 }, { completed: before })).toEqual({ create: ["3-1"] });
    expect(shortOf([], { count: 3 }, { completed: before, version: 1 })).toEqual({ create: ["0-1 v1", "1-1 v1", "2-1 v1"] });
  });

  it("runs all of them anew when the job is changed, and replaces those that run at once", () => {
    expect(shortOf([done("0-1"), allocation("1-1"), allocation("2-1")], { count: 3 }, { version: 1 })).toEqual({
      create: ["0-2 v1", "1-2 v1", "2-2 v1"],
      stop: ["1-1: alloc is being updated due to job update", "2-1: alloc is being updated due to job update"],
    });
  });

  it("lets those run on that a new version says the same of", () => {
    expect(shortOf([allocation("0-1")], { specHash: "v0" }, { version: 1 })).toEqual({ updateInPlace: ["0-1"] });
  });

  it("ends what has run for too long, and looks again when the next one has", () => {
    const [late, early] = [allocation("0-1", { startedAt: NOW - 60_000 }), allocation("1-1", { startedAt: NOW - 59_000 })];
    expect(shortOf([late, early], { count: 2, maxRunMs: 60_000 })).toEqual({ end: ["0-1"], wakeInMs: 1_000 });
  });

  it.each<[string, readonly JobAllocation[], Partial<JobPlanInput>, string]>([
    ["pending before anything is placed", [], {}, "pending"],
    ["running while one runs", [allocation("0-1")], {}, "running"],
    ["pending while one waits for its next attempt", [failed("0-1", 0)], {}, "pending"],
    ["dead when all is done", [done("0-1")], {}, "dead"],
    ["dead when its attempts are used", [failed("0-2", 0, { rescheduleTimes: [NOW - 1] })], {}, "dead"],
    ["dead when it is stopped", [allocation("0-1")], { stopped: true }, "dead"],
    ["running while one that is spent has not ended", [allocation("0-1", { state: "spent" })], {}, "running"],
  ])("makes its job %s", (_name, allocations, rest, status) => expect(batch(allocations, {}, rest).status).toBe(status));
});

describe("a list of indexes", () => {
  it.each([["", []], ["0", [0]], ["0-3,7", [0, 1, 2, 3, 7]], ["2,x,4-3,5-6", [2, 5, 6]], ["3-5,0-4", [3, 4, 5]], ["9999999", []]])("%j holds %j", (text, indexes) => {
    expect([...parseIndexes(text)]).toEqual(indexes);
  });

  it("is read back as it was written", () => {
    fc.assert(fc.property(fc.array(fc.nat(40)), (indexes) => {
      expect(parseIndexes(formatIndexes(indexes))).toEqual(new Set(indexes.toSorted((a, b) => a - b)));
    }));
  });
});
