import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { jobBody, jobWorld } from "./job-world.ts";

const WEB = { Job: jobBody("web") };

describe("a registration of what is there already", () => {
  it("is answered to all of many who make it at once", async () => {
    const world = jobWorld();
    const { call } = world.bridge();
    const { json } = await call("PUT", "/v1/jobs", WEB);
    world.observe("web");
    const answers = await Promise.all(Array.from({ length: 40 }, async () => await call("PUT", "/v1/jobs", WEB)));
    expect(answers.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.json.JobModifyIndex))).toEqual(new Set([json.JobModifyIndex]));
  });

  it("is none the worse where there is no room for a note of it", async () => {
    const world = jobWorld();
    const { call } = world.bridge();
    const first = await call("PUT", "/v1/jobs", WEB);
    const object = world.observe("web");
    const tags = Object.fromEntries(Array.from({ length: 140 }, (_, each) => [`t${each}`, { version: 0, description: "x".repeat(1000), taggedTime: 1 }]));
    const annotations = { ...object.metadata.annotations, [ANNOTATION.requests]: JSON.stringify({ tags }) };
    world.api.put(RESOURCES.nomadJobs, { ...object, metadata: { ...object.metadata, annotations } });
    expect(await call("PUT", "/v1/jobs", WEB)).toMatchObject({ status: 200, json: { EvalID: first.json.EvalID } });
  });
});

describe("an evaluation that is asked for", () => {
  it("leaves the index alone of a version that somebody else has just registered", async () => {
    const world = jobWorld();
    const [late, other] = [world.bridge({ lag: true }), world.bridge()];
    await other.call("PUT", "/v1/jobs", WEB);
    world.observe("web");
    late.deliver();
    const registered = (await other.call("PUT", "/v1/jobs", { Job: jobBody("web", { Priority: 60 }) })).json;
    const { EvalID, JobModifyIndex } = (await late.call("PUT", "/v1/job/web/evaluate", { JobID: "web" })).json;
    expect({ EvalID, JobModifyIndex }).toEqual({ EvalID: registered.EvalID, JobModifyIndex: registered.JobModifyIndex });
    world.observe("web");
    expect((await other.call("GET", "/v1/job/web")).json).toMatchObject({ JobModifyIndex: registered.JobModifyIndex });
  });
});
