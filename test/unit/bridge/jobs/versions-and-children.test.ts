import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { Node } from "../../../../src/api/pod.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { execTask, jobBody, jobWorld, NOW, TOKENS } from "./job-world.ts";

function one() {
  const world = jobWorld();
  const bridge = world.bridge();
  const register = async (id: string, changes: object = {}, group: object = {}) => {
    const { json } = await bridge.call("PUT", "/v1/jobs", { Job: jobBody(id, changes, group) });
    world.observe(id);
    return json;
  };
  return { world, ...bridge, register };
}

const versionsOf = (json: unknown) => (json as { readonly Versions: readonly { readonly Version: number; readonly Priority: number }[] }).Versions.map(({ Version, Priority }) => [Version, Priority]);

describe("versions", () => {
  it("are listed with what changed, each against the one before or against one that is named", async () => {
    const { call, register } = one();
    for (const Priority of [50, 60, 70]) await register("web", { Priority });
    const listed = (await call("GET", "/v1/job/web/versions?diffs=true")).json;
    expect(versionsOf(listed)).toEqual([[2, 70], [1, 60], [0, 50]]);
    const field = (Old: string, New: string) => ({ Type: "Edited", Fields: [{ Name: "Priority", Old, New }] });
    expect(listed).toMatchObject({ Diffs: [field("60", "70"), field("50", "60")] });
    await call("PUT", "/v1/job/web/versions/first/tag", { Version: 0, Description: "the first" });
    expect((await call("GET", "/v1/job/web/versions?diffs=true&diff_tag=first")).json).toMatchObject({ Diffs: [field("50", "70"), field("50", "60")] });
    expect((await call("GET", "/v1/job/web/versions?diffs=true&diff_version=1")).json).toMatchObject({ Diffs: [field("60", "70"), field("60", "50")] });
    expect(await call("GET", "/v1/job/web/versions?diffs=true&diff_version=9")).toMatchObject({ status: 404 });
    expect((await call("GET", "/v1/job/web/versions")).json).toMatchObject({ Diffs: null });
  });

  it("say what changed, and not what a plan would make of it", async () => {
    const { call, register } = one();
    for (const Count of [1, 2]) await register("web", { TaskGroups: [{ Name: "web", Count, Tasks: [{ Name: "web", Driver: "exec", User: `user-${Count}`, Config: { command: "/bin/sh" } }] }] });
    const [diff] = ((await call("GET", "/v1/job/web/versions?diffs=true")).json as unknown as { readonly Diffs: readonly { readonly TaskGroups: readonly object[] }[] }).Diffs;
    expect(diff?.TaskGroups).toMatchObject([{ Type: "Edited", Fields: [{ Name: "Count", New: "2", Annotations: null }], Tasks: [{ Type: "Edited", Annotations: null }] }]);
  });

  it("are gone back to as a new one", async () => {
    const { world, call, register } = one();
    await register("web");
    await register("web", { Priority: 60 });
    const { status, json } = await call("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 0, EnforcePriorVersion: 1 });
    world.observe("web");
    expect(status).toBe(200);
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ JobID: "web", TriggeredBy: "job-register" });
    expect(versionsOf((await call("GET", "/v1/job/web/versions")).json)).toEqual([[2, 50], [1, 60], [0, 50]]);
  });

  it("are not gone back to by who may not mount what they mount", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", { Job: jobBody("web", {}, { Volumes: { data: { Name: "data", Type: "host", Source: "data" } } }) });
    world.observe("web");
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    world.observe("web");
    expect(await call("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 0 }, TOKENS.submitter)).toMatchObject({ status: 403, text: "Permission denied" });
    expect(world.job("web").metadata.generation).toBe(2);
  });

  it.each([
    [{ JobVersion: 1 }, 500, "can't revert to current version"],
    [{ JobVersion: -1 }, 400, "json: cannot unmarshal number -1 into Go struct field JobRevertRequest.JobVersion of type uint64"],
    [{ JobVersion: "0" }, 400, "json: cannot unmarshal string into Go struct field JobRevertRequest.JobVersion of type uint64"],
    [{ JobID: "" }, 400, "JobID must be specified"],
    [{ JobID: "other" }, 400, "Job ID does not match"],
    [{ JobVersion: 9 }, 500, 'job "web" in namespace "default" at version 9 not found'],
    [{ JobVersion: 0, EnforcePriorVersion: 0 }, 500, "Current job has version 1; enforcing version 0"],
  ])("are not gone back to: %j", async (body, status, text) => {
    const { world, call, register } = one();
    await register("web");
    await register("web", { Priority: 60 });
    expect(await call("PUT", "/v1/job/web/revert", { JobID: "web", ...body })).toMatchObject({ status, text });
    expect(world.job("web").metadata.generation).toBe(2);
  });

  it("with host volumes are gone back to by whoever may mount them alone", async () => {
    const { world, call, register } = one();
    await register("web", {}, { Volumes: { data: { Name: "data", Type: "host", Source: "data" } } });
    await register("web");
    expect(await call("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 0 }, TOKENS.reverter)).toMatchObject({ status: 403, text: "Permission denied" });
    expect(world.job("web").metadata.generation).toBe(2);
    await register("web", { Priority: 60 });
    expect((await call("PUT", "/v1/job/web/revert", { JobID: "web", JobVersion: 1 }, TOKENS.reverter)).status).toBe(200);
  });

  it("have one tag each, which can be moved and taken away", async () => {
    const { call, register } = one();
    await register("web");
    await register("web", { Priority: 60 });
    const tags = async () => ((await call("GET", "/v1/job/web/versions")).json.Versions as readonly { readonly VersionTag: { readonly Name: string } | null }[]).map(({ VersionTag }) => VersionTag?.Name);
    expect((await call("PUT", "/v1/job/web/versions/golden/tag", { Version: 0, Description: "works" })).status).toBe(200);
    expect(await tags()).toEqual([undefined, "golden"]);
    expect(await call("PUT", "/v1/job/web/versions/golden/tag", { Version: 1 })).toMatchObject({ status: 500, text: 'tag "golden" already exists on a different version of job "web"' });
    await call("PUT", "/v1/job/web/versions/better/tag", { Version: 0 });
    expect(await call("PUT", "/v1/job/web/versions/later/tag", { Version: 7 })).toMatchObject({ status: 500, text: 'job "web" version 7 not found' });
    expect(await tags()).toEqual([undefined, "better"]);
    expect((await call("DELETE", "/v1/job/web/versions/better/tag")).status).toBe(200);
    expect(await tags()).toEqual([undefined, undefined]);
    expect(await call("DELETE", "/v1/job/web/versions/better/tag")).toMatchObject({ status: 500, text: 'tag "better" not found on job "web"' });
  });

  it("are called stable by a person", async () => {
    const { call, register } = one();
    await register("web");
    expect((await call("PUT", "/v1/job/web/stable", { JobID: "web", JobVersion: 0, Stable: true })).status).toBe(200);
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ Stable: true });
    expect(await call("PUT", "/v1/job/web/stable", { JobID: "web", JobVersion: 3, Stable: true })).toMatchObject({ status: 500, text: 'job "web" in namespace "default" at version 3 not found' });
  });
});

