/** @module A group of several tasks as Nomad's clients see it: each task has a state, events and an exec of its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pod } from "../../src/api/pod.ts";
import { eventually } from "./kubernetes/real-cluster.ts";
import { allocation, allocationsOf, exec, inTask, nomadJson } from "./support/nomad.ts";
import { applyTask, enterWorld, podsOf, readyPod, uidOf, WAITING, type World } from "./support/world.ts";

let world: World;
let pod: Pod;
const RESOURCES = { memory: 32 };
const script = (text: string) => ({ command: "/bin/sh", args: ["-c", text] });
const waiting = { command: WAITING.command, args: [...WAITING.args] };
const GROUP = [
  { name: "Prepare_It", ...script("echo ready > /alloc/data/prepared"), lifecycle: { hook: "prestart" as const }, resources: RESOURCES },
  { name: "proxy", ...waiting, lifecycle: { hook: "prestart" as const, sidecar: true }, resources: RESOURCES },
  { name: "clean", ...script("true"), lifecycle: { hook: "poststop" as const }, resources: RESOURCES },
];
beforeAll(async () => {
  world = await enterWorld("group");
  pod = await readyPod(world, "web", { tasks: GROUP, resources: RESOURCES });
});
afterAll(async () => await world.leave());

const run = (task: string) => exec({ allocId: uidOf(pod), task, command: ["/bin/true"] });

describe("a group of several tasks", () => {
  it("shows how far each of them is", async () => {
    const { ClientStatus, TaskStates } = await allocation(uidOf(pod));
    expect([ClientStatus, Object.entries(TaskStates).map(([name, { State, Failed }]) => [name, State, Failed])]).toEqual([
      "running",
      [["web", "running", false], ["Prepare_It", "dead", false], ["proxy", "running", false], ["clean", "pending", false]],
    ]);
    expect(TaskStates["Prepare_It"]?.Events.map(({ Type }) => Type)).toEqual(["Received", "Task Setup", "Started", "Terminated"]);
  });

  it("runs a command in the task that is named, a sidecar among them", async () => {
    expect((await inTask(uidOf(pod), "proxy", "echo $NOMAD_TASK_NAME")).trim()).toBe("proxy");
    expect((await inTask(uidOf(pod), "web", "echo $NOMAD_TASK_NAME; cat /alloc/data/prepared")).trim()).toBe("web\nready");
  });

  it.each([["Prepare_It", 'task "Prepare_It" is not running.'], ["clean", 'task "clean" not started yet.'], ["other", "task not found"]])("refuses a command in %s with Nomad's words", async (task, reason) => {
    expect((await run(task)).reason).toContain(reason);
  });

  it("is one job of all its tasks", async () => {
    type Task = { readonly Name: string; readonly Lifecycle: { readonly Hook: string; readonly Sidecar: boolean } | null };
    const job = await nomadJson<{ readonly TaskGroups: readonly { readonly Tasks: readonly Task[] }[] }>(`/v1/job/web?namespace=${world.namespace}`);
    expect(job.TaskGroups[0]?.Tasks.map(({ Name, Lifecycle }) => [Name, Lifecycle?.Hook, Lifecycle?.Sidecar])).toEqual([
      ["web", undefined, undefined], ["Prepare_It", "prestart", false], ["proxy", "prestart", true], ["clean", "poststop", false],
    ]);
  });

  it("fails when one of its tasks does, and says which and why", async () => {
    const failing = { name: "sick", ...script("exit 7"), resources: RESOURCES, restart: { attempts: 0, delay: "1s", interval: "10m" } };
    await applyTask(world, "fails", { tasks: [failing], resources: RESOURCES });
    const failed = await eventually(async () => (await allocationsOf(world.namespace, "fails")).find(({ ClientStatus }) => ClientStatus === "failed"));
    const { TaskStates } = await allocation(failed.ID);
    const textsOf = (task: string) => TaskStates[task]?.Events.map(({ DisplayMessage }) => DisplayMessage) ?? [];
    expect([TaskStates["sick"]?.Failed, TaskStates["fails"]?.Failed]).toEqual([true, false]);
    expect(textsOf("sick")).toEqual(expect.arrayContaining(["Exit Code: 7", "Policy allows no restarts"]));
    expect(textsOf("fails")).toContain('Task\'s sibling "sick" failed');
    await eventually(async () => ((await podsOf(world, "fails")).some(({ status }) => status?.phase === "Failed") ? true : undefined));
  });
});
