import { describe, expect, it } from "vitest";
import { applyDeploymentRequest, type DeploymentRequest } from "../../../src/controller/plan/deployment-request.ts";
import type { DeploymentGroup, DeploymentState } from "../../../src/controller/plan/deployment-state.ts";
import { planJob } from "../../../src/controller/plan/job.ts";
import type { GroupSpec, JobAllocation, JobPlan, JobPlanInput, UpdatePolicy } from "../../../src/controller/plan/types.ts";
import { canonicalJson } from "../../../src/lib/canonical-json.ts";
import { allocation, group, job, NOW, short, UPDATE } from "./plan-fixtures.ts";

const v1 = (place: string, readyForMs?: number, fields: Partial<JobAllocation> = {}) =>
  allocation(place, { jobVersion: 1, createdAt: NOW - 60_000, ...(readyForMs === undefined ? { state: "pending" } : { readySince: NOW - readyForMs }), ...fields });
const canary = (place: string, readyForMs?: number, fields: Partial<JobAllocation> = {}) => v1(place, readyForMs, { canary: true, ...fields });
const failed = (place: string, fields: Partial<JobAllocation> = {}) => allocation(place, { state: "failed", jobVersion: 1, endedAt: NOW - 1_000, ...fields });

/** Version 1 of a job of one group of two. */
const version1 = (allocations: readonly JobAllocation[], update: Partial<UpdatePolicy> = {}, rest: Partial<JobPlanInput> = {}) =>
  job({ version: 1, allocations, groups: [group({ count: 2, specHash: "v1", update: { ...UPDATE, ...update } })], ...rest });

const OLD = [allocation("0-1"), allocation("1-1")];

const GROUP: DeploymentGroup = {
  autoRevert: false, autoPromote: false, progressDeadlineMs: 600_000, requireProgressBy: NOW + 300_000, promoted: false, desiredCanaries: 0, desiredTotal: 2,
  placedCanaries: [], placedAllocs: 0, healthyAllocs: 0, unhealthyAllocs: 0, healthyCanaries: 0,
};
const deployment = (fields: Partial<DeploymentState> = {}, of: Partial<DeploymentGroup> = {}): DeploymentState => ({
  jobVersion: 1, status: "running", statusDescription: "Deployment is running", createdAt: NOW - 300_000, modifiedAt: NOW - 300_000, groups: { g: { ...GROUP, ...of } }, markedHealthy: [], ...fields,
});

const shortOf = (next: JobPlan) => short(next.groups["g"]!);
const stateOf = ({ deployment: state }: JobPlan) => `${state?.status}: ${state?.statusDescription}`;

