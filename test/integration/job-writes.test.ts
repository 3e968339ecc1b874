/** @module Jobs written over Nomad's HTTP API on a real cluster: from a registration to its allocations, its deployment and its end. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeObject } from "../../src/api/meta.ts";
import { createKubeClient } from "../../src/kubernetes/client.ts";
import { tokenAccess } from "../../src/kubernetes/credentials.ts";
import { createTokenMinter } from "../../src/kubernetes/token-minter.ts";
import type { KubeClient } from "../../src/kubernetes/types.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { allocation, allocationsOf, type Asking, inTask, nomad, nomadJson, tokenWith } from "./support/nomad.ts";
import { enterWorld, readyTask, unique, WAITING, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("job-writes");
});
afterAll(async () => {
  const jobs = await must(world.client.list({ resource: RESOURCES.nomadJobs, namespace: world.namespace }));
  await Promise.all(jobs.items.map(({ metadata }) => must(world.client.remove({ resource: RESOURCES.nomadJobs, namespace: world.namespace, name: metadata.name }))));
  await world.leave();
});

type Written = { readonly EvalID: string; readonly JobModifyIndex: number; readonly Warnings: string; readonly DispatchedJobID: string };
type Evaluation = { readonly ID: string; readonly Status: string; readonly StatusDescription: string; readonly DeploymentID: string; readonly TriggeredBy: string; readonly BlockedEval: string; readonly FailedTGAllocs: Readonly<Record<string, unknown>> | null };
type Deployment = { readonly ID: string; readonly Status: string; readonly StatusDescription: string; readonly JobVersion: number };

const MINIMAL = { CPU: 20, MemoryMB: 32 };
const QUICK = { MinHealthyTime: 100_000_000, HealthyDeadline: 60_000_000_000, ProgressDeadline: 120_000_000_000 };
const task = (changes: object = {}) => ({ Name: "server", Driver: "exec", Config: WAITING, Resources: MINIMAL, KillTimeout: 1_000_000_000, ...changes });
const jobOf = (id: string, changes: object = {}, group: object = {}) => ({
  ID: id,
  Type: "service",
  Namespace: world.namespace,
  TaskGroups: [{ Name: "web", Count: 2, Update: QUICK, Tasks: [task()], ...group }],
  ...changes,
});

const path = (rest: string) => `/v1${rest}${rest.includes("?") ? "&" : "?"}namespace=${world.namespace}`;
const jobPath = (id: string, rest = "") => path(`/job/${encodeURIComponent(id)}${rest}`);
const put = async <T = Written>(where: string, body: object = {}): Promise<T> => await nomadJson<T>(where, { method: "PUT", body });
const register = async (job: object, more: object = {}) => await put(path("/jobs"), { Job: job, ...more });
const refused = async (where: string, asking: Asking) => {
  const { status, body } = await nomad(where, asking);
  return [status, body];
};

/** What the CLI's monitor does. */
async function evaluated(id: string): Promise<Evaluation> {
  return await eventually(async () => {
    const evaluation = await nomadJson<Evaluation>(path(`/evaluation/${id}`));
    return evaluation.Status === "pending" ? undefined : evaluation;
  });
}

/** With blocking queries and no sleep, as the CLI does it. */
async function deployed(id: string): Promise<Deployment> {
  return await eventually(async () => {
    const deployment = await nomadJson<Deployment>(path(`/deployment/${id}`));
    return deployment.Status === "running" ? undefined : deployment;
  });
}

const running = async (id: string) => (await allocationsOf(world.namespace, id)).filter(({ ClientStatus, DesiredStatus }) => ClientStatus === "running" && DesiredStatus === "run");

