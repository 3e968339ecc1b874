import { expect, it } from "vitest";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { writeJobRequests } from "../../../src/contract/job-requests.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import { jobBody, jobWorld } from "../bridge/jobs/job-world.ts";

it("decodes a job once, however often its status is written", async () => {
  const world = jobWorld();
  const { call, cluster } = world.bridge();
  await call("PUT", "/v1/jobs", { Job: jobBody("web") });
  const job = world.job("web");
  const written = { ...job, metadata: { ...job.metadata, resourceVersion: "999" }, status: { state: "running" as const } };
  const [before] = cluster.versionsOf(jobRecord(job));
  expect(before?.spec).toMatchObject({ ID: "web" });
  expect(cluster.versionsOf(jobRecord(written))[0]?.spec).toBe(before?.spec);
  expect(cluster.nomadJob(jobRecord(written))).toMatchObject({ Status: "running", ModifyIndex: 999 });
});

it("reads the requests of a job once, however often they are asked for", async () => {
  const world = jobWorld();
  await world.bridge().call("PUT", "/v1/jobs", { Job: jobBody("web") });
  const job = world.job("web");
  const record = jobRecord({ ...job, metadata: { ...job.metadata, annotations: { [ANNOTATION.requests]: writeJobRequests({ reschedule: 7 }) } } });
  expect(record.requests).toEqual({ reschedule: 7 });
  expect(record.requests).toBe(record.requests);
});