describe("scaling", () => {
  it("makes a version whose evaluation says so, and leaves the other groups alone", async () => {
    const { world, call, register } = one();
    await register("web");
    const { json } = await call("PUT", "/v1/job/web/scale", { Count: 5, Target: { Job: "web", Group: "web" }, Message: "more" });
    world.observe("web");
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ TriggeredBy: "job-scaling" });
    expect((await call("GET", "/v1/job/web/scale")).json).toMatchObject({ JobID: "web", JobStopped: false, TaskGroups: { web: { Desired: 5, Placed: 0 } } });
  });

  it("is remembered, with what made no version, the newest first", async () => {
    const { world, call, register } = one();
    await register("web");
    const events = async () => ((await call("GET", "/v1/job/web/scale")).json as unknown as { readonly TaskGroups: { readonly web: { readonly Events: unknown } } }).TaskGroups.web.Events;
    expect(await events()).toBeNull();
    const { json } = await call("PUT", "/v1/job/web/scale", { Count: 5, Target: { Group: "web" }, Message: "more", Meta: { Why: 1 } });
    world.observe("web");
    await call("PUT", "/v1/job/web/scale", { Error: true, Target: { Group: "web" }, Message: "no metric" });
    await call("PUT", "/v1/job/web/scale", { Count: 5, Target: { Group: "web" } });
    expect(await events()).toMatchObject([
      { Count: 5, PreviousCount: 5, Error: false, EvalID: json.EvalID, Message: "", Meta: null },
      { Count: null, PreviousCount: 5, Error: true, EvalID: null, Message: "no metric" },
      { Count: 5, PreviousCount: 2, Error: false, EvalID: json.EvalID, Message: "more", Meta: { Why: 1 }, Time: NOW * 1_000_000 },
    ]);
    expect(world.job("web").metadata.generation).toBe(2);
  });

  it.each([
    [{ Count: 1 }, 400, "missing task group name for scaling action"],
    [{ Count: 1, Target: { Group: "api" } }, 400, 'task group "api" specified for scaling does not exist in job'],
    [{ Count: -1, Target: { Group: "web" } }, 400, "scaling action count can't be negative"],
    [{ Count: 9, Target: { Group: "web" } }, 400, "group count was greater than scaling policy maximum: 9 > 4"],
    [{ Count: 0, Target: { Group: "web" } }, 400, "group count was less than scaling policy minimum: 0 < 1"],
    [{ Count: 1, Error: true, Target: { Group: "web" } }, 400, "scaling action should not contain count if error is true"],
    [{ Count: 3, JobModifyIndex: 7, Target: { Group: "web" } }, 500, /^Enforcing job modify index 7: job exists with conflicting job modify index: \d+$/],
  ])("refuses %j", async (body, status, text) => {
    const { world, call, register } = one();
    await register("web", {}, { Scaling: { Min: 1, Max: 4, Enabled: true } });
    expect(await call("PUT", "/v1/job/web/scale", body)).toMatchObject({ status, text: typeof text === "string" ? text : expect.stringMatching(text) });
    expect(world.job("web").metadata.generation).toBe(1);
  });

  it("waits for a deployment to end", async () => {
    const { world, call, register } = one();
    await register("web");
    world.observe("web", { deployment: { jobVersion: 0, status: "running", statusDescription: "", createdAt: 1, modifiedAt: 1, groups: {} } });
    expect(await call("PUT", "/v1/job/web/scale", { Count: 1, Target: { Group: "web" } })).toMatchObject({ status: 400, text: "job scaling blocked due to active deployment" });
  });

  it("ends at Nomad's own bound", async () => {
    const { call, register } = one();
    await register("web");
    expect(await call("PUT", "/v1/job/web/scale", { Count: 60_000, Target: { Group: "web" } })).toMatchObject({ status: 500, text: "total count was greater than configured job_max_count: 60000 > 50000" });
  });

  it("works on an ExecTask, and a note of an autoscaler changes nothing", async () => {
    const { world, call } = one();
    world.api.put(RESOURCES.execTasks, execTask("task"));
    expect((await call("PUT", "/v1/job/task/scale", { Target: { Group: "task" }, Message: "too early" })).json).toMatchObject({ EvalID: "" });
    const { json } = await call("PUT", "/v1/job/task/scale", { Count: 3, Target: { Group: "task" } });
    expect(world.api.all<ReturnType<typeof execTask>>(RESOURCES.execTasks)[0]?.spec.count).toBe(3);
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ JobID: "task" });
  });
});