describe("a deployment begins", () => {
  it("with the first version of a service", () => {
    const { deployment: state } = planJob(job({ groups: [group({ count: 3 })] }));
    const { requireProgressBy: _none, ...unplaced } = GROUP;
    expect(state).toEqual({
      jobVersion: 0, status: "running", statusDescription: "Deployment is running", createdAt: NOW, modifiedAt: NOW, markedHealthy: [],
      groups: { g: { ...unplaced, desiredTotal: 3 } },
    });
  });

  it("and nobody's time runs before the first allocation has a node", () => {
    const waiting = [allocation("0-1", { state: "pending", unbound: true })];
    const began = planJob(job({ groups: [group({ count: 1 })], allocations: waiting })).deployment!;
    expect(began.groups["g"]).not.toHaveProperty("requireProgressBy");
    expect(began.groups["g"]?.placedAllocs).toBe(0);
    expect(stateOf(planJob(job({ groups: [group({ count: 1 })], allocations: waiting, deployment: began, now: NOW + 86_400_000 })))).toBe("running: Deployment is running");
    const placed = planJob(job({ groups: [group({ count: 1 })], allocations: [allocation("0-1", { state: "pending" })], deployment: began, now: NOW + 1_000 })).deployment;
    expect(placed?.groups["g"]).toMatchObject({ placedAllocs: 1, requireProgressBy: NOW + 601_000 });
  });

  it("with a system job, and ends when there is a healthy one on each node", () => {
    const on = (place: string, name: string, fields: Partial<JobAllocation> = {}) => allocation(place, { node: { name }, readySince: NOW - 60_000, ...fields });
    const groups = [group({ count: 1, eligibleNodes: ["a", "b"] })];
    const one = planJob(job({ type: "system", groups, allocations: [on("0-1", "a")] }));
    expect(one.deployment).toMatchObject({ status: "running", groups: { g: { desiredTotal: 2, placedAllocs: 1, healthyAllocs: 1 } } });
    expect(stateOf(planJob(job({ type: "system", groups, allocations: [on("0-1", "a"), on("1-1", "b", { readySince: NOW })], deployment: one.deployment! })))).toBe("running: Deployment is running");
    expect(stateOf(planJob(job({ type: "system", groups, allocations: [on("0-1", "a"), on("1-1", "b")], deployment: one.deployment! })))).toBe("successful: Deployment completed successfully");
  });

  it("with none of those that are one too many", () => {
    const three = ["0-1", "1-1", "2-1"].map((place) => allocation(place));
    expect(planJob(job({ groups: [group({ count: 2 })], allocations: three })).deployment).toMatchObject({ status: "successful", groups: { g: { placedAllocs: 2, healthyAllocs: 2 } } });
  });

  it("and stays as it was while nothing happens, in whatever order an API server gives its keys back", () => {
    const groups = [group({ name: "web", count: 1 }), group({ name: "db", count: 1 })];
    const began = planJob(job({ groups })).deployment!;
    const stored = JSON.parse(canonicalJson(began)) as DeploymentState;
    expect(planJob(job({ groups, deployment: stored, now: NOW + 1_000 })).deployment).toEqual(began);
  });

  it.each<[string, Partial<JobPlanInput>]>([
    ["of a batch job", { type: "batch" }],
    ["of a sysbatch job", { type: "sysbatch", groups: [group({ eligibleNodes: ["a"] })] }],
    ["of a system job without a node", { type: "system", groups: [group({ eligibleNodes: [] })] }],
    ["of count 0", { groups: [group({ count: 0 })] }],
    ["with max_parallel 0", { groups: [group({ update: { ...UPDATE, maxParallel: 0 } })] }],
    ["that is stopped", { stopped: true }],
  ])("not with a version %s", (_name, fields) => expect(planJob(job(fields)).deployment).toBeUndefined());

  it.each<[string, Partial<JobPlanInput>]>([
    ["that changes nothing but the count", { version: 1, groups: [group({ count: 2 })], allocations: [allocation("0-1")] }],
    ["that changes nothing but another group", { version: 1, groups: [group()], allocations: [allocation("0-1")] }],
  ])("with a version %s", (_name, fields) => expect(planJob(job(fields)).deployment?.groups["g"]?.desiredCanaries).toBe(0));

  it("again where its first state was never written, and finds its pods", () => {
    const next = planJob(version1([...OLD, canary("0-2", 60_000)], { canary: 1 }));
    expect(next.deployment?.groups["g"]).toMatchObject({ desiredCanaries: 1, healthyCanaries: 1, placedCanaries: ["uid-0-2"] });
    expect(stateOf(planJob(version1([v1("0-2", 60_000), v1("1-2", 60_000)])))).toBe("successful: Deployment completed successfully");
  });

  it("and ends the one before", () => {
    const next = planJob(version1(OLD, {}, { deployment: deployment({ jobVersion: 0 }) }));
    expect(next.deployment?.jobVersion).toBe(1);
    expect(next.superseded).toMatchObject({ jobVersion: 0, status: "cancelled", statusDescription: "Cancelled due to newer version of job" });
  });

  it.each(["successful", "failed"] as const)("and leaves a %s one as it was", (status) => {
    const before = deployment({ jobVersion: 0, status, statusDescription: "x" });
    expect(planJob(version1(OLD, {}, { deployment: before })).superseded).toEqual(before);
  });

  it("with wants for canaries only where something is replaced", () => {
    expect(planJob(version1(OLD, { canary: 1 })).deployment).toMatchObject({ statusDescription: "Deployment is running but requires manual promotion", groups: { g: { desiredCanaries: 1 } } });
    expect(planJob(version1(OLD, { canary: 1, autoPromote: true })).deployment?.statusDescription).toBe("Deployment is running pending automatic promotion");
    expect(planJob(version1([], { canary: 1 })).deployment?.groups["g"]?.desiredCanaries).toBe(0);
  });
});