describe.concurrent("a job's life", () => {
  it("is run, deployed, planned, changed, gone back to, stopped and purged", async () => {
    const id = unique("team/Life.v1");
    const first = await register(jobOf(id), { Submission: { Source: `job "${id}" {}`, Format: "hcl2" } });
    const evaluation = await evaluated(first.EvalID);
    expect(evaluation).toMatchObject({ Status: "complete", TriggeredBy: "job-register" });
    expect(evaluation).not.toHaveProperty("FailedTGAllocs");
    expect(await deployed(evaluation.DeploymentID)).toMatchObject({ Status: "successful", StatusDescription: "Deployment completed successfully", JobVersion: 0 });
    expect(await nomadJson(path(`/evaluation/${first.EvalID}/allocations`))).toMatchObject([{ EvalID: first.EvalID, TaskGroup: "web" }, { EvalID: first.EvalID }]);
    expect(await running(id)).toHaveLength(2);
    expect(await nomadJson(jobPath(id, "/submission?version=0"))).toMatchObject({ Source: `job "${id}" {}` });
    expect(await nomadJson(jobPath(id))).toMatchObject({ ID: id, Status: "running", Version: 0, JobModifyIndex: first.JobModifyIndex });
    expect(await nomadJson(jobPath(id, "/summary"))).toMatchObject({ Summary: { web: { Running: 2, Queued: 0, Failed: 0 } } });

    const changed = jobOf(id, { Priority: 60 }, { Tasks: [task({ Env: { ROUND: "2" } })] });
    expect(await put<object>(jobPath(id, "/plan"), { Job: changed, Diff: true })).toMatchObject({ JobModifyIndex: first.JobModifyIndex, Diff: { Type: "Edited" }, Annotations: { DesiredTGUpdates: { web: { DestructiveUpdate: 1, Ignore: 1 } } } });
    const second = await register(changed, { EnforceIndex: true, JobModifyIndex: first.JobModifyIndex });
    expect(await deployed((await evaluated(second.EvalID)).DeploymentID)).toMatchObject({ Status: "successful", JobVersion: 1 });

    const third = await put(jobPath(id, "/revert"), { JobID: id, JobVersion: 0 });
    expect(await deployed((await evaluated(third.EvalID)).DeploymentID)).toMatchObject({ Status: "successful", JobVersion: 2 });
    const { Versions } = await nomadJson<{ readonly Versions: readonly { readonly Version: number; readonly Priority: number }[] }>(jobPath(id, "/versions?diffs=true"));
    expect(Versions.map(({ Version, Priority }) => [Version, Priority])).toEqual([[2, 50], [1, 60], [0, 50]]);

    const stopped = await nomadJson<Written>(jobPath(id), { method: "DELETE" });
    expect(await evaluated(stopped.EvalID)).toMatchObject({ Status: "complete", TriggeredBy: "job-deregister" });
    await eventually(async () => ((await nomadJson<{ readonly Status: string }>(jobPath(id))).Status === "dead" ? true : undefined));
    expect(await running(id)).toEqual([]);
    const purged = await nomadJson<Written>(jobPath(id, "?purge=true"), { method: "DELETE" });
    expect(await evaluated(purged.EvalID)).toMatchObject({ Status: "complete", TriggeredBy: "job-deregister" });
    expect(await refused(jobPath(id), {})).toEqual([404, "job not found"]);
    await eventually(async () => ((await must(world.client.list({ resource: RESOURCES.jobSubmissions, namespace: world.namespace }))).items.some(({ metadata }) => metadata.name.includes("team-life")) ? undefined : true));
  });

  it("has the index that its registration was told, however busy its controller is with the version before", async () => {
    const id = unique("busy");
    for (let round = 0; round < 8; round += 1) {
      const { JobModifyIndex } = await register(jobOf(id, {}, { Count: 1, Tasks: [task({ Env: { ROUND: String(round) } })] }));
      const seen = new Set<number>();
      for (let look = 0; look < 20; look += 1) {
        const job = await nomadJson<{ readonly Version: number; readonly JobModifyIndex: number }>(jobPath(id));
        if (job.Version === round) seen.add(job.JobModifyIndex);
        await sleep(25);
      }
      expect([...seen]).toEqual([JobModifyIndex]);
    }
  });

  it("stops an allocation, and a job, without the shutdown delay where that is asked", async () => {
    const id = unique("hurry");
    await register(jobOf(id, {}, { Count: 2, Tasks: [task({ ShutdownDelay: 3_600_000_000_000 })] }));
    // An allocation is running when its container is; a task that has not begun yet has no delay to leave out.
    const begun = async () =>
      await eventually(async () => {
        const all = await running(id);
        const tasks = await Promise.all(all.map(async ({ ID }) => await inTask(ID, "server", "echo begun").catch(() => "")));
        return tasks.filter((text) => text.includes("begun")).length === 2 ? all : undefined;
      });
    const [one] = await begun();
    const over = async (alloc: string) =>
      await eventually(async () => {
        const { ClientStatus, TaskStates } = await allocation(alloc);
        return ClientStatus === "complete" ? TaskStates["server"]?.Events.map(({ Type, DisplayMessage }) => `${Type}: ${DisplayMessage}`) : undefined;
      });
    const skipped = expect.arrayContaining(["Skipping shutdown delay: Skipping shutdown_delay of 1h0m0s before killing the task."]);
    await put(`/v1/allocation/${one?.ID}/stop?no_shutdown_delay=true`);
    expect(await over(one?.ID ?? "")).toEqual(skipped);
    const rest = await begun();
    await nomadJson(jobPath(id, "?no_shutdown_delay=true"), { method: "DELETE" });
    for (const { ID } of rest) expect(await over(ID)).toEqual(skipped);
  });

  it("stops one allocation, which is replaced, and scales", async () => {
    const id = unique("stopping");
    const { EvalID } = await register(jobOf(id));
    await deployed((await evaluated(EvalID)).DeploymentID);
    const [one] = await running(id);
    const stopped = await put(`/v1/allocation/${one?.ID}/stop`);
    expect(await evaluated(stopped.EvalID)).toMatchObject({ TriggeredBy: "alloc-stop", Status: "complete" });
    await eventually(async () => {
      const now = await running(id);
      return now.length === 2 && now.every(({ ID }) => ID !== one?.ID) ? true : undefined;
    });
    const scaled = await put(jobPath(id, "/scale"), { Count: 1, Target: { Group: "web" } });
    expect(await evaluated(scaled.EvalID)).toMatchObject({ TriggeredBy: "job-scaling" });
    await eventually(async () => ((await running(id)).length === 1 ? true : undefined));
  });

  it("waits for the promotion of a canary", async () => {
    const id = unique("canary");
    const update = { Update: { ...QUICK, Canary: 1 } };
    const first = await register(jobOf(id, {}, update));
    await deployed((await evaluated(first.EvalID)).DeploymentID);
    const second = await register(jobOf(id, {}, { ...update, Tasks: [task({ Env: { ROUND: "2" } })] }));
    const { DeploymentID } = await evaluated(second.EvalID);
    const promoted = await eventually(async () => {
      const { status, body } = await nomad(path(`/deployment/promote/${DeploymentID}`), { method: "PUT", body: { DeploymentID, All: true } });
      if (status === 200) return JSON.parse(body) as Written;
      expect([status, body]).toEqual([500, expect.stringMatching(/healthy allocations$/)]);
      return undefined;
    });
    expect(await evaluated(promoted.EvalID)).toMatchObject({ TriggeredBy: "deployment-watcher", DeploymentID });
    expect(await deployed(DeploymentID)).toMatchObject({ Status: "successful", JobVersion: 1 });
    expect(await running(id)).toHaveLength(2);
  });

  it("fails a deployment on request", async () => {
    const id = unique("failing");
    const { EvalID } = await register(jobOf(id, {}, { Update: { ...QUICK, MinHealthyTime: 30_000_000_000 } }));
    const { DeploymentID } = await evaluated(EvalID);
    await put(path(`/deployment/fail/${DeploymentID}`));
    expect(await deployed(DeploymentID)).toMatchObject({ Status: "failed", StatusDescription: expect.stringContaining("Deployment marked as failed") });
    expect(await refused(path(`/deployment/fail/${DeploymentID}`), { method: "PUT" })).toEqual([500, "can't fail terminal deployment"]);
  });
});

