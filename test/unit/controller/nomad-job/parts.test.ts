import { describe, expect, it } from "vitest";
import type { Pod } from "../../../../src/api/pod.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { jobAllocation } from "../../../../src/controller/nomad-job/allocation.ts";
import { groupSpec } from "../../../../src/controller/nomad-job/group-spec.ts";
import { takenBy } from "../../../../src/controller/nomad-job/job-id.ts";
import { allocationNode } from "../../../../src/controller/nomad-job/nodes.ts";
import { isSameSpec, jobAt, presentRevision } from "../../../../src/controller/nomad-job/revisions.ts";
import type { Cache, Change } from "../../../../src/kubernetes/types.ts";
import { latestObjects } from "../../../../src/main/latest-objects.ts";
import { createMemo } from "../../../../src/main/memo.ts";
import { allocationRecord } from "../../../../src/mapping/pod-status.ts";
import { jobOf, objectOf } from "../../mapping/job/job-fixtures.ts";
import { sha256, taskOf } from "../../mapping/mapping-fixtures.ts";
import { CREATED, lastWords, ms, podOf, running, terminated } from "../../mapping/pod-fixtures.ts";
import { nodeOf } from "./job-world.ts";

const SECOND = 1_000_000_000;
const onlyGroup = (fields: object) => {
  const [group] = jobOf({ TaskGroups: [fields] }).TaskGroups;
  if (group === undefined) throw new Error("no group");
  return groupSpec(group, { specHash: "h" });
};

describe("a group in the plan's words", () => {
  it("has its spans in ms, and no policy where the group has none", () => {
    expect(onlyGroup({ Count: 3 })).toEqual({ name: "web", count: 3, specHash: "h", disconnect: { lostAfterMs: 0, replace: true, reconcile: "best_score" } });
    const group = onlyGroup({
      MaxRunDuration: 90 * SECOND,
      Update: { Stagger: SECOND, MaxParallel: 2, HealthCheck: "manual", MinHealthyTime: 10 * SECOND, HealthyDeadline: 300 * SECOND, ProgressDeadline: 0, Canary: 1, AutoRevert: true, AutoPromote: false },
      ReschedulePolicy: { Attempts: 2, Interval: 60 * SECOND, Delay: 5 * SECOND, DelayFunction: "fibonacci", MaxDelay: 30 * SECOND, Unlimited: false },
      Migrate: { MaxParallel: 4, HealthCheck: "checks", MinHealthyTime: 2 * SECOND, HealthyDeadline: 0 },
    });
    expect(group).toMatchObject({
      maxRunMs: 90_000,
      update: { maxParallel: 2, canary: 1, minHealthyMs: 10_000, healthyDeadlineMs: 300_000, progressDeadlineMs: 0, autoRevert: true, autoPromote: false, staggerMs: 1_000, healthCheck: "manual" },
      reschedule: { attempts: 2, intervalMs: 60_000, delayMs: 5_000, delayFunction: "fibonacci", maxDelayMs: 30_000, unlimited: false },
      migrate: { maxParallel: 4, minHealthyMs: 2_000 },
    });
  });

  it.each([
    [{ Disconnect: { LostAfter: 60 * SECOND, StopOnClientAfter: null, Replace: false, Reconcile: "keep_original" } }, { lostAfterMs: 60_000, replace: false, reconcile: "keep_original" }],
    [{ Disconnect: { LostAfter: null, StopOnClientAfter: null, Replace: null, Reconcile: null } }, { lostAfterMs: 0, replace: true, reconcile: "best_score" }],
    [{ MaxClientDisconnect: 30 * SECOND }, { lostAfterMs: 30_000, replace: true, reconcile: "best_score" }],
    [{ PreventRescheduleOnLost: true }, { lostAfterMs: 0, replace: false, reconcile: "best_score" }],
  ])("takes %j from the new block and the old keys alike", (fields, disconnect) => expect(onlyGroup(fields).disconnect).toEqual(disconnect));
});