describe("a deployment ends", () => {
  it.each<[string, readonly JobAllocation[], Partial<UpdatePolicy>, DeploymentState, string]>([
    ["well when all are healthy", [v1("0-2", 60_000), v1("1-2", 10_000)], {}, deployment(), "successful: Deployment completed successfully"],
    ["not while one is not for long enough", [v1("0-2", 60_000), v1("1-2", 9_999)], {}, deployment(), "running: Deployment is running"],
    ["not while an old one is there", [v1("0-2", 60_000), allocation("1-1")], {}, deployment(), "running: Deployment is running"],
    ["not while an old one is beside its successor", [v1("0-2", 60_000), v1("1-2", 60_000), allocation("1-1")], {}, deployment(), "running: Deployment is running"],
    ["not by canaries alone, even where nothing else is left", [canary("0-2", 60_000), canary("1-2", 60_000)], { canary: 2 }, deployment({}, { desiredCanaries: 2 }), "running: Deployment is running but requires manual promotion"],
    ["not by health that nobody confirms", [v1("0-2", 60_000), v1("1-2", 60_000)], { healthCheck: "manual" }, deployment({ markedHealthy: ["uid-0-2"] }), "running: Deployment is running"],
    ["well by health that somebody confirms", [v1("0-2", 60_000), v1("1-2", 0)], { healthCheck: "manual" }, deployment({ markedHealthy: ["uid-0-2", "uid-1-2"] }), "successful: Deployment completed successfully"],
    ["badly at its deadline", [v1("0-2", 60_000), v1("1-2")], {}, deployment({}, { requireProgressBy: NOW, healthyAllocs: 1 }), "failed: Failed due to progress deadline"],
    ["not at a deadline that progress moves", [v1("0-2", 60_000), v1("1-2")], {}, deployment({}, { requireProgressBy: NOW, healthyAllocs: 0 }), "running: Deployment is running"],
    ["not by a failure alone", [v1("0-2", 60_000), failed("1-2")], {}, deployment(), "running: Deployment is running"],
    ["badly by a failure without a progress deadline", [v1("0-2", 60_000), failed("1-2")], {}, deployment({}, { progressDeadlineMs: 0 }), "failed: Failed due to unhealthy allocations"],
    ["not by what we stopped ourselves", [v1("0-2", 60_000), v1("1-3"), failed("1-2", { wasStopped: true })], {}, deployment({}, { progressDeadlineMs: 0 }), "running: Deployment is running"],
    ["badly by a healthy deadline without a progress deadline", [v1("0-2", 60_000), v1("1-2", undefined, { createdAt: NOW - 300_000 })], {}, deployment({}, { progressDeadlineMs: 0 }), "failed: Failed due to unhealthy allocations"],
    ["at no deadline while healthy canaries wait", [...OLD, canary("0-2", 60_000)], { canary: 1 }, deployment({}, { requireProgressBy: NOW, desiredCanaries: 1, healthyAllocs: 1 }), "running: Deployment is running but requires manual promotion"],
    ["badly when canaries do not get healthy", [...OLD, canary("0-2")], { canary: 1 }, deployment({}, { requireProgressBy: NOW, desiredCanaries: 1 }), "failed: Failed due to progress deadline"],
    ["not while it is paused", [v1("0-2", 60_000), v1("1-2", 60_000)], {}, deployment({ status: "paused", statusDescription: "Deployment is paused" }, { requireProgressBy: NOW - 1 }), "paused: Deployment is paused"],
  ])("%s", (...[, allocations, update, before, expected]) => expect(stateOf(planJob(version1(allocations, update, { deployment: before })))).toBe(expected));

  it.each<[string, object, object, string]>([
    ["that may have no successor", { attempts: 0 }, {}, "failed: Failed due to unhealthy allocations"],
    ["whose attempts are used up", { attempts: 1 }, { rescheduleTimes: [NOW - 5_000] }, "failed: Failed due to unhealthy allocations"],
    ["that gets one", { attempts: 2 }, { rescheduleTimes: [NOW - 5_000] }, "running: Deployment is running"],
    ["that gets one for ever", { attempts: 0, unlimited: true }, {}, "running: Deployment is running"],
    ["that was stopped", { attempts: 0 }, { wasStopped: true }, "running: Deployment is running"],
  ])("before its deadline by the failure of an allocation: one %s", (_name, policy, fields, expected) => {
    const reschedule = { attempts: 0, intervalMs: 3_600_000, delayMs: 30_000, delayFunction: "constant" as const, maxDelayMs: 0, unlimited: false, ...policy };
    const groups = [group({ count: 2, specHash: "v1", update: UPDATE, reschedule })];
    expect(stateOf(planJob(job({ version: 1, groups, allocations: [v1("0-2", 60_000), failed("1-2", fields)], deployment: deployment() })))).toBe(expected);
  });

  it("when its job is stopped, and stays ended", () => {
    const next = planJob(version1(OLD, {}, { stopped: true, deployment: deployment() }));
    expect(stateOf(next)).toBe("cancelled: Cancelled because job is stopped");
    expect(planJob(version1(OLD, {}, { stopped: true, deployment: next.deployment!, now: NOW + 1 })).deployment).toEqual(next.deployment);
  });

  it("with a version that is stable from then on", () => {
    expect(planJob(version1([v1("0-2", 60_000), v1("1-2", 60_000)], {}, { deployment: deployment() })).markStable).toBe(1);
    expect(planJob(version1([v1("0-2", 60_000)], {}, { deployment: deployment() })).markStable).toBeUndefined();
  });

  it.each<[string, Partial<DeploymentGroup>, JobPlanInput["stable"], string, number | undefined]>([
    ["going back to the stable version", { autoRevert: true }, { version: 0, sameSpec: false }, "Failed due to progress deadline - rolling back to job version 0", 0],
    ["going nowhere without one", { autoRevert: true }, undefined, "Failed due to progress deadline - no stable job version to auto revert to", undefined],
    ["going nowhere when that says the same", { autoRevert: true }, { version: 0, sameSpec: true }, "Failed due to progress deadline - not rolling back to stable job version 0 as current job has same specification", undefined],
    ["going nowhere unless it is asked to", {}, { version: 0, sameSpec: false }, "Failed due to progress deadline", undefined],
  ])("%s", (...[, of, stable, text, revertTo]) => {
    const next = planJob(version1(OLD, {}, { deployment: deployment({}, { ...of, requireProgressBy: NOW }), ...(stable === undefined ? {} : { stable }) }));
    expect(next.deployment?.statusDescription).toBe(text);
    expect(next.revertTo).toBe(revertTo);
    const again = planJob(version1(OLD, {}, { deployment: next.deployment! }));
    expect(again.revertTo).toBe(revertTo);
    expect(planJob(version1(OLD, {}, { deployment: next.deployment!, version: 2 })).revertTo).toBeUndefined();
    expect(planJob(version1(OLD, { maxParallel: 0 }, { deployment: next.deployment!, version: 2 })).revertTo).toBeUndefined();
  });
});

