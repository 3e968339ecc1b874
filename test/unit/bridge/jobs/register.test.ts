import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { API_VERSION } from "../../../../src/api/exec-task.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { execTask, jobBody, jobWorld, NOW, TOKENS } from "./job-world.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function one() {
  const world = jobWorld();
  return { world, ...world.bridge() };
}

const run = (job: object, further: object = {}) => ({ Job: job, ...further });

describe("registering a job", () => {
  it("stores it, gives its evaluation, and reads it back as it was sent", async () => {
    const { world, call, logged } = one();
    const { status, json } = await call("PUT", "/v1/jobs", run(jobBody("web", { Meta: { owner: "ops" } })));
    expect(status).toBe(200);
    expect(json).toMatchObject({ EvalID: expect.stringMatching(UUID), Warnings: "", JobModifyIndex: Number(world.job("web").metadata.resourceVersion) });
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ ID: "web", Meta: { owner: "ops" }, Version: 0, Status: "pending", Stop: false, Namespace: "default", TaskGroups: [{ Name: "web", Count: 2 }] });
    expect((await call("GET", "/v1/jobs")).json).toMatchObject([{ ID: "web" }]);
    expect(world.job("web").metadata.name).toMatch(/^nb-web-[0-9a-f]{8}$/);
    expect(logged).toContainEqual({ event: "write", status: 200, accessor: "accessor-management", method: "PUT", path: "/v1/jobs", namespace: "default", jobId: "web", evalId: json.EvalID });
  });

  it("is served under the job's own path too, by POST as by PUT", async () => {
    const { world, call } = one();
    expect((await call("POST", "/v1/job/web", run(jobBody("web")))).status).toBe(200);
    expect((await call("PUT", "/v1/job/web", run(jobBody("web", { Priority: 60 })))).status).toBe(200);
    expect(world.job("web").spec).toMatchObject({ id: "web", priority: 60 });
  });

  it("makes no new version of what has not changed, and an evaluation each time, the newest ten of which are kept", async () => {
    const { world, call } = one();
    const first = await call("PUT", "/v1/jobs", run(jobBody("web")));
    world.observe("web");
    const ids = [first.json.EvalID];
    for (let i = 0; i < 12; i += 1) {
      const { json } = await call("PUT", "/v1/jobs", run(jobBody("web")));
      expect(json.JobModifyIndex).toBe(first.json.JobModifyIndex);
      ids.push(json.EvalID);
    }
    expect(new Set(ids).size).toBe(13);
    expect(world.job("web").metadata.generation).toBe(1);
    const kept = (await call("GET", "/v1/job/web/evaluations")).json as unknown as readonly { readonly ID: string; readonly TriggeredBy: string; readonly Status: string; readonly JobModifyIndex?: number }[];
    expect(kept.map(({ ID }) => ID)).toEqual([...ids.slice(3).toReversed(), ids[0]]);
    expect(kept[0]).toMatchObject({ TriggeredBy: "job-register", Status: "complete" });
    expect(kept.map(({ JobModifyIndex }) => JobModifyIndex).filter((index) => index !== undefined)).toEqual([first.json.JobModifyIndex]);
  });

  it.each([
    ["stopped", "job-deregister", { method: "DELETE", path: "/v1/job/web", body: undefined }],
    ["scaled to the count that it has", "job-scaling", { method: "PUT", path: "/v1/job/web/scale", body: { Count: 2, Target: { Group: "web" } } }],
    ["evaluated", "job-register", { method: "PUT", path: "/v1/job/web/evaluate", body: { JobID: "web" } }],
  ])("gives an evaluation of its own each time that it is %s", async (_name, trigger, asking) => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    world.observe("web");
    const answers = [];
    for (let i = 0; i < 3; i += 1) {
      answers.push((await call(asking.method, asking.path, asking.body)).json.EvalID);
      world.observe("web");
    }
    expect(new Set(answers).size).toBe(3);
    for (const id of answers) expect((await call("GET", `/v1/evaluation/${id}`)).json).toMatchObject({ ID: id, TriggeredBy: trigger, Status: "complete" });
  });

  it("makes a version of a change, with an evaluation of its own", async () => {
    const { world, call } = one();
    const first = await call("PUT", "/v1/jobs", run(jobBody("web")));
    world.observe("web");
    const second = await call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 70 })));
    world.observe("web");
    expect(second.json.EvalID).not.toBe(first.json.EvalID);
    expect(second.json.JobModifyIndex).toBeGreaterThan(first.json.JobModifyIndex);
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ Version: 1, Priority: 70, CreateIndex: first.json.JobModifyIndex });
    expect((await call("GET", "/v1/job/web/versions")).json.Versions).toMatchObject([{ Version: 1, Priority: 70 }, { Version: 0, Priority: 50 }]);
  });

  it("starts a job that was stopped", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    await call("DELETE", "/v1/job/web");
    expect(world.job("web").spec.stop).toBe(true);
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    expect([world.job("web").spec.stop, world.job("web").metadata.generation]).toEqual([false, 3]);
  });

  it.each([
    ["a slash and a dot", "team/batch.v2"],
    ["upper case", "Web"],
    ["other letters", "ünï-日本-✓"],
    ["128 characters", "x".repeat(128)],
    ["what a prototype has", "__proto__"],
  ])("takes an ID with %s", async (_name, id) => {
    const { world, call } = one();
    expect((await call("PUT", "/v1/jobs", run(jobBody(id)))).status).toBe(200);
    expect((await call("GET", `/v1/job/${encodeURIComponent(id)}`)).json).toMatchObject({ ID: id });
    expect(world.job(id).metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    expect((await call("DELETE", `/v1/job/${encodeURIComponent(id)}?purge=true`)).status).toBe(200);
    expect(world.jobs()).toEqual([]);
  });

  it("keeps two jobs apart whose IDs differ in case alone", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    await call("PUT", "/v1/jobs", run(jobBody("Web")));
    expect(world.jobs().map(({ spec }) => spec.id)).toEqual(["web", "Web"]);
  });

  it("never writes over a job of another ID that has the object's name", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const object = world.job("web");
    world.api.put(RESOURCES.nomadJobs, { ...object, spec: { ...object.spec, id: "other" } });
    const { status, text } = await call("PUT", "/v1/jobs", run(jobBody("web")));
    expect([status, text]).toEqual([409, `job "web" would be stored as NomadJob default/${object.metadata.name}, which holds job "other": choose another job ID`]);
    expect(world.jobs()).toHaveLength(1);
  });

  it("writes to the object that holds the job, whatever its name", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const { metadata, ...rest } = world.job("web");
    await call("DELETE", "/v1/job/web?purge=true");
    world.api.put(RESOURCES.nomadJobs, { ...rest, metadata: { ...metadata, name: "by-hand", uid: "by-hand-uid" } });
    expect((await call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 60 })))).status).toBe(200);
    expect(world.jobs().map(({ metadata: { name }, spec }) => [name, spec.priority])).toEqual([["by-hand", 60]]);
  });

  it("keeps nothing that only a reader is told", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const read = (await call("GET", "/v1/job/web")).json;
    expect((await call("PUT", "/v1/jobs", run({ ...read, Version: 7, Stop: true, ParentID: "made-up", Dispatched: true }))).status).toBe(200);
    expect(world.job("web").metadata.generation).toBe(1);
    expect((await call("GET", "/v1/job/web")).json).toEqual(read);
  });
});

