import { describe, expect, it } from "vitest";
import type { Pod } from "../../../../src/api/pod.ts";
import type { Allocation } from "../../../../src/bridge/bridge-deps.ts";
import { evaluationSource } from "../../../../src/bridge/jobs/evaluations.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { nomadEvaluations } from "../../../../src/mapping/nomad-evaluation.ts";
import { jobBody, jobWorld, NOW } from "./job-world.ts";

type Evaluation = { readonly ID: string; readonly TriggeredBy: string; readonly Status: string; readonly StatusDescription?: string; readonly WaitUntil?: string; readonly PreviousEval?: string; readonly RelatedEvals?: readonly Evaluation[] };
type Alloc = { readonly ID: string; readonly EvalID: string; readonly FollowupEvalID: string; readonly DesiredTransition: object; readonly RescheduleTracker: { readonly Events: readonly { readonly Delay: number }[] } | null };

const S = 1_000_000_000;
const UNLIMITED = { Attempts: 0, Interval: 0, Delay: 30 * S, DelayFunction: "exponential", MaxDelay: 3600 * S, Unlimited: true };

/** A service whose one allocation has failed at NOW. */
async function failing(policy: object = UNLIMITED, annotations: Readonly<Record<string, string>> = {}) {
  const world = jobWorld();
  let now = NOW;
  const { call } = world.bridge({ now: () => now });
  await call("PUT", "/v1/jobs", { Job: jobBody("web", {}, { Count: 1, ReschedulePolicy: policy }) });
  const job = world.observe("web");
  const pod = world.pod(job, "web", { node: "node-1" });
  const end = (at: number) => ({ terminated: { exitCode: 1, startedAt: new Date(at - 1000).toISOString(), finishedAt: new Date(at).toISOString() } });
  const failed = world.api.put<Pod>(RESOURCES.pods, { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } }, status: { phase: "Failed", containerStatuses: [{ name: "task", state: end(NOW) }] } });
  const successor = (times: string) => {
    const next = world.pod(job, "web", { node: "node-1", previous: failed.metadata.uid ?? "" });
    return world.api.put<Pod>(RESOURCES.pods, { ...next, metadata: { ...next.metadata, annotations: { ...next.metadata.annotations, [ANNOTATION.reschedules]: String(times.split(",").length), [ANNOTATION.rescheduleTimes]: times } } });
  };
  const evaluations = async () => (await call("GET", "/v1/job/web/evaluations")).json as unknown as readonly Evaluation[];
  const retries = async () => (await evaluations()).filter(({ TriggeredBy }) => TriggeredBy === "alloc-failure" || TriggeredBy === "alloc-reschedule");
  const read = async (id: string, related = "") => (await call("GET", `/v1/evaluation/${id}${related}`)).json as unknown as Evaluation;
  const allocations = async () => (await call("GET", "/v1/job/web/allocations")).json as unknown as readonly Alloc[];
  return { world, call, failed, successor, retries, read, allocations, later: (ms: number) => void (now = NOW + ms) };
}

