/** @module NomadJobs as kubectl applies them, on a real cluster: every type, updates and their ways back, stops, launches, crashes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANNOTATION } from "../../src/contract/pod-metadata.ts";
import { RESOURCES } from "../../src/main/resources.ts";
import { deploymentId } from "../../src/mapping/nomad-ids.ts";
import { sha256 } from "../../src/access/sha256.ts";
import { eventually, must } from "./kubernetes/real-cluster.ts";
import { kubectl } from "./support/kubectl.ts";
import { killServer, upAgain } from "./support/machine.ts";
import { applyJob, AT_ONCE, childrenOf, group, isStopped, jobNow, liveOf, podsOfJob, requestOf, statusWhen, task, versionsOf, WAITS } from "./support/nomad-jobs.ts";
import { BEGUN, hasBegun } from "./support/seen.ts";
import { enterWorld, followLog, isReady, uidOf, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("nomad-job");
});
afterAll(async () => {
  // Whatever a test left: the next file needs a server.
  await upAgain();
  await world.leave();
});

const SECOND = 1_000_000_000;
const running = (count: number) => (status: { readonly summary?: string }) => status.summary === `${count}/${count}`;
const logOf = async (pod: Parameters<typeof followLog>[1]) => (await followLog(world, pod)).whole;
const textOf = (pod: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } }) => JSON.stringify(pod.metadata.annotations?.[ANNOTATION.launcher] ?? "");

describe("a service job", () => {
  it("runs, is updated one by one, and keeps what was stopped to be read: its end, its reason, its log", async () => {
    const job = (text: string) => ({ TaskGroups: [group(WAITS(text), { Count: 2, Update: AT_ONCE })] });
    await applyJob(world, "rolling", job("one"));
    expect(await statusWhen(world, "rolling", running(2))).toMatchObject({ state: "running", groups: { main: { running: 2 } } });
    await applyJob(world, "rolling", job("two"));
    await statusWhen(world, "rolling", ({ deployment, groups }) => deployment?.["status"] === "successful" && groups?.["main"]?.complete === 2);
    const pods = await podsOfJob(world, "rolling");
    const stopped = pods.filter(isStopped);
    expect(stopped.map(({ metadata, status }) => [metadata.annotations?.[ANNOTATION.stopped], status?.phase, status?.containerStatuses?.[0]?.state?.terminated?.exitCode])).toEqual([
      ["alloc is being updated due to job update", "Failed", 0],
      ["alloc is being updated due to job update", "Failed", 0],
    ]);
    expect(await logOf(stopped[0]!)).toBe("began one\nstopped by SIGINT\n");
    expect((await liveOf(world, "rolling")).every((pod) => isReady(pod) && textOf(pod).includes("began two"))).toBe(true);
    expect(await versionsOf(world, "rolling")).toEqual([0, 1]);
  });

  it("gives a task that is stopped the whole of its kill timeout", async () => {
    const slow = ["-c", `trap "sleep 4; echo in time; exit 0" INT; echo began; ${BEGUN}; while :; do sleep 60 & wait $!; done`];
    await applyJob(world, "slow-end", { TaskGroups: [group(slow, { Tasks: [task(slow, { KillTimeout: 20 * SECOND })] })] });
    await statusWhen(world, "slow-end", running(1));
    await hasBegun(uidOf((await liveOf(world, "slow-end"))[0]!), "main");
    await applyJob(world, "slow-end", { TaskGroups: [group(slow, { Tasks: [task(slow, { KillTimeout: 20 * SECOND })] })] }, true);
    await statusWhen(world, "slow-end", ({ groups }) => groups?.["main"]?.complete === 1);
    const [pod] = await podsOfJob(world, "slow-end");
    expect(pod?.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
    expect(await logOf(pod!)).toBe("began\nin time\n");
    expect((await jobNow(world, "slow-end")).status).toMatchObject({ state: "dead", allocations: [] });
  });

  it("runs again when a job that was stopped and dead is started", async () => {
    const job = { TaskGroups: [group(WAITS("again"))] };
    await applyJob(world, "again", job);
    await statusWhen(world, "again", running(1));
    await applyJob(world, "again", job, true);
    await statusWhen(world, "again", ({ state }) => state === "dead");
    await applyJob(world, "again", job);
    expect(await statusWhen(world, "again", running(1))).toMatchObject({ state: "running", observedGeneration: 3, memory: {} });
  });

  it("tries a canary until somebody promotes it", async () => {
    const job = (text: string) => ({ TaskGroups: [group(WAITS(text), { Count: 2, Update: { ...AT_ONCE, Canary: 1 } })] });
    const { metadata } = await applyJob(world, "canary", job("old"));
    await statusWhen(world, "canary", ({ deployment }) => deployment?.["status"] === "successful");
    await applyJob(world, "canary", job("new"));
    await statusWhen(world, "canary", ({ deployment }) => JSON.stringify(deployment).includes('"healthyCanaries":1'));
    expect((await liveOf(world, "canary")).filter((pod) => textOf(pod).includes("began new")).length).toBe(1);
    expect((await liveOf(world, "canary")).length).toBe(3);
    await requestOf(world, "canary", { deployment: { id: deploymentId(sha256, metadata.uid ?? "", 1), promote: ["*"] } });
    await statusWhen(world, "canary", ({ deployment }) => deployment?.["status"] === "successful");
    expect((await liveOf(world, "canary")).map((pod) => textOf(pod).includes("began new"))).toEqual([true, true]);
  });

  it("goes back by itself from a version that fails", async () => {
    // Longer than a busy kubelet takes to say that a task is over.
    const job = (args: readonly string[]) => ({ TaskGroups: [group(args, { Update: { ...AT_ONCE, MinHealthyTime: 5 * SECOND, AutoRevert: true, ProgressDeadline: 0 } })] });
    await applyJob(world, "revert", job(WAITS("good")));
    await statusWhen(world, "revert", ({ deployment }) => deployment?.["status"] === "successful");
    await applyJob(world, "revert", job(["-c", "exit 7"]));
    const status = await statusWhen(world, "revert", ({ deployment, observedGeneration }) => observedGeneration === 3 && deployment?.["status"] === "successful");
    expect(status).toMatchObject({ stableVersion: 2, deployment: { superseded: { jobVersion: 1, status: "failed", statusDescription: expect.stringContaining("rolling back to job version 0") as string } } });
    expect((await liveOf(world, "revert")).map((pod) => textOf(pod).includes("began good"))).toEqual([true]);
  });

  it("replaces the allocation that somebody stops", async () => {
    await applyJob(world, "stopped-one", { TaskGroups: [group(WAITS(), { Count: 2 })] });
    await statusWhen(world, "stopped-one", running(2));
    const [first, second] = await liveOf(world, "stopped-one");
    await requestOf(world, "stopped-one", { stop: { [uidOf(first!)]: { at: Date.now() } } });
    await statusWhen(world, "stopped-one", (status) => running(2)(status) && status.groups?.["main"]?.complete === 1);
    const live = (await liveOf(world, "stopped-one")).map(uidOf);
    expect([live.length, live.includes(uidOf(first!)), live.includes(uidOf(second!))]).toEqual([2, false, true]);
  });
});

describe("other types of jobs", () => {
  it("batch work is done once, fails as often as it may, and the job is dead", async () => {
    const policy = { Attempts: 1, Interval: 3600 * SECOND, Delay: 5 * SECOND, DelayFunction: "constant", Unlimited: false };
    await applyJob(world, "work", { Type: "batch", TaskGroups: [group(["-c", "echo done"], { Name: "good", Count: 3 }), group(["-c", "exit 3"], { Name: "bad", ReschedulePolicy: policy })] });
    const status = await statusWhen(world, "work", ({ state, groups }) => state === "dead" && groups?.["bad"]?.failed === 2);
    expect(status).toMatchObject({ groups: { good: { complete: 3, failed: 0 }, bad: { complete: 0, failed: 2 } } });
    expect((await podsOfJob(world, "work")).length).toBe(5);
  });

  it("system and sysbatch jobs run once on the node", async () => {
    await applyJob(world, "agent", { Type: "system", TaskGroups: [group(WAITS())] });
    await applyJob(world, "chore", { Type: "sysbatch", TaskGroups: [group(["-c", "echo done"])] });
    await statusWhen(world, "agent", running(1));
    await statusWhen(world, "chore", ({ state, groups }) => state === "dead" && groups?.["main"]?.complete === 1);
    const pods = [...(await podsOfJob(world, "agent")), ...(await podsOfJob(world, "chore"))];
    expect(pods.map(({ spec, metadata }) => spec.nodeName === metadata.annotations?.[ANNOTATION.node])).toEqual([true, true]);
  });

  it("a periodic job launches each time once, and nothing more when it is stopped; its children go with it", async () => {
    const job = { Type: "batch" as const, Periodic: { Enabled: true, SpecType: "cron", Spec: "*/2 * * * * * *" }, TaskGroups: [group(["-c", "echo done"])] };
    await applyJob(world, "clock", job);
    const status = await statusWhen(world, "clock", ({ children }) => (children?.dead ?? 0) >= 3);
    expect(status).toMatchObject({ state: "running", lastLaunch: expect.stringMatching(/Z$/) as string });
    const children = await childrenOf(world, "clock");
    expect(children.every(({ spec, metadata }) => /^clock\/periodic-\d+$/.test(spec.id) && metadata.annotations?.[ANNOTATION.parent] === "clock")).toBe(true);
    expect(new Set(children.map(({ spec }) => spec.id)).size).toBe(children.length);
    await applyJob(world, "clock", job, true);
    await statusWhen(world, "clock", ({ state }) => state === "dead");
    await must(world.client.remove({ resource: RESOURCES.nomadJobs, namespace: world.namespace, name: "clock" }));
    await eventually(async () => ((await childrenOf(world, "clock")).length === 0 ? true : undefined));
  });
});