describe("what is not registered", () => {
  it.each([
    ["no job", {}, 400, "Job must be specified"],
    ["a null job", { Job: null }, 400, "Job must be specified"],
    ["a job without an ID", run({ Name: "x" }), 400, "Job ID hasn't been provided"],
    ["a field of another type", run({ ID: "x", Priority: "high" }), 400, "json: cannot unmarshal string into Go struct field Job.Job.Priority of type int"],
    ["another region", run(jobBody("x", { Region: "mars" })), 500, "No path to region"],
    ["a namespace that is not managed", run(jobBody("x", { Namespace: "kube-system" })), 500, '1 error occurred:\n\t* job "x" is in nonexistent namespace "kube-system"\n\n'],
    ["a namespace that is not managed, of a job that is none", run({ ID: "x", Namespace: "kube-system" }), 500, '2 errors occurred:\n\t* job "x" is in nonexistent namespace "kube-system"\n\t* Missing job task groups\n\n'],
    ["all namespaces", run(jobBody("x", { Namespace: "*" })), 403, "Permission denied"],
    ["a payload", run(jobBody("x", { Payload: "aGk=" })), 500, "Job can't be submitted with a payload, only dispatched"],
  ])("%s", async (_name, body, status, text) => {
    const { world, call } = one();
    expect(await call("PUT", "/v1/jobs", body)).toMatchObject({ status, text });
    expect(world.jobs()).toEqual([]);
  });

  it("a job under another job's path", async () => {
    expect(await one().call("PUT", "/v1/job/web", run(jobBody("api")))).toMatchObject({ status: 400, text: "Job ID does not match name" });
  });

  it("a body of more than the limit, or one that nests without end", async () => {
    const { call } = one();
    expect((await call("PUT", "/v1/jobs", "x".repeat(9 * 1024 * 1024))).status).toBe(413);
    const nested = `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`;
    const deep = `{"Job":{"ID":"x","TaskGroups":[{"Name":"g","Tasks":[{"Name":"t","Driver":"exec","Config":${nested}}]}]}}`;
    expect((await call("PUT", "/v1/jobs", deep)).status).toBe(400);
    expect((await call("PUT", "/v1/jobs", "[".repeat(100_000))).status).toBe(400);
  });

  it("a job of more than 1 MiB, with its size", async () => {
    const { world, call } = one();
    const { status, text } = await call("PUT", "/v1/jobs", run(jobBody("big", { Meta: { text: "x".repeat(1024 * 1024) } })));
    expect([status, text]).toEqual([400, expect.stringMatching(/^job "big" has 10\d{5} bytes as JSON, and at most 1048576 can be stored/)]);
    expect(world.jobs()).toEqual([]);
  });

  it("a job whose ID an ExecTask has", async () => {
    const { world, call } = one();
    world.api.put(RESOURCES.execTasks, execTask("web"));
    expect(await call("PUT", "/v1/jobs", run(jobBody("web")))).toMatchObject({ status: 400, text: expect.stringContaining('job "web" is an ExecTask') });
  });

  it.each([
    ["another type", { Type: "service" }, 'cannot update job from type "batch" to "service"'],
    ["parameters", { ParameterizedJob: {} }, "cannot update non-parameterized job to being parameterized"],
    ["a schedule", { Periodic: { Spec: "* * * * *" } }, "cannot update non-periodic job to being periodic"],
  ])("a change to %s", async (_name, changes, text) => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("sums", { Type: "batch" })));
    expect(await call("PUT", "/v1/jobs", run(jobBody("sums", { Type: "batch", ...changes })))).toMatchObject({ status: 500, text: expect.stringContaining(text) });
    expect(world.job("sums").metadata.generation).toBe(1);
  });

  it("what Nomad calls invalid, with all its faults at once", async () => {
    const { call } = one();
    const { status, text } = await call("PUT", "/v1/jobs", run(jobBody("with space", { Priority: 500 })));
    expect([status, text]).toEqual([500, expect.stringMatching(/^2 errors occurred:\n\t\* Job ID contains a space\n\t\* .*priority must be between/s)]);
  });

  it("a job in a pool that there is not", async () => {
    const { call } = one();
    const refusal = { status: 500, text: '1 error occurred:\n\t* job "web" is in nonexistent node pool "gpu"\n\n' };
    expect(await call("PUT", "/v1/jobs", run(jobBody("web", { NodePool: "gpu" })))).toMatchObject(refusal);
    expect(await call("PUT", "/v1/job/web/plan", { Job: jobBody("web", { NodePool: "gpu" }) })).toMatchObject(refusal);
    expect((await call("PUT", "/v1/jobs", run(jobBody("web", { NodePool: "all" })))).status).toBe(200);
  });
});