describe("an ExecTask", () => {
  it("is scaled by two at once, with neither refused", async () => {
    const { world } = one();
    world.api.put(RESOURCES.execTasks, execTask("task"));
    const bridges = [world.bridge(), world.bridge()];
    const answers = await Promise.all([2, 3].map(async (Count, i) => bridges[i]?.call("PUT", "/v1/job/task/scale", { Count, Target: { Group: "task" } })));
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200]);
  });
});

describe("a parameterized job", () => {
  const sums = (changes: object = {}) => ({ Type: "batch", ParameterizedJob: { Payload: "optional", MetaRequired: ["who"], MetaOptional: ["why"], ...changes } });
  const payload = Buffer.from([0, 255, 10]).toString("base64");

  it("is dispatched as a child that it owns, with a payload that the child owns", async () => {
    const { world, call, register } = one();
    expect((await register("sums", sums())).EvalID).toBe("");
    const { json } = await call("PUT", "/v1/job/sums/dispatch", { Payload: payload, Meta: { who: "me" } });
    expect(json.DispatchedJobID).toMatch(/^sums\/dispatch-1767312000-[0-9a-f]{8}$/);
    const child = world.job(json.DispatchedJobID);
    const parent = world.job("sums");
    expect(child.metadata).toMatchObject({ annotations: { "nomad-bridge.dev/parent": "sums" }, ownerReferences: [{ kind: "NomadJob", uid: parent.metadata.uid, controller: true }] });
    expect(child.spec.job).toMatchObject({ ParentID: "sums", Dispatched: true, Meta: { who: "me" }, Payload: null });
    const payloads = world.api.all(RESOURCES.dispatchPayloads);
    expect(payloads).toMatchObject([{ kind: "DispatchPayload", metadata: { name: child.spec.payloadSecret, ownerReferences: [{ uid: child.metadata.uid }] }, spec: { content: payload } }]);
    expect(world.api.all(RESOURCES.secrets)).toEqual([]);
    expect((await call("GET", `/v1/job/${encodeURIComponent(json.DispatchedJobID)}`)).json).toMatchObject({ Payload: payload });
    expect((await call("GET", "/v1/job/sums")).json).toMatchObject({ Payload: null });
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ JobID: json.DispatchedJobID, TriggeredBy: "job-register" });
  });

  it("is dispatched once for one token, whoever is asked and however many at once", async () => {
    const { world, register } = one();
    await register("sums", sums());
    const bridges = [world.bridge({ lag: true }), world.bridge(), world.bridge({ now: () => NOW + 5000 })];
    const answers = await Promise.all(bridges.flatMap(({ call }) => [0, 1].map(async () => call("PUT", "/v1/job/sums/dispatch?idempotency_token=t1", { Payload: payload, Meta: { who: "me" } }))));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ json }) => json.DispatchedJobID)).size).toBe(1);
    expect(world.jobs()).toHaveLength(2);
    const other = await bridges[1]?.call("PUT", "/v1/job/sums/dispatch?idempotency_token=t2", { Meta: { who: "me" } });
    expect(other?.json.DispatchedJobID).not.toBe(answers[0]?.json.DispatchedJobID);
  });

  it("gives no payload of another job's, whoever names it", async () => {
    const { world, call, register } = one();
    await register("sums", sums());
    const { json } = await call("PUT", "/v1/job/sums/dispatch", { Payload: payload, Meta: { who: "me" } });
    const child = world.job(json.DispatchedJobID);
    world.api.put(RESOURCES.nomadJobs, { ...child, metadata: { ...child.metadata, name: "nb-thief", uid: "thief" }, spec: { ...child.spec, id: "thief", job: { ...child.spec.job, ID: "thief" } } });
    expect((await call("GET", "/v1/job/thief")).json).toMatchObject({ ID: "thief", Payload: null });
  });

  it("has so many children that are not dead, and no more", async () => {
    const { world, call, register } = one();
    world.api.put(RESOURCES.bridgeConfigs, { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "BridgeConfig", metadata: { name: "default" }, spec: { maxDispatched: 2 } } as KubeObject);
    await register("sums", sums());
    await register("others", sums());
    const dispatch = async (job: string) => await call("PUT", `/v1/job/${job}/dispatch`, { Meta: { who: "me" } });
    const [first, second, third, other] = [await dispatch("sums"), await dispatch("sums"), await dispatch("sums"), await dispatch("others")];
    expect([first.status, second.status, third.status, other.status]).toEqual([200, 200, 429, 200]);
    expect(third.text).toBe('job "sums" has 2 dispatched jobs that are not dead, and may have 2: wait for them, stop some, or raise maxDispatched of the BridgeConfig');
    world.observe(first.json.DispatchedJobID, { state: "dead" });
    expect((await dispatch("sums")).status).toBe(200);
  });

  it("takes a prefix into the child's ID", async () => {
    const { call, register } = one();
    await register("sums", sums());
    expect((await call("PUT", "/v1/job/sums/dispatch", { Meta: { who: "me" }, IdPrefixTemplate: "nightly" })).json.DispatchedJobID).toMatch(/^sums\/dispatch-nightly-1767312000-[0-9a-f]{8}$/);
  });

  it.each([
    ["required", { Meta: { who: "me" } }, "Payload is not provided but required by parameterized job"],
    ["forbidden", { Meta: { who: "me" }, Payload: payload }, "Payload provided but forbidden by parameterized job"],
    ["optional", { Meta: { who: "me" }, Payload: Buffer.alloc(16_385).toString("base64") }, "Payload exceeds maximum size; 16385 > 16384"],
    ["optional", { Meta: {} }, "Dispatch did not provide required meta keys: [who]"],
    ["optional", { Meta: { who: "me", other: "x" } }, "Dispatch request included unpermitted metadata keys: [other]"],
    ["optional", { Meta: { who: "me" }, Payload: "%%%" }, "illegal base64 data at input byte 0"],
    ["optional", { Meta: { who: "me" }, Payload: "ab=c" }, "illegal base64 data at input byte 2"],
    ["optional", { Meta: { who: "me" }, Payload: "aGk=aGk" }, "illegal base64 data at input byte 3"],
    ["optional", { Meta: { who: "me" }, JobID: "other" }, "Job ID does not match"],
    ["optional", { Meta: { who: "me" }, Priority: 101 }, "dispatch job priority must be between [1, 100]"],
  ])("with payload %s refuses %j", async (Payload, body, text) => {
    const { world, call, register } = one();
    await register("sums", sums({ Payload }));
    expect((await call("PUT", "/v1/job/sums/dispatch", body)).text).toBe(text);
    expect([world.jobs().length, world.api.all(RESOURCES.dispatchPayloads)]).toEqual([1, []]);
  });

  it("takes a payload of exactly the limit", async () => {
    const { call, register } = one();
    await register("sums", sums());
    expect((await call("PUT", "/v1/job/sums/dispatch", { Meta: { who: "me" }, Payload: Buffer.alloc(16_384).toString("base64") })).status).toBe(200);
  });

  it.each<[string, string, object | undefined, [number, string]]>([
    ["PUT", "/v1/job/nothing/periodic/force", undefined, [500, "job not found"]],
    ["PUT", "/v1/job/nothing/evaluate", { JobID: "nothing" }, [500, "job not found"]],
    ["PUT", "/v1/job/nothing/evaluate", { JobID: "other" }, [400, "JobID not same as job name"]],
    ["PUT", "/v1/job/nothing/revert", { JobID: "nothing" }, [500, 'job "nothing" not found']],
    ["PUT", "/v1/job/nothing/stable", { JobID: "nothing", JobVersion: 1 }, [500, 'job "nothing" in namespace "default" at version 1 not found']],
    ["PUT", "/v1/job/nothing/versions/t/tag", { Version: 0 }, [500, 'job "nothing" version 0 not found']],
    ["DELETE", "/v1/job/nothing/versions/t/tag", undefined, [500, 'tag "t" not found on job "nothing"']],
    ["PUT", "/v1/job/nothing/scale", {}, [400, "missing task group name for scaling action"]],
    ["PUT", "/v1/job/nothing/scale", { Target: { Group: "g" } }, [404, 'job "nothing" not found']],
    ["PUT", "/v1/job/nothing/scale", { Target: { Group: "g", Job: "other" } }, [400, "job ID in payload did not match URL"]],
    ["PUT", "/v1/job/nothing/scale", { Count: 1.5 }, [400, "json: cannot unmarshal number 1.5 into Go struct field ScalingRequest.Count of type int64"]],
  ])("%s %s with %j of a job that is not there: %j", async (method, path, body, [status, text]) => {
    expect(await one().call(method, path, body)).toMatchObject({ status, text });
  });

  it("is not dispatched when it is stopped, and no other job is", async () => {
    const { call, register } = one();
    await register("sums", sums());
    await register("web");
    await call("DELETE", "/v1/job/sums");
    expect((await call("PUT", "/v1/job/sums/dispatch", { Meta: { who: "me" } })).text).toBe('Specified job "sums" is stopped');
    expect((await call("PUT", "/v1/job/web/dispatch", {})).text).toBe('Specified job "web" is not a parameterized job');
    expect(await call("PUT", "/v1/job/nothing/dispatch", {})).toMatchObject({ status: 500, text: "parameterized job not found" });
    expect(await call("PUT", "/v1/job/nothing/dispatch")).toMatchObject({ status: 400, text: "Request body is empty" });
    expect((await call("PUT", "/v1/job/sums/evaluate", {})).text).toBe("can't evaluate parameterized job");
  });
});