describe("a deployment's counts", () => {
  it("tell what was placed, what is healthy and what is not", () => {
    const next = planJob(version1([allocation("1-1"), failed("0-2"), v1("0-3", 60_000)], {}, { deployment: deployment() }));
    expect(next.deployment?.groups["g"]).toMatchObject({ placedAllocs: 2, healthyAllocs: 1, unhealthyAllocs: 1, requireProgressBy: NOW + 600_000 });
  });

  it("do not sink when pods are gone", () => {
    const before = deployment({}, { placedAllocs: 4, healthyAllocs: 2, unhealthyAllocs: 2 });
    expect(planJob(version1([v1("0-2")], {}, { deployment: before })).deployment).toEqual(before);
  });

  it("name the canaries", () => {
    const next = planJob(version1([...OLD, canary("0-2", 60_000), canary("1-2")], { canary: 2 }, { deployment: deployment({}, { desiredCanaries: 2 }) }));
    expect(next.deployment?.groups["g"]).toMatchObject({ placedCanaries: ["uid-0-2", "uid-1-2"], healthyCanaries: 1, healthyAllocs: 1, placedAllocs: 2 });
  });

  it("forget marks of pods that are gone", () => {
    expect(planJob(version1([v1("0-2")], {}, { deployment: deployment({ markedHealthy: ["uid-0-2", "uid-9-9"] }) })).deployment?.markedHealthy).toEqual(["uid-0-2"]);
  });
});