describe("a job that cannot run here", () => {
  it("is stored, so that its evaluation says why, and the reply warns", async () => {
    const { world, call } = one();
    const { status, json } = await call("PUT", "/v1/jobs", run(jobBody("web", {}, { Tasks: [{ Name: "server", Driver: "java", Config: { jar_path: "x" } }] })));
    expect([status, world.jobs().length]).toEqual([200, 1]);
    expect(json.Warnings).toMatch(/this job will not run here: .*java/s);
    world.observe("web", { state: "pending", conditions: [{ type: "Accepted", status: "False", reason: "JobRefused", message: "no such driver", lastTransitionTime: "2026-01-01T00:00:00Z" }] });
    expect((await call("GET", `/v1/evaluation/${json.EvalID}`)).json).toMatchObject({ Status: "failed", StatusDescription: "no such driver", FailedTGAllocs: { web: { ConstraintFiltered: { "no such driver": 1 }, CoalescedFailures: 1 } } });
  });
});

describe("a job that its profile does not let run", () => {
  it.each([
    ["a driver", {}, { Tasks: [{ Name: "t", Driver: "raw_exec", Config: { command: "/bin/true" } }] }, 'TaskGroups[0]: driver "raw_exec" is not enabled in profile "default"'],
    ["a volume", {}, { Volumes: { data: { Type: "host", Source: "srv-data" } } }, 'TaskGroups[0]: volume "data": profile "default" has no host volume "srv-data"'],
    ["a periodic job's driver", { Type: "batch", Periodic: { Enabled: true, Spec: "0 0 1 1 *", SpecType: "cron" } }, { Tasks: [{ Name: "t", Driver: "raw_exec", Config: { command: "/bin/true" } }] }, 'TaskGroups[0]: driver "raw_exec"'],
  ])("is stored with a warning that names its place, for %s", async (_, changes, group, words) => {
    const { world, call } = one();
    world.api.put(RESOURCES.bridgeConfigs, { apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default" }, spec: { profiles: [{ name: "default", namespaces: ["*"] }] } });
    const { status, json } = await call("PUT", "/v1/jobs", run(jobBody("web", changes, group)));
    expect([status, world.jobs().length]).toEqual([200, 1]);
    expect(json.Warnings).toContain(`this job will not run here: ${words}`);
  });
});

describe("rights", () => {
  it.each([
    ["who may submit", TOKENS.submitter, "default", 200],
    ["who may submit elsewhere", TOKENS.submitter, "team-a", 403],
    ["who may read", TOKENS.reader, "default", 403],
  ])("%s: the namespace of the job decides, not that of the query", async (_name, token, namespace, status) => {
    const { call } = one();
    expect((await call("PUT", "/v1/jobs?namespace=default", run(jobBody("web", { Namespace: namespace })), token)).status).toBe(status);
  });

  it("a job without a namespace is in the query's", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs?namespace=team-a", run(jobBody("web")));
    expect(world.job("web").metadata.namespace).toBe("team-a");
  });

  it.each([
    ["submitter", "", 200],
    ["submitter", "?purge=true", 200],
    ["stopper", "", 200],
    ["stopper", "?purge=true", 403],
    ["reader", "", 403],
  ] as const)("%s ends a job with %j: %i", async (name, query, status) => {
    const { call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    expect((await call("DELETE", `/v1/job/web${query}`, undefined, TOKENS[name])).status).toBe(status);
  });

  it("a host volume needs its own right", async () => {
    const { call } = one();
    const volumes = { Volumes: { data: { Type: "host", Source: "data" } } };
    expect((await call("PUT", "/v1/jobs", run(jobBody("web", {}, volumes)), TOKENS.submitter)).status).toBe(403);
    expect((await call("PUT", "/v1/jobs", run(jobBody("web", {}, volumes)))).status).toBe(200);
  });
});

describe("the index to be met", () => {
  const enforce = (index: number, changes: object = {}) => run(jobBody("web", changes), { EnforceIndex: true, JobModifyIndex: index });

  it("says what Nomad says", async () => {
    const { world, call } = one();
    expect(await call("PUT", "/v1/jobs", enforce(7))).toMatchObject({ status: 500, text: "Enforcing job modify index 7: job does not exist" });
    const { json } = await call("PUT", "/v1/jobs", enforce(0));
    expect(await call("PUT", "/v1/jobs", enforce(0))).toMatchObject({ status: 500, text: "Enforcing job modify index 0: job already exists" });
    world.observe("web");
    expect(await call("PUT", "/v1/jobs", enforce(1))).toMatchObject({ status: 500, text: `Enforcing job modify index 1: job exists with conflicting job modify index: ${json.JobModifyIndex}` });
    expect((await call("PUT", "/v1/jobs", enforce(json.JobModifyIndex, { Priority: 60 }))).status).toBe(200);
  });

  it("is that of the spec: what the controller writes does not change it", async () => {
    const { world, call } = one();
    const { json } = await call("PUT", "/v1/jobs", enforce(0));
    world.observe("web");
    world.observe("web", { state: "dead" });
    expect((await call("GET", "/v1/job/web")).json.JobModifyIndex).toBe(json.JobModifyIndex);
  });
});

describe("what is kept of the job that is there", () => {
  it("PreserveCounts keeps its counts, PreserveResources its resources", async () => {
    const { world, call } = one();
    const group = (count: number, cpu: number) => ({ Count: count, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/true" }, Resources: { CPU: cpu } }] });
    await call("PUT", "/v1/jobs", run(jobBody("web", {}, group(5, 250))));
    await call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 60 }, group(1, 100)), { PreserveCounts: true, PreserveResources: true }));
    expect(world.job("web").spec.job).toMatchObject({ Priority: 60, TaskGroups: [{ Count: 5, Tasks: [{ Resources: { CPU: 250 } }] }] });
  });
});

