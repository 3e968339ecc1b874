/** @module What a client reads of a job that it has just written, before any controller has seen it: Terraform's provider keeps it as the job's state. */
import { describe, expect, it } from "vitest";
import { jobBody, jobWorld } from "./job-world.ts";

const PERIODIC = { Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Spec: "0 3 * * *" } };
const PARAMETERIZED = { Type: "batch", ParameterizedJob: { Payload: "optional" } };

describe("a job that was just registered", () => {
  it.each([
    ["periodic", PERIODIC, "running"],
    ["parameterized", PARAMETERIZED, "running"],
    ["of a service", {}, "pending"],
  ])("is of its own state at once: %s", async (_kind, fields, state) => {
    const { call } = jobWorld().bridge();
    await call("PUT", "/v1/jobs", { Job: jobBody("web", fields) });
    expect((await call("GET", "/v1/job/web")).json).toMatchObject({ Status: state });
    expect((await call("GET", "/v1/jobs")).json).toMatchObject([{ ID: "web", Status: state }]);
  });

  it("is dead where it was stopped and launches others, and running again when it comes back", async () => {
    const world = jobWorld();
    const { call } = world.bridge();
    const state = async () => ((await call("GET", "/v1/job/daily")).json as unknown as { readonly Status: string }).Status;
    await call("PUT", "/v1/jobs", { Job: jobBody("daily", PERIODIC) });
    world.observe("daily", { state: "running" });
    await call("DELETE", "/v1/job/daily");
    expect(await state()).toBe("dead");
    world.observe("daily", { state: "dead" });
    await call("PUT", "/v1/jobs", { Job: jobBody("daily", PERIODIC) });
    expect(await state()).toBe("running");
  });

  it("has a summary of no children, of whatever kind it is", async () => {
    const { call } = jobWorld().bridge();
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    const none = { Pending: 0, Running: 0, Dead: 0 };
    expect((await call("GET", "/v1/job/web/summary")).json).toMatchObject({ Children: none });
    expect((await call("GET", "/v1/jobs")).json).toMatchObject([{ JobSummary: { Children: none } }]);
  });
});