describe("a deployment looks again", () => {
  it.each<[string, readonly JobAllocation[], DeploymentState, number]>([
    ["when one has been ready for long enough", [v1("0-2", 60_000), v1("1-2", 4_000)], deployment({}, { healthyAllocs: 1 }), 6_000],
    ["when one's time is over", [v1("0-2", 60_000), v1("1-2")], deployment({}, { healthyAllocs: 1 }), 240_000],
    ["at its deadline", [v1("0-2", 60_000), v1("1-2")], deployment({}, { healthyAllocs: 1, requireProgressBy: NOW + 1_000 }), 1_000],
  ])("%s", (_name, allocations, before, wakeInMs) => expect(planJob(version1(allocations, {}, { deployment: before })).wakeInMs).toBe(wakeInMs));
});

const UPDATING = "alloc is being updated due to job update";
const NOT_NEEDED = "alloc not needed due to job update";

describe("an update under a deployment", () => {
  const three = (rest: readonly JobAllocation[], maxParallel: number, hold: DeploymentState["status"] = "running") =>
    shortOf(planJob(job({ version: 1, allocations: rest, groups: [group({ count: 3, specHash: "v1", update: { ...UPDATE, maxParallel } })], deployment: deployment({ status: hold }, { desiredTotal: 3, healthyAllocs: 3 }) })));
  const all = ["0-1", "1-1", "2-1"].map((place) => allocation(place));

  it.each<[string, readonly JobAllocation[], number, DeploymentState["status"], object]>([
    ["takes max_parallel at a time", all, 2, "running", { create: ["0-2 v1", "1-2 v1"], stop: [`0-1: ${UPDATING}`, `1-1: ${UPDATING}`] }],
    ["takes the next as soon as one of two is healthy", [v1("0-2", 60_000), v1("1-2"), allocation("2-1")], 2, "running", { create: ["2-2 v1"], stop: [`2-1: ${UPDATING}`] }],
    ["takes none beside one that failed", [failed("0-2"), allocation("1-1"), allocation("2-1")], 1, "running", { wakeInMs: 29_000 }],
    ["takes one beside one of two that failed", [failed("0-2"), allocation("1-1"), allocation("2-1")], 2, "running", { create: ["1-2 v1"], stop: [`1-1: ${UPDATING}`], wakeInMs: 29_000 }],
    ["takes nothing while it is paused", all, 1, "paused", {}],
    ["places nothing new while it is paused", [v1("0-2", 60_000)], 1, "paused", {}],
    ["makes up for failures while it is paused", [failed("0-2", { endedAt: NOW - 30_000 }), ...all.slice(1)], 1, "paused", { create: ["0-3(1) v1"] }],
    ["gives back the old one while it is paused", [allocation("0-1", { transition: "stop" }), ...all.slice(1)], 1, "paused", { create: ["0-2"], stop: ["0-1: alloc is being migrated"] }],
    ["takes nothing once it has failed", all, 1, "failed", {}],
    ["leaves what failed with it", [failed("0-2", { endedAt: NOW - 900_000 }), ...all.slice(1)], 1, "failed", {}],
    ["makes up for the failure of an old one with an old one", [failed("0-1", { jobVersion: 0, endedAt: NOW - 30_000 }), ...all.slice(1)], 1, "failed", { create: ["0-2(1)"] }],
  ])("%s", (...[, allocations, maxParallel, hold, expected]) => expect(three(allocations, maxParallel, hold)).toEqual(expected));
});

it("does not take a group for one of the deployment because of its name", () => {
  const { update: _, ...plain } = group({ name: "constructor", specHash: "v1" });
  const next = planJob(job({ version: 1, groups: [group({ specHash: "v1" }), plain], deployment: deployment({ status: "failed" }) }));
  expect(short(next.groups["constructor"]!)).toEqual({ create: ["0-1 v1"] });
});