describe("the source of a job", () => {
  const Submission = { Source: 'job "web" {}', Format: "hcl2", Variables: "x = 1", VariableFlags: { y: "2" } };

  it("is kept for each version, in a Secret that the job owns, and shown to readers", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web"), { Submission }));
    expect((await call("GET", "/v1/job/web/submission?version=0")).json).toEqual(Submission);
    expect(await call("GET", "/v1/job/web/submission?version=1")).toMatchObject({ status: 404, text: "job source not found" });
    world.observe("web");
    await call("DELETE", "/v1/job/web");
    world.observe("web");
    expect((await call("GET", "/v1/job/web/submission?version=1")).json).toEqual(Submission);
    expect(world.api.all(RESOURCES.jobSubmissions)).toMatchObject([{ metadata: { name: expect.stringMatching(/^nb-/), ownerReferences: [{ kind: "NomadJob", uid: world.job("web").metadata.uid }] } }]);
    expect(JSON.stringify(world.job("web"))).not.toContain("hcl2");
  });

  it("is kept of six versions", async () => {
    const { world, call } = one();
    for (let version = 0; version < 9; version += 1) {
      await call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 10 + version }), { Submission: { ...Submission, Source: `v${version}` } }));
      world.observe("web");
    }
    expect(world.api.all(RESOURCES.jobSubmissions)).toHaveLength(6);
    expect((await call("GET", "/v1/job/web/submission?version=8")).json.Source).toBe("v8");
    expect((await call("GET", "/v1/job/web/submission?version=2")).status).toBe(404);
  });

  it("is left out with a warning where it is too large, and the job is registered", async () => {
    const { world, call } = one();
    const { json } = await call("PUT", "/v1/jobs", run(jobBody("web"), { Submission: { ...Submission, Source: "x".repeat(1_000_001) } }));
    expect(json.Warnings).toMatch(/^1 warning:\n\n\* job source size of \d+ bytes exceeds maximum/);
    expect([world.jobs().length, world.api.all(RESOURCES.jobSubmissions).length]).toEqual([1, 0]);
  });
});

