/** @module How a task is told to end, how it is restarted, and what is said of one that used too much memory. On a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/real-cluster.ts";
import { allocationsOf } from "../support/nomad.ts";
import { BEGUN, hasBegun } from "../support/seen.ts";
import { endedTask } from "../support/outcome.ts";
import { applyTask, enterWorld, followLog, readyPod, removeTask, shell, uidOf, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("stopping");
});
afterAll(async () => await world.leave());

const trapping = (names: readonly string[]) => shell(`${names.map((name) => `trap "echo ${name}; [ ${name} = INT ] && exit 0" ${name}`).join("; ")}; ${BEGUN}; while :; do sleep 1 & wait $!; done`);

describe.concurrent("a task that is stopped", () => {
  it.each([
    { name: "by-default", spec: {}, says: "INT\n" },
    { name: "by-its-own-signal", spec: { killSignal: "SIGUSR1" as const, killTimeout: "2s" }, says: "USR1\n" },
  ])("gets its kill signal: $name", async ({ name, spec, says }) => {
    const pod = await readyPod(world, name, { ...trapping(["INT", "TERM", "USR1"]), ...spec });
    const log = await followLog(world, pod);
    await hasBegun(uidOf(pod), name);
    await removeTask(world, name);
    expect(await log.whole).toBe(says);
  });

  it("hears nothing of it during its shutdown_delay", async () => {
    const pod = await readyPod(world, "delayed", { ...shell('trap "date +%s%N; exit 0" INT; while :; do sleep 0.1 & wait $!; done'), shutdownDelay: "3s" });
    const log = await followLog(world, pod);
    const asked = Date.now();
    await removeTask(world, "delayed");
    expect(Number(await log.whole) / 1e6 - asked).toBeGreaterThan(2_900);
  });
});

describe.concurrent("a task that ends by itself", () => {
  it("is restarted as often as its policy says, and then fails with Nomad's text", async () => {
    await applyTask(world, "spent", { ...shell("exit 7"), restart: { attempts: 1, delay: "1s", interval: "10m" } });
    const { state } = await endedTask(world, "spent");
    expect(state).toMatchObject({ State: "dead", Failed: true, Restarts: 1 });
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toEqual(
      expect.arrayContaining(["Exit Code: 7", 'Exceeded allowed attempts 1 in interval 10m0s and mode is "fail"']) as string[],
    );
  });

  it("for want of memory is said to have been killed for it", async () => {
    const eat = 'x=$(head -c 200000000 /dev/zero | tr "\\0" "x"); echo done';
    await applyTask(world, "hungry", { ...shell(eat), resources: { memory: 32 }, restart: { attempts: 0 } });
    const events = await eventually(async () => {
      const all = (await allocationsOf(world.namespace, "hungry")).flatMap(({ TaskStates }) => TaskStates["hungry"]?.Events ?? []);
      return all.some(({ Type }) => Type === "Terminated") ? all : undefined;
    });
    expect(events.find(({ Type }) => Type === "Terminated")).toMatchObject({ DisplayMessage: expect.stringMatching(/^Exit Code: 137, Signal: 9/) as string, Details: { oom_killed: "true" } });
  });
});