describe("canaries", () => {
  const trial = (allocations: readonly JobAllocation[], fields: Partial<DeploymentState> = {}, of: Partial<DeploymentGroup> = {}) =>
    planJob(version1(allocations, { canary: of.desiredCanaries ?? 1 }, { deployment: deployment(fields, { desiredCanaries: 1, healthyAllocs: 2, ...of }) }));

  it.each<[string, readonly JobAllocation[], Partial<DeploymentState>, Partial<DeploymentGroup>, object]>([
    ["are placed beside the old ones", OLD, {}, {}, { create: ["0-2 canary v1"] }],
    ["may be as many as the old ones", OLD, {}, { desiredCanaries: 2 }, { create: ["0-2 canary v1", "1-2 canary v1"] }],
    ["may be more than the old ones", OLD, {}, { desiredCanaries: 3 }, { create: ["0-2 canary v1", "1-2 canary v1", "2-1 canary v1"] }],
    ["wait for promotion", [...OLD, canary("0-2", 60_000)], {}, {}, {}],
    ["that fail are placed again after the delay", [...OLD, failed("0-2", { canary: true })], {}, {}, { wakeInMs: 29_000 }],
    ["are not placed while it is paused", OLD, { status: "paused" }, {}, {}],
    ["stay while it is paused", [...OLD, canary("0-2", 60_000)], { status: "paused" }, {}, {}],
    ["go when it has failed", [...OLD, canary("0-2", 60_000)], { status: "failed" }, {}, { stop: [`0-2: ${NOT_NEEDED}`] }],
    ["leave the old version to the old ones", [failed("0-1", { jobVersion: 0, endedAt: NOW - 30_000 }), allocation("1-1"), canary("0-2", 60_000)], {}, {}, { create: ["0-3(1)"] }],
    ["are not mixed up with an old one that is replaced meanwhile", [allocation("0-1", { transition: "stop" }), allocation("1-1")], {}, {}, { create: ["0-2", "0-3 canary v1"], stop: ["0-1: alloc is being migrated"] }],
    ["take the place of the old ones after promotion", [...OLD, canary("0-2", 60_000), canary("1-2", 60_000)], {}, { desiredCanaries: 2, promoted: true }, { stop: [`0-1: ${NOT_NEEDED}`, `1-1: ${NOT_NEEDED}`] }],
    ["are followed by the rest after promotion", [canary("0-2", 60_000), allocation("1-1")], {}, { promoted: true }, { create: ["1-2 v1"], stop: [`1-1: ${UPDATING}`] }],
    ["above the count go after promotion", [canary("0-2", 60_000), canary("1-2", 60_000), canary("2-1", 60_000)], {}, { desiredCanaries: 3, promoted: true }, { stop: [`2-1: ${NOT_NEEDED}`] }],
  ])("%s", (...[, allocations, fields, of, expected]) => expect(shortOf(trial(allocations, fields, of))).toEqual(expected));

  it("of a version that nobody promoted give way to the old ones under the next", () => {
    const next = planJob(job({ version: 2, allocations: [...OLD, canary("0-2", 60_000)], groups: [group({ count: 2 })], deployment: deployment({}, { desiredCanaries: 1 }) }));
    expect(shortOf(next)).toEqual({ stop: [`0-2: ${NOT_NEEDED}`], updateInPlace: ["0-1", "1-1"] });
  });

  it("of another version do not hide why an index is empty", () => {
    const gone = failed("0-1", { jobVersion: 2, specHash: "v0" });
    const next = planJob(job({ version: 2, allocations: [gone, failed("0-2", { canary: true })], groups: [group()] }));
    expect(shortOf(next)).toEqual({ wakeInMs: 29_000 });
  });

  it("are promoted by themselves when all groups let them and all are healthy", () => {
    const groups = (ready: number): [readonly GroupSpec[], readonly JobAllocation[]] => [
      ["a", "b"].map((name) => group({ name, specHash: "v1", update: { ...UPDATE, canary: 1, autoPromote: true } })),
      [allocation("0-1", { group: "a" }), allocation("0-1", { group: "b", uid: "b1" }), canary("0-2", 60_000, { group: "a" }), canary("0-2", ready, { group: "b", uid: "b2" })],
    ];
    const of = { ...GROUP, desiredCanaries: 1, desiredTotal: 1, autoPromote: true };
    const promoted = (ready: number) => {
      const [specs, allocations] = groups(ready);
      return Object.values(planJob(job({ version: 1, groups: specs, allocations, deployment: deployment({ groups: { a: of, b: of } }) })).deployment!.groups).map((each) => each.promoted);
    };
    expect(promoted(9_999)).toEqual([false, false]);
    expect(promoted(10_000)).toEqual([true, true]);
  });
});