describe("the node of an allocation", () => {
  const drained = (drain: object) => nodeOf("n1", { annotations: { "nomad-bridge.dev/drain": JSON.stringify(drain) } });
  it.each([
    ["answers", nodeOf("n1"), "service", { name: "n1" }],
    ["is not ready, and says so itself", nodeOf("n1", {}, "False"), "service", { name: "n1" }],
    ["has not been heard of", nodeOf("n1", {}, "Unknown"), "service", { name: "n1", lostSince: CREATED }],
    ["is gone", undefined, "service", { name: "n1", lostSince: 0 }],
    ["is drained until a deadline", drained({ startedAt: 1000, deadlineMs: 500, ignoreSystemJobs: false }), "service", { name: "n1", drain: { deadlineAt: 1500 } }],
    ["is drained without a deadline", drained({ startedAt: 1000, deadlineMs: 0, ignoreSystemJobs: false }), "service", { name: "n1", drain: {} }],
    ["is drained at once", drained({ startedAt: 1000, deadlineMs: -1, ignoreSystemJobs: false }), "system", { name: "n1", drain: { deadlineAt: 0 } }],
    ["is drained of all but system jobs", drained({ startedAt: 1000, deadlineMs: 500, ignoreSystemJobs: true }), "system", { name: "n1" }],
    ["has a drain that cannot be read", nodeOf("n1", { annotations: { "nomad-bridge.dev/drain": "{" } }), "service", { name: "n1" }],
  ] as const)("%s", (_name, node, type, expected) => expect(allocationNode("n1", node, { type, podsOn: () => [], now: ms(100) })).toEqual(expected));

  const ofJob = { ownerReferences: [{ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", name: "web", uid: "1", controller: true }] };
  const ofTask = { ownerReferences: [{ ...ofJob.ownerReferences[0]!, kind: "ExecTask" }] };
  const waiting = { name: "n1", drain: { deadlineAt: ms(200), othersFirst: true } };
  const alone = { name: "n1", drain: { deadlineAt: ms(200) } };
  it.each<[string, "system" | "sysbatch" | "service", Pod, object]>([
    ["waits with a system job while another runs there", "system", podOf({ readyAt: 5, container: { state: running(3) }, metadata: ofJob }), waiting],
    ["waits with one while another is being stopped", "system", podOf({ container: { state: running(3) }, metadata: { ...ofJob, annotations: { [ANNOTATION.stopped]: "alloc is being migrated" } } }), waiting],
    ["waits with a sysbatch job too", "sysbatch", podOf({ container: { state: running(3) }, metadata: ofJob }), waiting],
    ["waits with no service", "service", podOf({ container: { state: running(3) }, metadata: ofJob }), alone],
    ["does not wait for what has ended", "system", podOf({ phase: "Succeeded", metadata: ofJob }), alone],
    ["does not wait for other system jobs", "system", podOf({ container: { state: running(3) }, metadata: { ...ofJob, annotations: { [ANNOTATION.node]: "n1" } } }), alone],
    ["does not wait for an ExecTask, which no drain moves", "system", podOf({ container: { state: running(3) }, metadata: ofTask }), alone],
  ])("is drained, and %s", (_name, type, pod, expected) => {
    const node = drained({ startedAt: ms(100), deadlineMs: 100_000, ignoreSystemJobs: false });
    expect(allocationNode("n1", node, { type, podsOn: (name) => (name === "n1" ? [pod] : []), now: ms(100) })).toEqual(expected);
  });
});

describe("a pod as an allocation", () => {
  const context = { type: "service" as const, requests: {}, node: () => nodeOf("n1"), podsOn: () => [], skippedPaths: () => [], isMisplaced: () => false, now: ms(100) };
  const annotated = (annotations: Record<string, string>, fields: Partial<Parameters<typeof podOf>[0]> = {}) => podOf({ ...fields, metadata: { annotations } });

  it("has what its annotations and its node say", () => {
    const pod: Pod = { ...annotated({ [ANNOTATION.jobVersion]: "4", [ANNOTATION.canary]: "true", [ANNOTATION.rescheduleTimes]: "10,20,x" }, { readyAt: 5, container: { ready: true, state: running(3) } }) };
    expect(jobAllocation({ ...pod, spec: { ...pod.spec, nodeName: "n1" } }, context)).toMatchObject({ group: "web", jobVersion: 4, canary: true, rescheduleTimes: [10, 20], node: { name: "n1" }, startedAt: ms(3), state: "running" });
  });

  it("knows a system job's node before it has been placed", () => expect(jobAllocation(annotated({ [ANNOTATION.node]: "n1" }), context).node).toEqual({ name: "n1" }));

  it.each([
    [{ stop: { "pod-uid": { at: 1 } } }, "Running", "stop"],
    [{ stop: { "pod-uid": { at: 1, reschedule: true } } }, "Running", "migrate"],
    [{ stop: {} }, "Running", undefined],
    [{ reschedule: ms(60) }, "Running", undefined],
    [{ reschedule: ms(60) }, "Failed", "force-reschedule"],
    [{ reschedule: ms(40) }, "Failed", undefined],
  ])("heeds the request %j while it is %s: %s", (requests, phase, transition) => {
    const pod = podOf({ phase, container: { state: phase === "Failed" ? terminated(1, 50) : running(1) } });
    expect(jobAllocation(pod, { ...context, requests }).transition).toBe(transition);
  });

  it("is asked nothing by a name that every object has", () => {
    const pod = podOf({ metadata: { uid: "constructor" } });
    expect(jobAllocation(pod, { ...context, requests: { stop: {} } }).transition).toBeUndefined();
  });

  it("is stopping, and then complete, when it was stopped and Kubernetes says it failed", () => {
    const stopped = { [ANNOTATION.stopped]: "alloc not needed due to job update" };
    expect(jobAllocation(annotated(stopped, { readyAt: 1, container: { state: running(1) } }), context)).toMatchObject({ state: "stopping", wasStopped: true });
    const ended = annotated(stopped, { phase: "Failed", container: { state: terminated(137, 50, lastWords({ reason: "stopped", exitCode: 137 })) } });
    expect(jobAllocation(ended, context)).toMatchObject({ state: "complete", endedAt: ms(50), wasStopped: true });
    expect(allocationRecord(ended, ms(100)).tasks).toMatchObject([{ state: "dead", failed: false, lastEnd: { exitCode: 137 } }]);
  });
});

describe("who has a job ID", () => {
  const job = (name: string, creationTimestamp: string, uid = name) => ({ ...objectOf(jobOf()), metadata: { name, namespace: "team", uid, creationTimestamp } });
  it("is the oldest, of objects as old as each other the one of the lower UID, and one alone", () => {
    const [a, b, c] = [job("a", "2026-01-01T00:00:00Z"), job("b", "2026-01-02T00:00:00Z"), job("c", "2026-01-01T00:00:00Z")];
    expect([a, b, c].map((each) => takenBy(each, [a, b, c])?.message.includes('"a"'))).toEqual([undefined, true, true]);
    expect(takenBy(b, [])).toBeUndefined();
  });
  it("may be an ExecTask", () => {
    const task = { ...taskOf(), metadata: { ...taskOf().metadata, uid: "t", creationTimestamp: "2025-01-01T00:00:00Z" } };
    expect(takenBy(job("a", "2026-01-01T00:00:00Z"), [task])).toMatchObject({ reason: "JobIDTaken", message: expect.stringContaining("ExecTask") as string });
  });
});

describe("versions", () => {
  const object = { ...objectOf(jobOf()), metadata: { name: "web", namespace: "team", uid: "u", generation: 3, resourceVersion: "77" } };
  it("are what the object was: its spec and its generation come back", () => {
    const revision = presentRevision(sha256, object, CREATED);
    expect(revision).toMatchObject({ revision: 2, data: { jobModifyIndex: "77", submittedAt: "2026-01-01T00:00:00.000Z" }, metadata: { labels: { [`nomad-bridge.dev/managed`]: "true" } } });
    const back = jobAt({ ...object, spec: { ...object.spec, id: "other" }, metadata: { ...object.metadata, generation: 9 } }, revision);
    expect([back.metadata.generation, isSameSpec(back.spec, object.spec)]).toEqual([3, true]);
  });
  it("of two objects of one name have different names", () => {
    const names = ["u", "v"].map((uid) => presentRevision(sha256, { ...object, metadata: { ...object.metadata, uid } }, CREATED).metadata.name);
    expect(new Set(names).size).toBe(2);
  });
  it("are the same whatever the order of keys, and another when a value is", () => {
    const spec = object.spec;
    expect(isSameSpec(spec, { ...spec, job: Object.fromEntries(Object.entries(spec.job).toReversed()) })).toBe(true);
    expect(isSameSpec(spec, { ...spec, job: { ...spec.job, Priority: 51 } })).toBe(false);
  });
});

describe("what was worked out lately", () => {
  it("is not worked out again, until newer things have taken its place", () => {
    const remember = createMemo(2);
    const made: string[] = [];
    const ask = (key: string) => remember(key, () => made.push(key));
    for (const key of ["a", "b", "a", "c", "a", "b"]) ask(key);
    expect(made).toEqual(["a", "b", "c", "b"]);
  });
});

describe("what was written a moment ago", () => {
  const pod = (resourceVersion: string, uid = "u") => podOf({ metadata: { name: "p", uid, resourceVersion } });
  const cacheOf = () => {
    const state: { present: Pod | undefined; tell: (change: Change<Pod>) => void } = { present: undefined, tell: () => undefined };
    const cache = { get: () => state.present, onChange: (listener: typeof state.tell) => ((state.tell = listener), () => undefined) } as unknown as Cache<Pod>;
    const see = (object: Pod | undefined, type: Change<Pod>["type"] = "updated") => {
      const before = state.present;
      state.present = object;
      state.tell({ type, object: object ?? before ?? pod("0") });
    };
    return { cache, see };
  };

  it("is seen before the watch brings it, and no longer than that", () => {
    const { cache, see } = cacheOf();
    const latest = latestObjects(cache);
    see(pod("5"));
    latest.put(pod("7"));
    expect(latest.get("team", "p")?.metadata.resourceVersion).toBe("7");
    see(pod("6"));
    expect(latest.get("team", "p")?.metadata.resourceVersion).toBe("7");
    see(pod("9"));
    expect(latest.get("team", "p")?.metadata.resourceVersion).toBe("9");
    see(pod("8"));
    expect(latest.get("team", "p")?.metadata.resourceVersion).toBe("8");
  });

  it("never stands for another object of its name, nor for one that is gone", () => {
    const { cache, see } = cacheOf();
    const latest = latestObjects(cache);
    see(pod("5"));
    latest.put(pod("7"));
    see(pod("6", "other"));
    expect(latest.get("team", "p")?.metadata.uid).toBe("other");
    latest.put(pod("9", "other"));
    see(undefined, "deleted");
    expect(latest.get("team", "p")).toBeUndefined();
  });

  it("joins a list that does not have it yet", () => {
    const { cache } = cacheOf();
    const latest = latestObjects(cache);
    latest.put(pod("7"));
    expect(latest.with([], () => true).length).toBe(1);
    expect(latest.with([pod("6")], () => true).length).toBe(1);
    expect(latest.with([], () => false)).toEqual([]);
  });
});