describe("an allocation that has failed", () => {
  it("names the evaluation that waits to place it again, and until when", async () => {
    const { retries, allocations, read } = await failing();
    const [row] = await allocations();
    const all = await retries();
    const waiting = all.find(({ TriggeredBy }) => TriggeredBy === "alloc-reschedule");
    const cause = all.find(({ TriggeredBy }) => TriggeredBy === "alloc-failure");
    expect(waiting).toMatchObject({ ID: row?.FollowupEvalID, Status: "pending", StatusDescription: "created for delayed rescheduling", WaitUntil: new Date(NOW + 30_000).toISOString(), PreviousEval: cause?.ID });
    expect(waiting).not.toHaveProperty("QueuedAllocations");
    expect(cause).toMatchObject({ Status: "complete", QueuedAllocations: { web: 0 } });
    expect(await read(row?.FollowupEvalID ?? "")).toEqual(waiting);
    expect((await read(row?.FollowupEvalID ?? "", "?related=true")).RelatedEvals).toEqual([expect.objectContaining({ ID: cause?.ID, TriggeredBy: "alloc-failure", WaitUntil: null })]);
    expect(await read(cause?.ID ?? "", "?related=true")).not.toHaveProperty("RelatedEvals");
  });

  it("is placed again by that evaluation, which is over then", async () => {
    const { retries, allocations, successor, later, world, failed, read } = await failing();
    const id = (await allocations())[0]?.FollowupEvalID ?? "";
    later(31_000);
    const next = successor(`${NOW + 30_000}`);
    const rows = await allocations();
    expect(rows.find(({ ID }) => ID === next.metadata.uid)?.EvalID).toBe(id);
    expect(rows.find(({ ID }) => ID === failed.metadata.uid)?.FollowupEvalID).toBe(id);
    expect(await read(id)).toMatchObject({ Status: "complete", WaitUntil: new Date(NOW + 30_000).toISOString() });
    expect((await retries()).map(({ Status }) => Status)).toEqual(["complete", "complete"]);
    await world.api.client.remove({ resource: RESOURCES.pods, namespace: "default", name: failed.metadata.name }, { uid: failed.metadata.uid ?? "" });
    expect((await read(id)).TriggeredBy).toBe("alloc-reschedule");
  });

  it.each([
    ["the second time, after twice the delay", UNLIMITED, { [ANNOTATION.reschedules]: "1", [ANNOTATION.rescheduleTimes]: String(NOW - 60_000) }, 60_000],
    ["whose attempts of the interval are used", { ...UNLIMITED, Unlimited: false, Attempts: 1, Interval: 600 * S }, { [ANNOTATION.reschedules]: "1", [ANNOTATION.rescheduleTimes]: String(NOW - 60_000) }, undefined],
    ["whose policy allows none", { ...UNLIMITED, Unlimited: false, Attempts: 0, Interval: 0 }, {}, undefined],
    ["that somebody stopped", UNLIMITED, { [ANNOTATION.stopped]: "alloc is being migrated" }, undefined],
  ])("%s", async (_name, policy, annotations, wait) => {
    const { retries, allocations } = await failing(policy, annotations);
    const waiting = (await retries()).find(({ Status }) => Status === "pending");
    expect(waiting?.WaitUntil).toBe(wait === undefined ? undefined : new Date(NOW + wait).toISOString());
    expect((await allocations())[0]?.FollowupEvalID).toBe(waiting?.ID ?? "");
  });

  it("of a job that is stopped, or has a newer version, is waited for no longer", async () => {
    const { call, retries, world } = await failing();
    await call("DELETE", "/v1/job/web");
    world.observe("web");
    expect((await retries()).map(({ Status }) => Status)).toEqual(["complete", "complete"]);
  });

  it("tells in its successor how long each delay was", async () => {
    const { allocations, successor } = await failing();
    const next = successor(`${NOW - 200_000},${NOW - 100_000},${NOW + 30_000}`);
    const row = (await allocations()).find(({ ID }) => ID === next.metadata.uid);
    expect(row?.RescheduleTracker?.Events.map(({ Delay }) => Delay / S)).toEqual([30, 60, 120]);
  });
});

describe("an allocation that somebody stops", () => {
  it("says what was asked of it, in lists and alone", async () => {
    const { call, allocations, failed } = await failing({ ...UNLIMITED, Unlimited: false });
    expect((await call("GET", `/v1/allocation/${failed.metadata.uid}`)).json).not.toHaveProperty("DesiredTransition");
    await call("PUT", `/v1/allocation/${failed.metadata.uid}/stop?no_shutdown_delay=true`);
    const asked = { Migrate: true, Reschedule: false, ForceReschedule: null, NoShutdownDelay: true, MigrateDisablePlacement: null };
    expect((await allocations())[0]?.DesiredTransition).toEqual(asked);
    expect((await call("GET", `/v1/allocation/${failed.metadata.uid}`)).json).toMatchObject({ DesiredTransition: asked });
  });
});

describe("many allocations that have failed", () => {
  /** How often each of them is looked at, on average, for all evaluations of their job. */
  async function looksAtEach(count: number): Promise<number> {
    const world = jobWorld();
    const { call, cluster } = world.bridge();
    await call("PUT", "/v1/jobs", { Job: jobBody("web", {}, { Count: count, ReschedulePolicy: UNLIMITED }) });
    const object = world.observe("web");
    let looks = 0;
    for (let each = 0; each < count; each += 1) {
      const { metadata, ...pod } = world.pod(object, "web", { node: "node-1" });
      world.api.put<Pod>(RESOURCES.pods, { ...pod, metadata, status: { phase: "Failed", containerStatuses: [{ name: "task", state: { terminated: { exitCode: 1, finishedAt: new Date(NOW).toISOString() } } }] } });
    }
    const counted = ({ pod: { metadata, ...pod }, job }: Allocation): Allocation => ({ job, pod: { ...pod, get metadata() { looks += 1; return metadata; } } });
    const source = evaluationSource({ cluster: { ...cluster, allocationsOf: (job) => cluster.allocationsOf(job).map(counted) }, now: NOW }, cluster.job("default", "web")!)!;
    expect(nomadEvaluations(source).filter(({ TriggeredBy }) => TriggeredBy === "alloc-reschedule")).toHaveLength(count);
    return looks / count;
  }

  it("cost as much each as a few", async () => {
    expect(await looksAtEach(40)).toBeLessThanOrEqual(await looksAtEach(10));
  });
});