describe("bridges that write at once", () => {
  it("a storm of registrations ends with every one answered, and the last in the store", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 8 }), fc.boolean(), async (writers, lag) => {
        const world = jobWorld();
        const bridges = [world.bridge({ lag }), world.bridge({ lag }), world.bridge({ lag })];
        const answers = await Promise.all(
          Array.from({ length: writers }, async (_none, i) => {
            const bridge = bridges[i % bridges.length];
            const answer = bridge?.call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 1 + i })));
            const timer = setInterval(() => bridge?.deliver(), 1);
            return await answer?.finally(() => clearInterval(timer));
          }),
        );
        expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 200));
        expect(world.jobs()).toHaveLength(1);
        expect(world.job("web").metadata.generation).toBe(writers);
        expect(new Set(answers.map((answer) => answer?.json.EvalID)).size).toBe(writers);
      }),
      { numRuns: 15 },
    );
  });

  it("exactly one of those who enforce the same index wins", async () => {
    const world = jobWorld();
    const bridges = [world.bridge(), world.bridge()];
    const first = await bridges[0]?.call("PUT", "/v1/jobs", run(jobBody("web")));
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_none, i) => bridges[i % 2]?.call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 1 + i }), { EnforceIndex: true, JobModifyIndex: first?.json.JobModifyIndex }))),
    );
    expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer?.text.startsWith("Enforcing job modify index"))).toHaveLength(7);
    expect(world.job("web").metadata.generation).toBe(2);
  });

  it("a purge and a registration at once leave the job whole or gone", async () => {
    const world = jobWorld();
    const { call } = world.bridge({ now: () => NOW });
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const [purged, registered] = await Promise.all([call("DELETE", "/v1/job/web?purge=true"), call("PUT", "/v1/jobs", run(jobBody("web", { Priority: 60 })))]);
    expect([purged.status, registered.status]).toEqual([200, 200]);
    expect(world.jobs().every(({ spec }) => spec.id === "web")).toBe(true);
  });
});