describe("a periodic job", () => {
  const nightly = { Type: "batch", Periodic: { Spec: "0 3 * * *", Enabled: true } };

  it("is launched by force, once for a second, as a child with its own evaluation", async () => {
    const { world, call, register } = one();
    await register("nightly", nightly);
    const { json } = await call("PUT", "/v1/job/nightly/periodic/force");
    expect((await call("PUT", "/v1/job/nightly/periodic/force")).json.EvalID).toBe(json.EvalID);
    expect(world.jobs().map(({ spec }) => spec.id)).toEqual(["nightly", "nightly/periodic-1767312000"]);
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ JobID: "nightly/periodic-1767312000", TriggeredBy: "periodic-job" });
    expect(world.job("nightly/periodic-1767312000").spec.job).toMatchObject({ Periodic: null, ParentID: "nightly" });
  });

  it("is planned with its next launch, and other jobs are not forced", async () => {
    const { call, register } = one();
    await register("web");
    expect((await call("PUT", "/v1/job/nightly/plan", { Job: jobBody("nightly", nightly), Diff: true })).json).toMatchObject({ NextPeriodicLaunch: "2026-01-02T03:00:00.000Z", Diff: { Type: "Added" }, JobModifyIndex: 0 });
    expect((await call("PUT", "/v1/job/web/periodic/force")).text).toBe("can't force launch non-periodic job");
  });
});

