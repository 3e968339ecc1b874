import { describe, expect, it } from "vitest";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { execTask, jobBody, jobWorld } from "./job-world.ts";

function one() {
  const world = jobWorld();
  return { world, ...world.bridge() };
}

const run = (job: object) => ({ Job: job });

describe("ending a job", () => {
  it("keeps it as stopped, with an evaluation to watch; once more changes nothing", async () => {
    const { world, call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const first = await call("DELETE", "/v1/job/web");
    world.observe("web", { state: "dead" });
    expect((await call("GET", `/v1/evaluation/${first.json.EvalID}`)).json).toMatchObject({ TriggeredBy: "job-deregister", Status: "complete", JobID: "web" });
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ Stop: true, Status: "dead", Version: 1 });
    const again = (await call("DELETE", "/v1/job/web")).json.EvalID;
    expect(again).not.toBe(first.json.EvalID);
    expect((await call("GET", `/v1/evaluation/${again}`)).json).toMatchObject({ TriggeredBy: "job-deregister", Status: "complete" });
    expect(world.job("web").metadata.generation).toBe(2);
  });

  it("purges it, and answers for its evaluation when the job is gone, from any bridge", async () => {
    const { world, call } = one();
    const other = world.bridge();
    await call("PUT", "/v1/jobs", run(jobBody("web")));
    const { EvalID, EvalCreateIndex } = (await call("DELETE", "/v1/job/web?purge=true")).json as unknown as { readonly EvalID: string; readonly EvalCreateIndex: number };
    expect(EvalCreateIndex).toBeGreaterThan(0);
    expect(world.jobs()).toEqual([]);
    expect((await call("GET", "/v1/job/web")).status).toBe(404);
    for (const bridge of [{ call }, other]) {
      const { json } = await bridge.call("GET", `/v1/evaluation/${EvalID}`);
      expect(json).toMatchObject({ ID: EvalID, JobID: "web", Namespace: "default", Type: "service", Status: "complete", TriggeredBy: "job-deregister" });
      expect(json).not.toHaveProperty("DeploymentID");
      expect((await bridge.call("GET", `/v1/evaluation/${EvalID}/allocations`)).json).toEqual([]);
    }
  });

  it("purges a parent with no evaluation to watch, as it has never had one", async () => {
    const { call } = one();
    await call("PUT", "/v1/jobs", run(jobBody("clock", { Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Spec: "0 0 1 1 *" } })));
    expect((await call("GET", "/v1/job/clock/evaluations")).json).toEqual([]);
    expect((await call("DELETE", "/v1/job/clock?purge=true")).json).toMatchObject({ EvalID: "", EvalCreateIndex: 0 });
  });

  it("is no error where there is none", async () => {
    expect(await one().call("DELETE", "/v1/job/nothing")).toMatchObject({ status: 200, json: { EvalID: "" } });
  });

  it("refuses to stop an ExecTask, says what to do, and purges one", async () => {
    const { world, call } = one();
    world.api.put(RESOURCES.execTasks, execTask("web"));
    expect(await call("DELETE", "/v1/job/web")).toMatchObject({ status: 400, text: expect.stringContaining("kubectl scale exectask web -n default --replicas=0") });
    expect((await call("DELETE", "/v1/job/web?purge=true")).status).toBe(200);
    expect(world.api.all(RESOURCES.execTasks)).toEqual([]);
  });
});
