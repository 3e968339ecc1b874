import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import { acceptedGroups, jobOf, type LooseJob, refusedText } from "./job-fixtures.ts";

const config = bridgeConfigSpec.parse({
  profiles: [
    { name: "strict", namespaces: ["team"] },
    { name: "raw", namespaces: ["team"], allowRawExec: true },
    { name: "gpu", namespaces: ["team"], allowDocker: true, nodeSelector: { "nomad-bridge.dev/node-pool": "gpu" } },
    { name: "other", namespaces: ["other"], allowDocker: true, allowRoot: true },
  ],
});
const DOCKER: LooseJob = { TaskGroups: [{ Tasks: [{ Driver: "docker", Config: { image: "busybox", command: "sleep" } }] }] };

describe("the profile of a job's group", () => {
  it.each<[string, LooseJob, string]>([
    ["the first", {}, "strict"],
    ["the first that lets it run", { TaskGroups: [{ Tasks: [{ Driver: "raw_exec" }] }] }, "raw"],
    ["one for nodes of the job's pool", { NodePool: "gpu", ...DOCKER }, "gpu"],
    ["one for every pool's nodes", { NodePool: "gpu" }, "strict"],
    ["any, for a job of all pools", { NodePool: "all", ...DOCKER }, "gpu"],
  ])("is %s", (_what, job, name) => expect(acceptedGroups(jobOf(job), config).map(({ profile }) => profile.name)).toEqual([name]));

  it.each<[string, LooseJob, RegExp]>([
    ["the first profile's words where none lets it run", DOCKER, /^TaskGroups\[0\]: missing drivers: driver "docker" of task "web" is not enabled in profile "strict"/],
    ["Nomad's words, with the task's path", { TaskGroups: [{ Tasks: [{ Name: "a", Lifecycle: { Hook: "prestart", Sidecar: false }, User: "root" }, { Name: "b" }] }] }, /^TaskGroups\[0\]\.Tasks\[0\]: running as user "root" is disallowed$/],
  ])("is refused in %s", (_what, job, text) => expect(refusedText(jobOf(job), config)).toMatch(text));
});
