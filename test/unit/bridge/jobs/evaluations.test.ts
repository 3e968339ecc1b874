import { describe, expect, it } from "vitest";
import { API_VERSION } from "../../../../src/api/exec-task.ts";
import type { Pod } from "../../../../src/api/pod.ts";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { execTask, jobBody, type JobWorld, jobWorld, NOW, TOKENS } from "./job-world.ts";

function one() {
  const world = jobWorld();
  const bridge = world.bridge();
  const register = async (id: string, changes: object = {}) => (await bridge.call("PUT", "/v1/jobs", { Job: jobBody(id, changes) })).json.EvalID;
  const evaluation = async (id: string) => (await bridge.call("GET", `/v1/evaluation/${id}`)).json;
  return { world, ...bridge, register, evaluation };
}

const DEPLOYMENT = {
  jobVersion: 0,
  status: "running",
  statusDescription: "Deployment is running",
  createdAt: NOW,
  modifiedAt: NOW,
  markedHealthy: [],
  groups: { web: { autoRevert: false, autoPromote: false, progressDeadlineMs: 600_000, requireProgressBy: NOW + 600_000, promoted: false, desiredCanaries: 1, desiredTotal: 2, placedCanaries: [], placedAllocs: 2, healthyAllocs: 1, unhealthyAllocs: 0, healthyCanaries: 1 } },
};