describe("a plan", () => {
  const planned = (world: ReturnType<typeof jobWorld>) => {
    const spec = bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"], nodeSelector: {}, chroot: { type: "image", image: "x" } }] });
    world.api.put(RESOURCES.bridgeConfigs, { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "BridgeConfig", metadata: { name: "default" }, spec } as KubeObject);
    const status = { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { operatingSystem: "linux", architecture: "amd64" } };
    world.api.put<Node>(RESOURCES.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: "node-uid" }, status });
  };
  const onWindows = { Constraints: [{ LTarget: "${attr.kernel.name}", RTarget: "windows", Operand: "=" }] };

  it("says what would be done by the controller's own plan, and does nothing", async () => {
    const { world, register } = one();
    planned(world);
    const { call } = world.bridge();
    await register("web");
    const { writes } = world.api.calls;
    const plan = async (job: object) => (await call("PUT", "/v1/job/web/plan", { Job: job, Diff: true })).json;
    expect(await plan(jobBody("web", {}, { Count: 4 }))).toMatchObject({
      Diff: { Type: "Edited", TaskGroups: [{ Name: "web", Fields: [{ Name: "Count", Old: "2", New: "4" }], Updates: { create: 4 } }] },
      Annotations: { DesiredTGUpdates: { web: { Place: 4, Stop: 0 } } },
    });
    expect(await plan(jobBody("web"))).toMatchObject({ Diff: { Type: "None" }, FailedTGAllocs: null });
    expect([world.api.calls.writes, world.job("web").metadata.generation]).toEqual([writes, 1]);
  });

  it("names the constraint that no node meets", async () => {
    const { world } = one();
    planned(world);
    const { call } = world.bridge();
    const because = { FailedTGAllocs: { web: { NodesEvaluated: 1, NodesFiltered: 1, NodesInPool: 1, ConstraintFiltered: { "${attr.kernel.name} = windows": 1 } } } };
    expect((await call("PUT", "/v1/job/web/plan", { Job: jobBody("web", onWindows) })).json).toMatchObject(because);
  });

  it("names what keeps a job from running", async () => {
    const body = { Job: jobBody("web", {}, { Tasks: [{ Name: "server", Driver: "java", Config: {} }] }), Diff: true };
    expect((await one().call("PUT", "/v1/job/web/plan", body)).json).toMatchObject({ FailedTGAllocs: { web: { CoalescedFailures: 1 } }, Warnings: expect.stringContaining("java") });
  });

  it.each([
    [{}, "Job must be specified"],
    [{ Job: {} }, "Job must have a valid ID"],
    [{ Job: jobBody("api") }, "Job ID does not match"],
  ])("refuses %j", async (body, text) => expect(await one().call("PUT", "/v1/job/web/plan", body)).toMatchObject({ status: 400, text }));
});