describe.concurrent("jobs that are made of jobs", () => {
  it("a dispatch runs with its payload and meta, and goes with its parent", async () => {
    const id = unique("sums");
    const run = task({ Name: "run", Config: { command: "/bin/sh", args: ["-c", 'test "$(cat local/in)" = hello && test "$NOMAD_META_who" = me'] }, DispatchPayload: { File: "in" } });
    await register(jobOf(id, { Type: "batch", ParameterizedJob: { Payload: "required", MetaRequired: ["who"] } }, { Count: 1, Update: null, Tasks: [run] }));
    const child = await put(jobPath(id, "/dispatch?idempotency_token=once"), { Payload: Buffer.from("hello").toString("base64"), Meta: { who: "me" } });
    expect((await put(jobPath(id, "/dispatch?idempotency_token=once"), { Payload: Buffer.from("hello").toString("base64"), Meta: { who: "me" } })).DispatchedJobID).toBe(child.DispatchedJobID);
    expect(await evaluated(child.EvalID)).toMatchObject({ Status: "complete" });
    const [ended] = await eventually(async () => {
      const all = await allocationsOf(world.namespace, child.DispatchedJobID);
      return all[0]?.ClientStatus === "complete" || all[0]?.ClientStatus === "failed" ? all : undefined;
    });
    expect(ended).toMatchObject({ ClientStatus: "complete" });
    expect(await nomadJson(jobPath(id))).toMatchObject({ Status: "running", ParameterizedJob: { Payload: "required" } });
    await eventually(async () => ((await nomadJson<{ readonly Children: { readonly Dead: number } }>(jobPath(id, "/summary"))).Children.Dead === 1 ? true : undefined));
    await nomadJson(jobPath(id, "?purge=true"), { method: "DELETE" });
    await eventually(async () => ((await nomad(jobPath(child.DispatchedJobID))).status === 404 ? true : undefined));
  });

  it("a periodic job is launched by force", async () => {
    const id = unique("nightly");
    await register(jobOf(id, { Type: "batch", Periodic: { Spec: "0 3 1 1 *", Enabled: true } }, { Count: 1, Update: null, Tasks: [task({ Config: { command: "/bin/true" } })] }));
    const { EvalID } = await put(jobPath(id, "/periodic/force"));
    expect(await evaluated(EvalID)).toMatchObject({ Status: "complete", TriggeredBy: "periodic-job", JobID: expect.stringMatching(new RegExp(`^${id}/periodic-\\d+$`)) });
  });
});

