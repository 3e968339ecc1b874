import { describe, expect, it } from "vitest";
import type { ContainerStatus } from "../../../src/api/pod.ts";
import { allocationFacts, profileOf } from "../../../src/bridge/exec-facts.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { jobRecord } from "../../../src/mapping/job-record.ts";
import { configOf, taskOf } from "../mapping/mapping-fixtures.ts";
import { ANNOUNCE, CLEAN, groupPod, lastWords, MAIN, ms, podOf, PREPARE, PROXY, running, terminated } from "../mapping/pod-fixtures.ts";

const PROFILE = configOf().profiles[0];
const tasksOf = (statuses: Readonly<Record<string, Partial<ContainerStatus>>>) =>
  Object.fromEntries([...allocationFacts({ pod: groupPod({ tasks: [PREPARE, PROXY, MAIN, ANNOUNCE, CLEAN], statuses }), job: jobRecord(taskOf()) }, PROFILE, ms(100)).tasks].map(([name, { container, state }]) => [name, `${container} ${state}`]));

describe("what access knows of an allocation", () => {
  it("is the container of each task, one of an init container and one with a name of ours among them", () => {
    expect(tasksOf({ "task-2": { state: running(3) } })).toEqual({
      "prepare it": "task-2 running", proxy: "proxy not-started", web: "web not-started", announce: "announce not-started", clean: "clean not-started",
    });
  });

  it.each<[string, Partial<ContainerStatus>, string, string]>([
    ["runs", { state: running(3) }, "web running", "clean not-started"],
    ["has ended and starts again", { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: terminated(1, 20, lastWords({ restartInMs: 15_000 })) }, "web dead", "clean not-started"],
    ["waits out its delay", { state: running(30), lastState: terminated(1, 20, lastWords({ restartInMs: 90_000 })) }, "web dead", "clean not-started"],
    ["could never be started", { state: running(30), lastState: terminated(213, 20, lastWords({ reason: "start-failed", message: "no such user" })) }, "web not-started", "clean running"],
    ["is held by a launcher that gave up", { state: running(30), lastState: terminated(213, 20, lastWords({ reason: "attempts-spent" })) }, "web dead", "clean running"],
  ])("tells how far each is when the main task %s", (_name, web, main, poststop) => {
    const tasks = tasksOf({ web, proxy: { state: running(2) }, clean: { state: running(2) } });
    expect([tasks["web"], tasks["proxy"], tasks["clean"]]).toEqual([main, "proxy running", poststop]);
  });

  it("is the profile that the pod was made under, with exec off where its namespace has it off", () => {
    const config = { ...configOf(), disableRemoteExecIn: ["closed"] };
    const name = config.profiles[0]?.name ?? "";
    const podIn = (namespace: string, profile = name) => podOf({ metadata: { namespace, annotations: { [ANNOTATION.profile]: profile } } });
    expect(profileOf(podIn("open"), config)).toEqual(config.profiles[0]);
    expect(profileOf(podIn("closed"), config)).toEqual({ ...config.profiles[0], disableRemoteExec: true });
    expect(profileOf(podIn("closed", "gone"), config)).toBeUndefined();
  });

  it("is that it is at the node's level where the pod's spec says so, and that exec is off without a profile", () => {
    const facts = allocationFacts({ pod: podOf({ spec: { hostNetwork: true } }), job: jobRecord(taskOf()) }, undefined, ms(1));
    expect([facts.nodeLevel, facts.remoteExecDisabled]).toEqual([true, true]);
    expect(allocationFacts({ pod: podOf(), job: jobRecord(taskOf()) }, PROFILE, ms(1))).toMatchObject({ nodeLevel: false, remoteExecDisabled: false, clientStatus: "pending" });
  });
});
