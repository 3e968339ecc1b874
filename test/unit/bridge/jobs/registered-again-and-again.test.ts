/** @module Jobs that are registered, stopped and registered again, as a pipeline or Terraform does it, beside what a Nomad 1.11.2 agent did. */
import { describe, expect, it } from "vitest";
import { jobBody, jobWorld } from "./job-world.ts";

type Read = { readonly Version: number; readonly TaskGroups: readonly { readonly Scaling: { readonly ID: string; readonly CreateIndex: number } }[] };
type Plan = { readonly Diff: { readonly Type: string; readonly TaskGroups: readonly { readonly Objects: object | null }[] } };

const scaled = (max = 5, group: object = {}) => jobBody("web", {}, { Scaling: { Min: 1, Max: max, Enabled: true, Policy: { cooldown: "1m" } }, ...group });

function pipeline() {
  const world = jobWorld();
  const { call } = world.bridge();
  const read = async () => (await call("GET", "/v1/job/web")).json as unknown as Read;
  /** The version that came of it, and whether the same job once more would be a change. */
  const looked = async (job: object) => {
    world.observe("web");
    const { Diff } = (await call("PUT", "/v1/job/web/plan", { Job: job, Diff: true })).json as unknown as Plan;
    return `v${(await read()).Version} ${Diff.Type}`;
  };
  const register = async (job: object) => (await call("PUT", "/v1/jobs", { Job: job }), await looked(job));
  return { call, read, register, looked };
}

describe("a job with a scaling policy", () => {
  it("is a new version when it is registered again as it was, and none after that", async () => {
    const { register } = pipeline();
    expect([await register(scaled()), await register(scaled()), await register(scaled())]).toEqual(["v0 Edited", "v1 None", "v1 None"]);
  });

  it("begins anew with a changed policy, and after a stop", async () => {
    const { call, register } = pipeline();
    await register(scaled());
    expect([await register(scaled(7)), await register(scaled(7))]).toEqual(["v1 Edited", "v2 None"]);
    await call("DELETE", "/v1/job/web");
    expect([await register(scaled(7)), await register(scaled(7))]).toEqual(["v4 Edited", "v5 None"]);
  });

  it("stays as it is when what was read of it is registered", async () => {
    const { read, register } = pipeline();
    await register(scaled());
    await register(scaled());
    expect(await register(await read())).toBe("v1 None");
  });

  it("shows its policy as the list does, under one ID from its registration on", async () => {
    const { call, read, register } = pipeline();
    await register(scaled());
    const [policy] = (await call("GET", "/v1/scaling/policies")).json as unknown as readonly { readonly ID: string }[];
    const target = { Namespace: "default", Job: "web", Group: "web" };
    const first = (await read()).TaskGroups[0]?.Scaling;
    expect(first).toMatchObject({ ID: policy?.ID, Target: target });
    expect(first?.CreateIndex).toBeGreaterThan(0);
    await register(scaled());
    expect((await read()).TaskGroups[0]?.Scaling).toMatchObject({ ID: policy?.ID, Target: target, CreateIndex: 0, ModifyIndex: 0 });
  });

  it("is shown as edited with nothing in it where only the policy was stored beside it", async () => {
    const { call, register } = pipeline();
    await register(scaled());
    const { Diff } = (await call("PUT", "/v1/job/web/plan", { Job: scaled(), Diff: true })).json as unknown as Plan;
    expect(Diff.TaskGroups[0]?.Objects).toEqual([{ Type: "Edited", Name: "Scaling", Fields: null, Objects: null }]);
  });
});

describe("a job that was stopped", () => {
  it.each([["before", 1], ["after", 2]])("has its policy switched off, %s that was settled", async (_when, registrations) => {
    const { call, register, looked } = pipeline();
    for (let i = 0; i < registrations; i++) await register(scaled());
    await call("DELETE", "/v1/job/web");
    await looked(scaled());
    const enabled = (Old: string, New: string) => [{ Type: "Edited", Name: "Scaling", Fields: [{ Type: "Edited", Name: "Enabled", Old, New, Annotations: null }], Objects: null }];
    const { Diffs } = (await call("GET", "/v1/job/web/versions?diffs=true")).json as unknown as { readonly Diffs: readonly Plan["Diff"][] };
    expect(Diffs[0]).toMatchObject({ TaskGroups: [{ Objects: enabled("true", "false") }] });
    expect((await call("PUT", "/v1/job/web/plan", { Job: scaled(), Diff: true })).json).toMatchObject({ Diff: { TaskGroups: [{ Objects: enabled("false", "true") }] } });
  });

  it("is planned as one that is to run again", async () => {
    const { call, looked } = pipeline();
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    await looked(jobBody("web"));
    await call("DELETE", "/v1/job/web");
    const { json } = await call("PUT", "/v1/job/web/plan", { Job: jobBody("web"), Diff: true });
    expect(json).toMatchObject({ Diff: { Type: "Edited", Fields: [{ Type: "Edited", Name: "Stop", Old: "true", New: "false" }], TaskGroups: [{ Type: "None" }] } });
  });

  it("has that in its history", async () => {
    const { call, looked } = pipeline();
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    await looked(jobBody("web"));
    await call("DELETE", "/v1/job/web");
    await looked(jobBody("web"));
    const { json } = await call("GET", "/v1/job/web/versions?diffs=true");
    expect(json).toMatchObject({ Diffs: [{ Type: "Edited", Fields: [{ Type: "Edited", Name: "Stop", Old: "false", New: "true" }] }] });
  });

  it("is as stable as it was", async () => {
    const { call, looked } = pipeline();
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    await looked(jobBody("web"));
    await call("PUT", "/v1/job/web/stable", { JobID: "web", JobVersion: 0, Stable: true });
    await call("DELETE", "/v1/job/web");
    await looked(jobBody("web"));
    expect((await call("GET", "/v1/job/web/versions")).json).toMatchObject({ Versions: [{ Version: 1, Stable: true }, { Version: 0, Stable: true }] });
  });
});
