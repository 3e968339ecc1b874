import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { actionOf } from "../../../src/bridge/job-action.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import type { Job } from "../../../src/nomad/job.ts";
import { taskOf } from "../mapping/mapping-fixtures.ts";
import { podOf } from "../mapping/pod-fixtures.ts";

const jobWith = (...words: readonly string[]) =>
  ({ TaskGroups: [{ Name: "g", Tasks: [{ Name: "web", Actions: [{ Name: "clean", Command: words[0], Args: words.slice(1) }] }, { Name: "db", Actions: [] }] }] }) as unknown as Job;
const allocation = { pod: podOf({ metadata: { annotations: { [ANNOTATION.group]: "g", [ANNOTATION.jobVersion]: "3" } } }), job: jobRecord(taskOf()) };

describe("actionOf", () => {
  const cluster = { jobVersion: (_job: unknown, version: number) => (version === 3 ? jobWith("rm", "-rf", "x y") : undefined), nomadJob: () => jobWith("now") };

  it("is the command of the version that the allocation was made of", () => {
    expect(actionOf(cluster, allocation, { task: "web", name: "clean" })).toEqual(["rm", "-rf", "x y"]);
  });

  it("is the present one where that version is kept no more", () => {
    expect(actionOf({ ...cluster, jobVersion: () => undefined }, allocation, { task: "web", name: "clean" })).toEqual(["now"]);
  });

  it.each([["web", "other"], ["db", "clean"], ["none", "clean"]])("is nothing for %s and %s", (task, name) => {
    expect(actionOf(cluster, allocation, { task, name })).toBeUndefined();
  });
});