describe.concurrent("a job that cannot run", () => {
  it("for want of room ends its evaluation with the scheduler's reason, and one that waits", async () => {
    const { EvalID } = await register(jobOf(unique("huge"), {}, { Tasks: [task({ Resources: { CPU: 20, MemoryMB: 9_000_000 } })] }));
    const evaluation = await evaluated(EvalID);
    expect(evaluation.FailedTGAllocs).toMatchObject({ web: { NodesExhausted: 1, DimensionExhausted: { memory: 1 }, CoalescedFailures: 1 } });
    expect(await nomadJson(path(`/evaluation/${evaluation.BlockedEval}`))).toMatchObject({ Status: "blocked", TriggeredBy: "queued-allocs" });
  });

  it("because it cannot be mapped ends its evaluation as failed, with the reason", async () => {
    const { EvalID, Warnings } = await register(jobOf(unique("qemu"), {}, { Tasks: [task({ Driver: "qemu", Config: { image_path: "x" } })] }));
    expect(Warnings).toContain("qemu");
    expect(await evaluated(EvalID)).toMatchObject({ Status: "failed", StatusDescription: expect.stringContaining("qemu"), FailedTGAllocs: { web: expect.anything() } });
  });
});

describe.concurrent("what is refused", () => {
  it.each([
    ["an index that is not met", () => ({ Job: jobOf("nobody"), EnforceIndex: true, JobModifyIndex: 12 }), 500, /^Enforcing job modify index 12: job does not exist$/],
    ["a namespace that is not managed", () => ({ Job: jobOf("x", { Namespace: "kube-system" }) }), 500, /^1 error occurred:\n\t\* job "x" is in nonexistent namespace "kube-system"\n\n$/],
    ["an ID with blanks", () => ({ Job: jobOf("a b") }), 500, /Job ID contains a space/],
    ["a job of more than 1 MiB", () => ({ Job: jobOf("big", { Meta: { text: "x".repeat(1_100_000) } }) }), 400, /has 11\d{5} bytes as JSON/],
    ["braces a thousand levels deep", () => `{"Job":${'{"a":'.repeat(1000)}1${"}".repeat(1000)}}`, 400, /./],
    ["a job nested a thousand levels deep", () => `{"Job":{"ID":"x","TaskGroups":[{"Tasks":[{"Config":${'{"a":'.repeat(1000)}1${"}".repeat(1000)}}]}]}}`, 400, /nested deeper than/],
    ["a body of 50 MB", () => "x".repeat(50_000_000), 413, /./],
  ])("%s", async (_name, body, status, text) => {
    expect(await refused(path("/jobs"), { method: "PUT", body: body() })).toEqual([status, expect.stringMatching(text)]);
  });

  it("who may not", async () => {
    const token = await tokenWith(`namespace "${world.namespace}" { policy = "read" }`);
    try {
      const asking = { method: "PUT", body: { Job: jobOf("denied") }, token: token.secret };
      expect(await refused(path("/jobs"), asking)).toEqual([403, "Permission denied"]);
    } finally {
      await token.remove();
    }
  });

  it("a registration over an ExecTask; its stop; but not its purge, its scale or the stop of its allocation", async () => {
    const id = unique("task");
    await readyTask(world, id, {});
    expect(await refused(path("/jobs"), { method: "PUT", body: { Job: jobOf(id) } })).toEqual([400, expect.stringContaining(`job "${id}" is an ExecTask`)]);
    expect(await refused(jobPath(id), { method: "DELETE" })).toEqual([400, expect.stringContaining("kubectl scale")]);
    expect(await put(jobPath(id, "/scale"), { Count: 2, Target: { Group: id } })).toMatchObject({ EvalID: expect.any(String) });
    const [one] = await eventually(async () => {
      const now = await running(id);
      return now.length === 2 ? now : undefined;
    });
    expect(await evaluated((await put(`/v1/allocation/${one?.ID}/stop`)).EvalID)).toMatchObject({ TriggeredBy: "alloc-stop" });
    await eventually(async () => {
      const now = await running(id);
      return now.length === 2 && now.every(({ ID }) => ID !== one?.ID) ? true : undefined;
    });
    expect((await nomad(jobPath(id, "?purge=true"), { method: "DELETE" })).status).toBe(200);
    await eventually(async () => ((await nomad(jobPath(id))).status === 404 ? true : undefined));
  });
});