describe("a job that is purged", () => {
  it("leaves nothing, and one that takes its ID at once runs", async () => {
    const job = { TaskGroups: [group(WAITS(), { Count: 2 })] };
    const first = await applyJob(world, "purged", job);
    await statusWhen(world, "purged", running(2));
    await must(world.client.remove({ resource: RESOURCES.nomadJobs, namespace: world.namespace, name: "purged" }));
    const second = await applyJob(world, "purged", job);
    expect(second.metadata.uid).not.toBe(first.metadata.uid);
    await statusWhen(world, "purged", running(2));
    await must(world.client.remove({ resource: RESOURCES.nomadJobs, namespace: world.namespace, name: "purged" }));
    await eventually(async () => ([...(await podsOfJob(world, "purged")), ...(await versionsOf(world, "purged"))].length === 0 ? true : undefined));
  });
});

describe("a server that is killed while a job is updated", () => {
  it("has a successor that finishes it: every index once, of the last version", async () => {
    const job = (text: string) => ({ TaskGroups: [group(WAITS(text), { Count: 4, Update: { ...AT_ONCE, MaxParallel: 2 } }), group(WAITS(text), { Name: "side", Count: 2, Update: AT_ONCE })] });
    await applyJob(world, "crash", job("one"));
    await statusWhen(world, "crash", running(6));
    await applyJob(world, "crash", job("two"));
    await eventually(async () => ((await podsOfJob(world, "crash")).some(isStopped) ? true : undefined));
    await killServer();
    await applyJob(world, "crash", job("three"));
    await upAgain();
    await statusWhen(world, "crash", (status) => running(6)(status) && status.deployment?.["status"] === "successful" && status.deployment["jobVersion"] === 2);
    const live = await liveOf(world, "crash");
    expect(live.map(({ metadata }) => `${metadata.annotations?.[ANNOTATION.group]}${/-(\d+)-\d+$/.exec(metadata.name)?.[1]}`).sort()).toEqual(["main0", "main1", "main2", "main3", "side0", "side1"]);
    expect(live.every((pod) => textOf(pod).includes("began three"))).toBe(true);
  });
});

describe("what the controller believes of a job", () => {
  it.each([
    ["its status", ["patch", "nomadjob", "guarded", "--subresource=status", "--type=merge", "-p", JSON.stringify({ status: { stableVersion: 5 } })]],
    ["its versions", ["label", "controllerrevision", "-l", "nomad-bridge.dev/managed=true", "a=b"]],
    ["that it has versions", ["delete", "controllerrevision", "-l", "nomad-bridge.dev/managed=true"]],
  ])("nobody else writes: %s", async (_what, args) => {
    await applyJob(world, "guarded", { TaskGroups: [group(WAITS())] });
    await statusWhen(world, "guarded", running(1));
    expect(await kubectl(["-n", world.namespace, ...args])).toMatchObject({ code: 1, stderr: expect.stringContaining("nomad-bridge alone") as string });
  });

  it("nobody makes a version up", async () => {
    const forged = { apiVersion: "apps/v1", kind: "ControllerRevision", metadata: { name: "forged", namespace: world.namespace, labels: { "nomad-bridge.dev/managed": "true" } }, revision: 1, data: {} };
    expect(await kubectl(["create", "-f", "-"], forged)).toMatchObject({ code: 1, stderr: expect.stringContaining("nomad-bridge alone") as string });
  });
});
