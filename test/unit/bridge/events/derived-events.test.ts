import { describe, expect, it } from "vitest";
import type { AclPolicyObject, AclRoleObject, AclTokenObject } from "../../../../src/api/acl.ts";
import type { Pod } from "../../../../src/api/pod.ts";
import type { NomadJob } from "../../../../src/api/nomad-job.ts";
import { policyEvent, roleEvent, tokenEvent } from "../../../../src/bridge/events/acl-events.ts";
import type { EventContext } from "../../../../src/bridge/events/cluster-events.ts";
import { deploymentEvents, evaluationEvents } from "../../../../src/bridge/events/derived-events.ts";
import type { NomadEvent } from "../../../../src/bridge/events/event.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { jobBody, jobWorld, NOW } from "../jobs/job-world.ts";

function one() {
  const world = jobWorld();
  const bridge = world.bridge();
  const context: EventContext = { cluster: bridge.cluster, now: () => NOW, index: 9 };
  const register = async () => (await bridge.call("PUT", "/v1/jobs", { Job: jobBody("web") })).json.EvalID;
  return { world, context, register };
}

const seen = ({ topic, type, key, filterKeys, payload }: NomadEvent) => ({ topic, type, key, filterKeys, ...payload() });

describe("the evaluation of a new job", () => {
  it("is told when it is made, and again when its pods have found a place, and then no more", async () => {
    const { world, context, register } = one();
    const id = await register();
    const events = evaluationEvents();
    expect(events.ofJob(context, { type: "added", object: world.job("web") }).map(seen)).toMatchObject([{ topic: "Evaluation", type: "JobRegistered", key: id, filterKeys: ["web", ""], Evaluation: { ID: id, Status: "pending" } }]);
    const previous = world.job("web");
    const observed = world.observe("web");
    const pod = world.pod(observed, "web");
    expect(events.ofJob(context, { type: "updated", object: observed, previous })).toEqual([]);
    const placed = world.api.put(RESOURCES.pods, { ...pod, spec: { ...pod.spec, nodeName: "node-1" } });
    const change = { type: "updated", object: placed, previous: pod } as const;
    expect(events.ofPod(context, observed, change).map(seen)).toMatchObject([{ type: "EvaluationUpdated", key: id, Evaluation: { Status: "complete" } }]);
    expect([...events.ofPod(context, observed, change), ...events.ofJob(context, { type: "updated", object: observed, previous: observed })]).toEqual([]);
  });

  it("is told of an allocation that fails, with the one that waits to place it again", async () => {
    const { world, context, register } = one();
    await register();
    const observed = world.observe("web");
    const pod = world.pod(observed, "web", { node: "node-1" });
    const failed = world.api.put<Pod>(RESOURCES.pods, { ...pod, status: { phase: "Failed", containerStatuses: [{ name: "task", state: { terminated: { exitCode: 1, finishedAt: new Date(NOW).toISOString() } } }] } });
    const events = evaluationEvents();
    const change = { type: "updated", object: failed, previous: pod } as const;
    const told = events.ofPod(context, observed, change).map(seen);
    expect(told).toMatchObject([{ type: "AllocationUpdated", Evaluation: { TriggeredBy: "alloc-failure", Status: "complete" } }, { type: "EvaluationUpdated", Evaluation: { TriggeredBy: "alloc-reschedule", Status: "pending" } }]);
    expect(events.ofPod(context, observed, { ...change, previous: failed })).toEqual([]);
  });

  it("leaves out what says nothing, as whoever reads it gets it", async () => {
    const { world, context, register } = one();
    const id = await register();
    const told = evaluationEvents().ofJob(context, { type: "added", object: world.job("web") }).map((event) => event.payload());
    expect(told).toMatchObject([{ Evaluation: { ID: id, JobID: "web", TriggeredBy: "job-register" } }]);
    expect(told.flatMap((payload) => Object.values(payload)).flatMap((each: object) => Object.values(each)).filter((value) => value === null || value === "" || value === false)).toEqual([]);
  });

  it("is told of a purge when it is made, and when it is over", async () => {
    const { world, context, register } = one();
    await register();
    const told = evaluationEvents().ofJob(context, { type: "deleted", object: world.job("web") });
    expect(told.map(seen)).toMatchObject([
      { type: "JobDeregistered", filterKeys: ["web", ""], Evaluation: { TriggeredBy: "job-deregister", Status: "pending" } },
      { type: "EvaluationUpdated", filterKeys: ["web", ""], Evaluation: { TriggeredBy: "job-deregister", Status: "complete" } },
    ]);
    const [made, over] = told.map(({ key }) => key);
    expect(over).toBe(made);
  });

  it("is not told of the purge of a parent, which has none", async () => {
    const { world, context } = one();
    await world.bridge().call("PUT", "/v1/jobs", { Job: { ...jobBody("web"), Type: "batch", Periodic: { Enabled: true, Spec: "0 * * * *", SpecType: "cron" } } });
    expect(evaluationEvents().ofJob(context, { type: "deleted", object: world.job("web") })).toEqual([]);
  });
});