describe("many IDs", () => {
  it.each(["x".repeat(128), "a/b/c.d_e", "MiXed", "ünï-日本"])("%s is registered, read and purged", async (name) => {
    const id = `${name}${name.length < 128 ? unique("") : ""}`;
    const { EvalID } = await register(jobOf(id, {}, { Count: 1 }));
    expect(await evaluated(EvalID)).toMatchObject({ Status: "complete" });
    const allocations = await eventually(async () => {
      const all = await allocationsOf(world.namespace, id);
      return all.length > 0 ? all : undefined;
    });
    expect((await allocation(allocations[0]?.ID ?? "")).Name).toBe(`${id}.web[0]`);
    expect((await nomad(jobPath(id, "?purge=true"), { method: "DELETE" })).status).toBe(200);
  });
});

describe("rights to Secrets", () => {
  const secret = (name: string, type = "Opaque"): KubeObject & { readonly type: string } => ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, type });
  const place = (name: string) => ({ resource: RESOURCES.secrets, namespace: world.namespace, name });
  const as = async (name: "bridge" | "controller", work: (client: KubeClient) => Promise<void>) => {
    const client = createKubeClient(tokenAccess(world.access, createTokenMinter(world.breakGlass, { namespace: "nomad-bridge", name })));
    try {
      await work(client);
    } finally {
      await client.close();
    }
  };
  const forbidden = (message: string) => ({ ok: false, error: { code: 403, message: expect.stringContaining(message) } });

  it("are none that the bridge has in a managed namespace", async () => {
    await must(world.client.create(RESOURCES.secrets, secret("nb-theirs")));
    await as("bridge", async (client) => {
      expect(await client.get(place("nb-theirs"))).toMatchObject(forbidden('cannot get resource "secrets"'));
      expect(await client.create(RESOURCES.secrets, secret("nb-own"))).toMatchObject(forbidden('cannot create resource "secrets"'));
      expect(await client.remove(place("nb-theirs"))).toMatchObject(forbidden('cannot delete resource "secrets"'));
    });
  });

  it("are the controller's to make such as begin with nb-, and to read none", async () => {
    await as("controller", async (client) => {
      expect(await client.create(RESOURCES.secrets, secret("password"))).toMatchObject(forbidden("writes only its own Secrets"));
      expect(await client.create(RESOURCES.secrets, secret("nb-token", "example.org/other"))).toMatchObject(forbidden("writes only its own Secrets"));
      expect((await client.create(RESOURCES.secrets, secret("nb-payload"))).ok).toBe(true);
      expect(await client.get(place("nb-payload"))).toMatchObject(forbidden('cannot get resource "secrets"'));
    });
  });

  it("are not needed for a job's source and payload, which nobody but the bridge writes", async () => {
    const text = (kind: string, name: string) => ({ apiVersion: "nomad-bridge.dev/v1alpha1", kind, metadata: { name, namespace: world.namespace }, spec: { content: "" } });
    expect(await world.client.create(RESOURCES.jobSubmissions, text("JobSubmission", "nb-forged"))).toMatchObject(forbidden("is written by nomad-bridge alone"));
    expect(await world.client.create(RESOURCES.dispatchPayloads, text("DispatchPayload", "nb-forged"))).toMatchObject(forbidden("is written by nomad-bridge alone"));
  });
});