/** Of what there is not, or cannot be, status and text: one row for each path. */
const ANSWERS: Readonly<Record<string, readonly [number, string]>> = {
  "/v1/evaluation/7d2be05a-a2ce-80aa-b186-fef3e5165ea8": [404, "eval not found"],
  "/v1/deployment/7d2be05a-a2ce-80aa-b186-fef3e5165ea8": [404, "deployment not found"],
  "/v1/job/nothing/deployment": [200, "null"],
  "/v1/evaluation/short": [500, "failed to lookup eval: eval lookup failed: index error: UUID must be 36 characters"],
  "/v1/evaluation/short/allocations": [500, "index error: UUID must be 36 characters"],
  "/v1/evaluations?prefix=abc": [500, "eval lookup failed: index error: Input (without hyphens) must be even length"],
  "/v1/deployment/short": [500, "deployment lookup failed: index error: UUID must be 36 characters"],
  "/v1/deployment/allocations/short": [500, "index error: UUID must be 36 characters"],
  "/v1/deployment/allocations/7d2be05a-a2ce-80aa-b186-fef3e5165ea8": [200, "[]"],
  "/v1/deployments?prefix=zz": [500, "index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
  "/v1/job/nothing/actions": [500, 'Unknown job "nothing"'],
  "/v1/job/nothing/submission": [400, "Unable to parse job submission version parameter"],
  "/v1/job/nothing/submission?version=0": [404, "job source not found"],
  "/v1/job/nothing/summary": [404, "job not found"],
  "/v1/job/nothing/versions": [404, "job versions not found"],
};

describe("the evaluation of a version", () => {
  it("is pending until the controller has seen the version, and its pods have the scheduler's word", async () => {
    const { world, call, register, evaluation } = one();
    const id = await register("web");
    expect(await evaluation(id)).toMatchObject({ ID: id, Status: "pending", TriggeredBy: "job-register", JobID: "web", Namespace: "default", Type: "service", Priority: 50 });
    const job = world.observe("web");
    const pod = world.pod(job, "web");
    expect(await evaluation(id)).toMatchObject({ Status: "pending" });
    world.api.put(RESOURCES.pods, { ...pod, spec: { ...pod.spec, nodeName: "node-1" } });
    const placed = await evaluation(id);
    expect(placed).toMatchObject({ Status: "complete", QueuedAllocations: { web: 0 } });
    // Nomad leaves out what is empty.
    expect(Object.keys(placed).sort()).toEqual(["CreateIndex", "CreateTime", "ID", "JobID", "JobModifyIndex", "ModifyIndex", "ModifyTime", "Namespace", "Priority", "QueuedAllocations", "SnapshotIndex", "Status", "TriggeredBy", "Type"]);
    expect((await call("GET", "/v1/evaluations?filter=" + encodeURIComponent('BlockedEval == ""'))).json).toHaveLength(1);
  });

  it("waits for the first pod of a job that the controller has just seen, and not for ever", async () => {
    const world = jobWorld();
    let now = NOW;
    const { call } = world.bridge({ now: () => now });
    const { EvalID } = (await call("PUT", "/v1/jobs", { Job: jobBody("web") })).json;
    world.observe("web", { groups: { web: { queued: 2, starting: 0, running: 0, complete: 0, failed: 0, lost: 0, unknown: 0 } } });
    now = NOW - 55_000;
    expect((await call("GET", `/v1/evaluation/${EvalID}`)).json).toMatchObject({ Status: "pending" });
    now = NOW;
    expect((await call("GET", `/v1/evaluation/${EvalID}`)).json).toMatchObject({ Status: "complete" });
  });

  it("names what found no place, why, and the evaluation that waits for one", async () => {
    const { world, call, register, evaluation } = one();
    const id = await register("web");
    const job = world.observe("web");
    const unschedulable = "0/3 nodes are available: 1 node(s) had untolerated taint {a.b/c: }, 2 Insufficient memory. no new claims to deallocate, preemption: 0/3 nodes are available.";
    const pods = [world.pod(job, "web", { unschedulable }), world.pod(job, "web", { unschedulable })];
    const failed = await evaluation(id);
    expect(failed).toMatchObject({
      Status: "complete",
      QueuedAllocations: { web: 2 },
      FailedTGAllocs: { web: { NodesEvaluated: 3, NodesExhausted: 2, NodesFiltered: 1, CoalescedFailures: 1, DimensionExhausted: { memory: 2 }, ConstraintFiltered: { "node(s) had untolerated taint {a.b/c: }": 1 } } },
    });
    const { BlockedEval } = failed as unknown as { readonly BlockedEval: string };
    expect(await evaluation(BlockedEval)).toMatchObject({ Status: "blocked", TriggeredBy: "queued-allocs", PreviousEval: id });
    expect((await call("GET", "/v1/job/web/evaluations")).json).toMatchObject([{ TriggeredBy: "job-register" }, { TriggeredBy: "queued-allocs", Status: "blocked" }]);
    expect((await call("GET", "/v1/job/web/allocations")).json).toEqual([]);
    expect((await call("GET", "/v1/allocations")).json).toEqual([]);
    expect((await call("GET", `/v1/evaluation/${id}/allocations`)).json).toEqual([]);
    for (const pod of pods) world.api.put(RESOURCES.pods, { ...pod, spec: { ...pod.spec, nodeName: "node-1" } });
    expect(await evaluation(BlockedEval)).toMatchObject({ Status: "complete" });
    expect((await call("GET", "/v1/job/web/evaluations")).json).toHaveLength(1);
  });

  it("lists the allocations of its version, and no others", async () => {
    const { world, call, register } = one();
    const first = await register("web");
    const old = world.pod(world.observe("web"), "web", { node: "node-1" });
    const second = await register("web", { Priority: 60 });
    const next = world.pod(world.observe("web"), "web", { node: "node-1" });
    const idsOf = async (id: string) => (await call("GET", `/v1/evaluation/${id}/allocations`)).json as unknown as readonly { readonly ID: string; readonly EvalID: string }[];
    expect((await idsOf(first)).map(({ ID, EvalID }) => [ID, EvalID])).toEqual([[old.metadata.uid, first]]);
    expect((await idsOf(second)).map(({ ID, EvalID }) => [ID, EvalID])).toEqual([[next.metadata.uid, second]]);
    expect(await idsOf("7d2be05a-a2ce-80aa-b186-fef3e5165ea8")).toEqual([]);
  });

  it("leads to the deployment of its version", async () => {
    const { world, call, register, evaluation } = one();
    const id = await register("web");
    world.observe("web", { deployment: DEPLOYMENT });
    const { DeploymentID } = (await evaluation(id)) as unknown as { readonly DeploymentID: string };
    expect((await call("GET", `/v1/deployment/${DeploymentID}`)).json).toMatchObject({ ID: DeploymentID, JobID: "web", JobVersion: 0, Status: "running", TaskGroups: { web: { DesiredTotal: 2, HealthyAllocs: 1, ProgressDeadline: 600_000_000_000, RequireProgressBy: "2026-01-02T00:10:00.000Z" } } });
    expect((await call("GET", "/v1/job/web/deployment")).json).toMatchObject({ ID: DeploymentID });
    await call("DELETE", "/v1/job/web");
    world.observe("web", { deployment: { ...DEPLOYMENT, status: "cancelled" } });
    expect((await call("GET", "/v1/job/web/evaluations")).json).toMatchObject([{ TriggeredBy: "job-deregister", DeploymentID }, { TriggeredBy: "job-register", DeploymentID }]);
  });

  it("is joined by one of the deployment's end, and the version is stable from then on", async () => {
    const { world, call, register } = one();
    await register("web");
    const over = (jobVersion: number, status: string) => ({ ...DEPLOYMENT, jobVersion, status, modifiedAt: NOW + 5_000 });
    world.observe("web", { deployment: over(0, "successful") });
    expect((await call("GET", "/v1/job/web/evaluations")).json).toMatchObject([{ TriggeredBy: "deployment-watcher", Status: "complete" }, { TriggeredBy: "job-register" }]);
    await register("web", { Priority: 60 });
    world.observe("web");
    await register("web", { Priority: 70 });
    world.observe("web", { deployment: { ...over(2, "successful"), superseded: { ...over(1, "failed"), superseded: over(0, "successful") } } });
    expect((await call("GET", "/v1/job/web/deployments")).json).toMatchObject([{ JobVersion: 2, Status: "successful" }, { JobVersion: 1, Status: "failed" }, { JobVersion: 0, Status: "successful" }]);
    const { Versions } = (await call("GET", "/v1/job/web/versions")).json as unknown as { readonly Versions: readonly { readonly Version: number; readonly Stable: boolean }[] };
    expect(Versions.map(({ Version, Stable }) => [Version, Stable])).toEqual([[2, true], [1, false], [0, true]]);
  });

  it("has the priority that was asked for it alone", async () => {
    const { world, call, evaluation } = one();
    const { EvalID } = (await call("PUT", "/v1/jobs", { Job: jobBody("web"), EvalPriority: 80 })).json;
    world.observe("web", { deployment: DEPLOYMENT });
    expect(await evaluation(EvalID)).toMatchObject({ Priority: 80 });
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ Priority: 50 });
    expect((await call("GET", "/v1/job/web/deployment")).json).toMatchObject({ EvalPriority: 80 });
    const stopped = (await call("DELETE", "/v1/job/web?eval_priority=70")).json;
    expect(await evaluation(stopped.EvalID)).toMatchObject({ Priority: 70, TriggeredBy: "job-deregister" });
  });

  it("moves its index when it is over, and no more when its job's object changes; and so does a deployment", async () => {
    const { world, call, register, evaluation } = one();
    const id = await register("web");
    const indexes = async () => {
      const { CreateIndex, ModifyIndex } = (await evaluation(id)) as unknown as Readonly<Record<string, number>>;
      const all = (await call("GET", "/v1/job/web/evaluations")).json as unknown as readonly { readonly ID: string; readonly ModifyIndex: number }[];
      const deployment = (await call("GET", "/v1/job/web/deployment")).json as unknown as { readonly ModifyIndex: number } | null;
      return [CreateIndex, ModifyIndex, Object.fromEntries(all.filter(({ ID }) => ID !== id).map((each) => [each.ID, each.ModifyIndex])), deployment?.ModifyIndex];
    };
    const [created, pending] = await indexes();
    expect(pending).toBe(created);
    const pod = world.pod(world.observe("web", { deployment: { ...DEPLOYMENT, status: "successful", modifyIndex: 4000 } }), "web", { node: "node-1" });
    await call("PUT", `/v1/allocation/${pod.metadata.uid}/stop`);
    const before = await indexes();
    expect([before[0], Number(before[1]) > Number(created), before[3]]).toEqual([created, true, 4000]);
    world.observe("web", { summary: "1/2", deployment: { ...DEPLOYMENT, status: "successful", modifyIndex: 4000 } });
    expect(await indexes()).toEqual(before);
  });

  it("is within no deployment but its own while it is pending", async () => {
    const { world, register, evaluation } = one();
    await register("web");
    world.observe("web", { deployment: { ...DEPLOYMENT, status: "successful" } });
    const id = await register("web", { TaskGroups: [{ Name: "web", Count: 2, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/true" } }] }] });
    expect(await evaluation(id)).toMatchObject({ Status: "pending" });
    expect(await evaluation(id)).not.toHaveProperty("DeploymentID");
  });

  it("is the same from every bridge, and after a new one has started", async () => {
    const { world, register } = one();
    const id = await register("web");
    expect((await world.bridge().call("GET", `/v1/evaluation/${id}`)).json).toMatchObject({ ID: id });
  });

  it.each(Object.entries(ANSWERS))("%s: %j", async (path, [status, text]) => expect(await one().call("GET", path)).toMatchObject({ status, text }));

  it("is hidden with its namespace", async () => {
    const { call, register } = one();
    const id = await register("web", { Namespace: "team-a" });
    expect(await call("GET", `/v1/evaluation/${id}`, undefined, TOKENS.submitter)).toMatchObject({ status: 403, text: "Permission denied" });
    expect((await call("GET", "/v1/evaluations?namespace=*", undefined, TOKENS.submitter)).json).toEqual([]);
    expect((await call("GET", "/v1/evaluations?namespace=*")).json).toHaveLength(1);
    expect((await call("GET", "/v1/evaluations/count?namespace=*")).json).toMatchObject({ Count: 1, KnownLeader: true });
  });
});

describe("a job that nobody deploys", () => {
  it("has null for a deployment, and an empty list", async () => {
    const { call, register } = one();
    await register("web");
    expect((await call("GET", "/v1/job/web/deployment")).text).toBe("null");
    expect((await call("GET", "/v1/job/web/deployments")).json).toEqual([]);
  });
});

/** The pod with three tasks: "slow", whose shutdown delay is to come, "quick", which has none, and "over", which has ended. */
function withDelays(world: JobWorld, pod: Pod): Pod {
  const document = (shutdownDelayMs: number) => JSON.stringify({ restart: { attempts: 1, intervalMs: 1, mode: "fail" }, killTimeoutMs: 5000, shutdownDelayMs });
  const tasks = ["slow", "quick", "over"].map((task) => ({ task, container: task, hook: "", sidecar: false }));
  const annotations = { ...pod.metadata.annotations, [ANNOTATION.tasks]: JSON.stringify(tasks), [ANNOTATION.launcher]: document(30_000), [`${ANNOTATION.launcher}-quick`]: document(0), [`${ANNOTATION.launcher}-over`]: document(30_000) };
  const runs = { running: { startedAt: new Date(NOW).toISOString() } };
  const containerStatuses = [{ name: "slow", state: runs }, { name: "quick", state: runs }, { name: "over", state: {} }];
  return world.api.put<Pod>(RESOURCES.pods, { ...pod, metadata: { ...pod.metadata, annotations }, status: { phase: "Running", containerStatuses } });
}

describe("stopping an allocation", () => {
  it("is asked once, however often; its evaluation is over when the pod goes, and has the replacement", async () => {
    const { world, call, register, evaluation } = one();
    await register("web");
    const job = world.observe("web");
    const pod = world.pod(job, "web", { node: "node-1" });
    const uid = pod.metadata.uid ?? "";
    const { json } = await call("PUT", `/v1/allocation/${uid}/stop?reschedule=true`);
    const { writes } = world.api.calls;
    expect((await call("POST", `/v1/allocation/${uid}/stop`)).json.EvalID).toBe(json.EvalID);
    expect(world.api.calls.writes).toBe(writes);
    expect(JSON.parse(world.job("web").metadata.annotations?.["nomad-bridge.dev/requests"] ?? "")).toMatchObject({ stop: { [uid]: { at: NOW, reschedule: true } } });
    expect(await evaluation(json.EvalID)).toMatchObject({ TriggeredBy: "alloc-stop", Status: "pending" });
    world.api.put(RESOURCES.pods, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: new Date(NOW).toISOString() } });
    expect(await evaluation(json.EvalID)).toMatchObject({ TriggeredBy: "alloc-stop", Status: "pending" });
    const next = world.pod(job, "web", { node: "node-1", previous: uid });
    expect(await evaluation(json.EvalID)).toMatchObject({ Status: "complete" });
    const allocations = (await call("GET", `/v1/evaluation/${json.EvalID}/allocations`)).json as unknown as readonly { readonly ID: string }[];
    expect(allocations.map(({ ID }) => ID)).toEqual([next.metadata.uid]);
    expect(world.job("web").metadata.generation).toBe(1);
  });

  it.each([
    ["of an allocation", (uid: string) => ["PUT", `/v1/allocation/${uid}/stop?no_shutdown_delay=true`], ["skip-shutdown-delay"]],
    ["of its job", () => ["DELETE", "/v1/job/web?no_shutdown_delay=true"], ["skip-shutdown-delay"]],
    ["with its delay", (uid: string) => ["PUT", `/v1/allocation/${uid}/stop?no_shutdown_delay=false`], []],
    ["of its job with its delay", () => ["DELETE", "/v1/job/web"], []],
  ])("%s tells the launchers of tasks that have a shutdown delay to leave it out, where that is asked", async (_name, callOf, operations) => {
    const { world, call, register, launchers } = one();
    await register("web");
    const pod = withDelays(world, world.pod(world.observe("web"), "web", { node: "node-1" }));
    const [method = "", path = ""] = callOf(pod.metadata.uid ?? "");
    expect((await call(method, path)).status).toBe(200);
    expect(launchers.map(({ grant }) => [grant.container, grant.operation.operation])).toEqual(operations.map((operation) => ["slow", operation]));
  });

  it("tells no launcher anything where the stop is refused, as an ExecTask's is", async () => {
    const { world, call, launchers } = one();
    const task = world.api.put(RESOURCES.execTasks, execTask("web"));
    const pod = world.pod({ ...task, kind: "NomadJob", spec: { id: "web", job: {} } }, "web", { node: "node-1" });
    const ownerReferences = [{ apiVersion: API_VERSION, kind: "ExecTask", name: "web", uid: task.metadata.uid ?? "", controller: true }];
    withDelays(world, { ...pod, metadata: { ...pod.metadata, ownerReferences } });
    expect((await call("DELETE", "/v1/job/web?no_shutdown_delay=true")).status).toBe(400);
    expect(launchers).toEqual([]);
    await call("DELETE", "/v1/job/web?no_shutdown_delay=true&purge=true");
    expect(launchers).toHaveLength(1);
  });

  it("says 404 for none, and needs alloc-lifecycle", async () => {
    const { world, call, register } = one();
    await register("web");
    const { uid } = world.pod(world.observe("web"), "web").metadata;
    expect(await call("PUT", "/v1/allocation/7d2be05a-a2ce-80aa-b186-fef3e5165ea8/stop")).toMatchObject({ status: 404, text: "allocation not found" });
    expect(await call("PUT", "/v1/allocation/short/stop")).toMatchObject({ status: 500, text: "alloc lookup failed: index error: UUID must be 36 characters" });
    expect(await call("PUT", `/v1/allocation/${uid}/stop`, undefined, TOKENS.submitter)).toMatchObject({ status: 403, text: "Permission denied" });
  });
});

describe("what is said of a deployment", () => {
  async function deployed(status = "running") {
    const all = one();
    await all.register("web");
    all.world.observe("web", { deployment: { ...DEPLOYMENT, status } });
    const { ID } = (await all.call("GET", "/v1/job/web/deployment")).json as unknown as { readonly ID: string };
    const requests = () => JSON.parse(all.world.job("web").metadata.annotations?.["nomad-bridge.dev/requests"] ?? "{}") as object;
    return { ...all, ID, requests };
  }

  it.each([
    ["promote", { All: true }, { promote: ["*"] }],
    ["promote", { Groups: ["web"] }, { promote: ["web"] }],
    ["pause", { Pause: false }, { paused: false }],
    ["fail", {}, { failed: true }],
  ])("%s %j reaches the controller, with an evaluation that leads back to it", async (verb, body, said) => {
    const { call, ID, requests, evaluation } = await deployed();
    const { status, json } = await call("PUT", `/v1/deployment/${verb}/${ID}`, { DeploymentID: ID, ...body });
    expect([status, requests()]).toEqual([200, { deployment: { id: ID, ...said } }]);
    expect(await evaluation(json.EvalID)).toMatchObject({ TriggeredBy: "deployment-watcher", DeploymentID: ID, Status: "complete" });
  });

  it("pause has no evaluation to watch", async () => {
    const { call, ID, requests } = await deployed();
    expect((await call("PUT", `/v1/deployment/pause/${ID}`, { DeploymentID: ID, Pause: true })).json).toMatchObject({ EvalID: "", EvalCreateIndex: 0 });
    expect(requests()).toEqual({ deployment: { id: ID, paused: true } });
  });

  it("health is that of the job's own allocations, and of no others", async () => {
    const { world, call, ID, requests, evaluation } = await deployed();
    const [well, ill] = [world.pod(world.job("web"), "web", { node: "node-1" }), world.pod(world.job("web"), "web", { node: "node-1" })].map(({ metadata }) => metadata.uid ?? "");
    const { json } = await call("PUT", `/v1/deployment/allocation-health/${ID}`, { DeploymentID: ID, HealthyAllocationIDs: [well], UnhealthyAllocationIDs: [ill] });
    expect(requests()).toEqual({ deployment: { id: ID, healthy: [well], unhealthy: [ill] } });
    expect(await evaluation(json.EvalID)).toMatchObject({ TriggeredBy: "deployment-watcher", DeploymentID: ID });
    const stranger = "7d2be05a-a2ce-80aa-b186-fef3e5165ea8";
    expect(await call("PUT", `/v1/deployment/allocation-health/${ID}`, { DeploymentID: ID, HealthyAllocationIDs: [stranger] })).toMatchObject({ status: 500, text: `unknown alloc "${stranger}"` });
    expect(requests()).toEqual({ deployment: { id: ID, healthy: [well], unhealthy: [ill] } });
  });

  it.each([
    ["promote", { All: true }, "can't promote terminal deployment"],
    ["fail", {}, "can't fail terminal deployment"],
    ["pause", { Pause: true }, "can't pause terminal deployment"],
    ["allocation-health", { HealthyAllocationIDs: ["a"] }, "can't set health of allocations for a terminal deployment"],
  ])("%s is refused when it is over", async (verb, body, text) => {
    const { call, ID, requests } = await deployed("successful");
    expect(await call("PUT", `/v1/deployment/${verb}/${ID}`, { DeploymentID: ID, ...body })).toMatchObject({ status: 500, text });
    expect(requests()).toEqual({});
  });

  it("promotes no canaries that are not healthy, and none where there are none", async () => {
    const all = one();
    await all.register("web");
    const state = (group: object) => ({ deployment: { ...DEPLOYMENT, groups: { web: { ...DEPLOYMENT.groups.web, ...group } } } });
    all.world.observe("web", state({ desiredCanaries: 2 }));
    const { ID } = (await all.call("GET", "/v1/job/web/deployment")).json as unknown as { readonly ID: string };
    const promote = async () => all.call("PUT", `/v1/deployment/promote/${ID}`, { DeploymentID: ID, All: true });
    expect(await promote()).toMatchObject({ status: 500, text: 'Task group "web" has 1/2 healthy allocations' });
    all.world.observe("web", state({ desiredCanaries: 0 }));
    expect(await promote()).toMatchObject({ status: 500, text: "no canaries to promote" });
  });

  it.each([
    ["pause", {}, 400, "DeploymentID must be specified"],
    ["promote", { DeploymentID: "other" }, 400, "Deployment ID does not match"],
    ["unblock", { DeploymentID: "other" }, 400, "Deployment ID does not match"],
    ["allocation-health", { HealthyAllocationIDs: ["a"] }, 400, "DeploymentID must be specified"],
    ["pause", { DeploymentID: 5 }, 400, "json: cannot unmarshal number into Go struct field DeploymentPauseRequest.DeploymentID of type string"],
  ])("%s with %j is refused: %i %s", async (verb, body, status, text) => {
    const { call, ID, requests } = await deployed();
    expect(await call("PUT", `/v1/deployment/${verb}/${ID}`, body)).toMatchObject({ status, text });
    expect(requests()).toEqual({});
  });

  it("is an error without a status where there is none", async () => {
    const id = "7d2be05a-a2ce-80aa-b186-fef3e5165ea8";
    expect(await one().call("PUT", `/v1/deployment/fail/${id}`, {})).toMatchObject({ status: 500, text: "deployment not found" });
    expect(await one().call("PUT", "/v1/deployment/fail/short", {})).toMatchObject({ status: 500, text: "deployment lookup failed: index error: UUID must be 36 characters" });
  });

  it("two at once are both heard", async () => {
    const { world, ID, requests } = await deployed();
    const bridges = [world.bridge(), world.bridge()];
    await Promise.all([bridges[0]?.call("PUT", `/v1/deployment/pause/${ID}`, { DeploymentID: ID, Pause: true }), bridges[1]?.call("PUT", `/v1/deployment/promote/${ID}`, { DeploymentID: ID, All: true })]);
    expect(requests()).toEqual({ deployment: { id: ID, paused: true, promote: ["*"] } });
  });
});