describe("what is asked without a job", () => {
  it("validates", async () => {
    const { call } = one();
    expect((await call("PUT", "/v1/validate/job", { Job: jobBody("web") })).json).toEqual({ DriverConfigValidated: true, ValidationErrors: null, Error: "", Warnings: "" });
    expect((await call("PUT", "/v1/validate/job", { Job: jobBody("web", { TaskGroups: [] }) })).json).toMatchObject({ ValidationErrors: expect.arrayContaining(["Missing job task groups"]), Error: expect.stringContaining("Missing job task groups") });
  });

  it("parses HCL", async () => {
    const { call } = one();
    const JobHCL = 'job "web" {\n  group "g" {\n    task "t" {\n      driver = "exec"\n      config { command = "/bin/true" }\n    }\n  }\n}';
    expect((await call("POST", "/v1/jobs/parse", { JobHCL, Canonicalize: true })).json).toMatchObject({ ID: "web", Type: "service", TaskGroups: [{ Name: "g", Count: 1 }] });
    expect(await call("POST", "/v1/jobs/parse", { JobHCL: "job {" })).toMatchObject({ status: 400, text: expect.stringContaining("Failed to parse job") });
  });

  it("evaluates anew, and places failed allocations again where that is asked", async () => {
    const { world, call, register } = one();
    const { EvalID } = await register("web");
    const anew = (await call("PUT", "/v1/job/web/evaluate", {})).json.EvalID;
    expect(anew).not.toBe(EvalID);
    expect((await call("GET", `/v1/evaluation/${anew}`)).json).toMatchObject({ TriggeredBy: "job-register" });
    const forced = await call("PUT", "/v1/job/web/evaluate", { JobID: "web", EvalOptions: { ForceReschedule: true } });
    expect((await call("GET", `/v1/evaluation/${forced.json.EvalID}`)).json).toMatchObject({ JobID: "web", Status: "complete" });
    expect(JSON.parse(world.job("web").metadata.annotations?.["nomad-bridge.dev/requests"] ?? "")).toMatchObject({ reschedule: NOW });
  });
});
