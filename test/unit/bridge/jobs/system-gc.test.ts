import { describe, expect, it } from "vitest";
import type { NomadJobStatus } from "../../../../src/api/nomad-job.ts";
import { jobBody, jobWorld, TOKENS } from "./job-world.ts";

const children = (running: number): NomadJobStatus => ({ state: "dead", children: { pending: 0, running, dead: 1 } });

describe("nomad system gc", () => {
  it("deletes what is stopped and what batch work is done, and nothing that runs, may come back, or has a child at work", async () => {
    const world = jobWorld();
    const { call } = world.bridge();
    const periodic = { Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Spec: "@daily" } };
    const cases: readonly (readonly [id: string, changes: object, status: NomadJobStatus, isStopped: boolean])[] = [
      ["runs", {}, { state: "running" }, false],
      ["stopped", {}, { state: "dead" }, true],
      ["ending", {}, { state: "dead", allocations: ["a"] }, true],
      ["done", { Type: "batch" }, { state: "dead" }, false],
      ["dead-service", {}, { state: "dead" }, false],
      ["waiting-parent", periodic, { state: "running" }, false],
      ["stopped-parent", periodic, children(0), true],
      ["busy-parent", periodic, children(1), true],
    ];
    for (const [id, changes, status, isStopped] of cases) {
      await call("PUT", "/v1/jobs", { Job: jobBody(id, changes) });
      if (isStopped) await call("DELETE", `/v1/job/${id}`);
      world.observe(id, status);
    }
    expect(await call("PUT", "/v1/system/gc")).toMatchObject({ status: 200 });
    expect(new Set(world.jobs().map(({ spec }) => spec.id))).toEqual(new Set(["runs", "ending", "dead-service", "waiting-parent", "busy-parent"]));
  });

  it("leaves a job alone that was registered anew where this server has not seen it yet", async () => {
    const world = jobWorld();
    const { call, deliver } = world.bridge({ lag: true });
    const elsewhere = world.bridge();
    await elsewhere.call("PUT", "/v1/jobs", { Job: jobBody("web") });
    await elsewhere.call("DELETE", "/v1/job/web");
    world.observe("web", { state: "dead" });
    deliver();
    await elsewhere.call("PUT", "/v1/jobs", { Job: jobBody("web") });
    expect(await call("PUT", "/v1/system/gc")).toMatchObject({ status: 200 });
    expect(world.job("web").spec.stop).toBe(false);
  });

  it("is for management tokens alone", async () => {
    const world = jobWorld();
    const { call } = world.bridge();
    await call("PUT", "/v1/jobs", { Job: jobBody("done", { Type: "batch" }) });
    world.observe("done", { state: "dead" });
    expect(await call("PUT", "/v1/system/gc", undefined, TOKENS.submitter)).toMatchObject({ status: 403 });
    expect(world.jobs().length).toBe(1);
  });
});