const GROUP = { autoRevert: false, autoPromote: false, progressDeadlineMs: 600_000, requireProgressBy: NOW + 600_000, promoted: false, desiredCanaries: 1, desiredTotal: 2, placedCanaries: [], placedAllocs: 2, healthyAllocs: 0, unhealthyAllocs: 0, healthyCanaries: 0 };
const deployment = (status: string, group: object = {}) => ({ jobVersion: 0, status, statusDescription: "Deployment is running", createdAt: NOW, modifiedAt: NOW, markedHealthy: [], groups: { web: { ...GROUP, ...group } } });

describe("a deployment", () => {
  it.each([
    { title: "that begins", before: undefined, after: deployment("running"), type: ["PlanResult"] },
    { title: "with another healthy allocation", before: deployment("running"), after: deployment("running", { healthyAllocs: 1 }), type: ["AllocationUpdated"] },
    { title: "that is promoted", before: deployment("running"), after: deployment("running", { promoted: true }), type: ["DeploymentPromotion"] },
    { title: "that has succeeded", before: deployment("running"), after: deployment("successful"), type: ["PlanResult"] },
    { title: "whose job is stopped", before: deployment("running"), after: deployment("cancelled"), type: ["PlanResult"] },
    { title: "that has failed", before: deployment("running"), after: deployment("failed"), type: ["DeploymentStatusUpdate"] },
    { title: "of which nothing has changed", before: deployment("running"), after: deployment("running"), type: [] },
  ])("$title is $type", async ({ before, after, type }) => {
    const { world, context, register } = one();
    await register();
    const observed = world.observe("web");
    const withState = (state: object | undefined) => ({ ...observed, status: { ...observed.status, ...(state === undefined ? {} : { deployment: state }) } }) as NomadJob;
    const events = deploymentEvents(context, { type: "updated", object: withState(after), previous: withState(before) });
    expect(events.map((event) => event.type)).toEqual(type);
    expect(events.map(seen)).toMatchObject(type.map(() => ({ topic: "Deployment", filterKeys: ["web"], Deployment: { JobID: "web", Status: after.status } })));
  });
});

describe("a change of an ACL object", () => {
  const metadata = { name: "x", resourceVersion: "5" };
  const policy = { metadata, spec: { name: "p1", rules: 'namespace "default" { policy = "read" }' } } as unknown as AclPolicyObject;
  const role = { metadata, spec: { id: "r-1", name: "r1", policies: ["p1"] } } as unknown as AclRoleObject;
  const token = { metadata, spec: { accessorId: "a-1", type: "client", policies: ["p1"], secretHash: "00ff", createTime: "2026-01-01T00:00:00Z" } } as unknown as AclTokenObject;
  const acl = { roles: { byKey: () => undefined } } as unknown as Parameters<typeof tokenEvent>[2];

  it("names the object, and holds it", () => {
    const events = [policyEvent(9, { type: "added", object: policy }), roleEvent(9, { type: "updated", object: role }), tokenEvent(9, { type: "deleted", object: token }, acl)];
    expect(events.map(seen)).toMatchObject([
      { topic: "ACLPolicy", type: "ACLPolicyUpserted", key: "p1", filterKeys: [], ACLPolicy: { Name: "p1" } },
      { topic: "ACLRole", type: "ACLRoleUpserted", key: "r-1", filterKeys: ["r1"], ACLRole: { Policies: [{ Name: "p1" }] } },
      { topic: "ACLToken", type: "ACLTokenDeleted", key: "a-1", filterKeys: [], ACLToken: { AccessorID: "a-1", SecretID: "" } },
    ]);
  });
});