describe("a request for a deployment", () => {
  const stable = { version: 0, sameSpec: false };
  const apply = (state: DeploymentState, request: DeploymentRequest) => applyDeploymentRequest(state, request, { now: NOW, stable });
  const textOf = (state: DeploymentState, request: DeploymentRequest) => {
    const done = apply(state, request);
    return done.ok ? `${done.value.status}: ${done.value.statusDescription}` : done.error;
  };
  const tried = (healthyCanaries: number, fields: Partial<DeploymentState> = {}) => deployment(fields, { desiredCanaries: 2, healthyCanaries });
  const ended = deployment({ status: "cancelled" });

  it.each<[string, DeploymentState, DeploymentRequest, string]>([
    ["promotes", tried(2), { kind: "promote" }, "running: Deployment is running"],
    ["promotes a group", tried(2), { kind: "promote", groups: ["g"] }, "running: Deployment is running"],
    ["promotes while paused", tried(2, { status: "paused", statusDescription: "Deployment is paused" }), { kind: "promote" }, "paused: Deployment is paused"],
    ["promotes no group that it does not name", tried(2), { kind: "promote", groups: ["h"] }, "no canaries to promote"],
    ["promotes nothing where there is nothing", deployment(), { kind: "promote" }, "no canaries to promote"],
    ["promotes no unhealthy canaries", tried(1), { kind: "promote" }, '1 error occurred:\n\t* Task group "g" has 1/2 healthy allocations\n\n'],
    ["promotes nothing that has ended", ended, { kind: "promote" }, "can't promote terminal deployment"],
    ["pauses", deployment(), { kind: "pause", pause: true }, "paused: Deployment is paused"],
    ["resumes", tried(0, { status: "paused" }), { kind: "pause", pause: false }, "running: Deployment is running but requires manual promotion"],
    ["pauses nothing that has ended", ended, { kind: "pause", pause: true }, "can't pause terminal deployment"],
    ["resumes nothing that has ended", ended, { kind: "pause", pause: false }, "can't resume terminal deployment"],
    ["fails", deployment(), { kind: "fail" }, "failed: Deployment marked as failed"],
    ["fails and goes back", deployment({}, { autoRevert: true }), { kind: "fail" }, "failed: Deployment marked as failed - rolling back to job version 0"],
    ["fails nothing that has ended", ended, { kind: "fail" }, "can't fail terminal deployment"],
    ["fails by an unhealthy allocation", deployment(), { kind: "alloc-health", healthy: [], unhealthy: ["u"] }, "failed: Failed due to unhealthy allocations"],
    ["marks nothing of what has ended", ended, { kind: "alloc-health", healthy: ["u"], unhealthy: [] }, "can't set health of allocations for a terminal deployment"],
    ["marks no more than fits", deployment(), { kind: "alloc-health", healthy: Array.from({ length: 5_001 }, (_, i) => `u${i}`), unhealthy: [] }, "5001 allocations are marked as healthy, and 5000 can be"],
    ["unblocks nothing", deployment(), { kind: "unblock" }, `can't unblock deployment: its status is "running", and only a blocked one of a multi-region job can be`],
  ])("%s", (_name, state, request, expected) => expect(textOf(state, request)).toBe(expected));

  it.each<[string, DeploymentState, DeploymentRequest]>([
    ["promotion", tried(2), { kind: "promote" }],
    ["pause", deployment(), { kind: "pause", pause: true }],
    ["health", deployment(), { kind: "alloc-health", healthy: ["u"], unhealthy: [] }],
  ])("for %s changes nothing the second time", (_name, state, request) => {
    const once = apply(state, request);
    expect(once.ok && once.value).not.toEqual(state);
    expect(once.ok && applyDeploymentRequest(once.value, request, { now: NOW + 5 })).toEqual(once);
  });

  it("gives the deployment its whole time again when it is promoted or resumed", () => {
    const deadlineOf = (state: DeploymentState, request: DeploymentRequest) => {
      const done = apply(state, request);
      return done.ok ? done.value.groups["g"]?.requireProgressBy : done.error;
    };
    expect(deadlineOf(tried(2), { kind: "promote" })).toBe(NOW + 600_000);
    expect(deadlineOf(deployment({ status: "paused" }), { kind: "pause", pause: false })).toBe(NOW + 600_000);
  });

  it("survives being written as JSON", () => {
    const { deployment: state } = planJob(version1(OLD, { canary: 1 }));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
