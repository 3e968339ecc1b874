/** @module Several tasks in one group: what they share, what each has for itself, and the order in which they live and die. On a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/real-cluster.ts";
import { allocation, inTask } from "../support/nomad.ts";
import { BEGUN, hasBegun, seenBy, textOf } from "../support/seen.ts";
import { endedTask } from "../support/outcome.ts";
import { applyTask, enterWorld, followLog, podsOf, readyPod, removeTask, shell, uidOf, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("group");
});
afterAll(async () => await world.leave());

const WAIT = 'trap "exit 0" INT; while :; do sleep 1 & wait $!; done';
const small = { resources: { memory: 32 } };
const note = (text: string) => `echo ${text} >> /alloc/data/seen`;

describe.concurrent("the tasks of a group", () => {
  it("share /alloc and nothing else, and are entered each by its name", async () => {
    const pod = await readyPod(world, "shared", { ...shell(`echo mine > /local/own; ${WAIT}`), tasks: [{ name: "other", ...shell(`echo other > /local/own; echo common > /alloc/data/common; ${WAIT}`), ...small, user: "daemon", env: { WHO: "other" } }] });
    expect(await inTask(uidOf(pod), "shared", `${textOf("/local/own")}; id -u; echo \${WHO:-nobody}`)).toBe("mine\n65534\nnobody\n");
    expect(await inTask(uidOf(pod), "other", `${textOf("/local/own")}; id -u; echo $WHO $NOMAD_TASK_NAME`)).toBe("other\n1\nother other\n");
    expect(await inTask(uidOf(pod), "shared", `${textOf("/alloc/data/common")}; ls /alloc/logs`)).toBe("common\nother.stderr.0\nother.stdout.0\nshared.stderr.0\nshared.stdout.0\n");
    const { TaskStates } = await allocation(uidOf(pod));
    expect(Object.entries(TaskStates).map(([name, { State }]) => `${name} ${State}`).toSorted()).toEqual(["other running", "shared running"]);
  });

  it("run in the order that their lifecycle says", async () => {
    const tasks = [
      { name: "before", lifecycle: { hook: "prestart" as const }, ...shell(note("before")), ...small },
      { name: "beside", lifecycle: { hook: "prestart" as const, sidecar: true }, ...shell(`${note("beside")}; ${WAIT}`), ...small },
      { name: "behind", lifecycle: { hook: "poststart" as const, sidecar: true }, ...shell(`${note("behind")}; ${WAIT}`), ...small },
    ];
    const pod = await readyPod(world, "ordered", { ...shell(`sleep 1; ${note("main")}; ${WAIT}`), tasks });
    const seen = await eventually(async () => {
      const text = await seenBy(uidOf(pod), "ordered");
      return text.includes("main") && text.includes("behind") ? text : undefined;
    });
    expect(seen.split("\n").slice(0, 2)).toEqual(["before", "beside"]);
    const { TaskStates } = await allocation(uidOf(pod));
    expect(TaskStates["before"]).toMatchObject({ State: "dead", Failed: false });
    expect(TaskStates["beside"]).toMatchObject({ State: "running" });
  });

  it("do not start when one before them fails, and the allocation says which", async () => {
    await applyTask(world, "blocked", { ...shell(`${note("main")}; ${WAIT}`), tasks: [{ name: "check", lifecycle: { hook: "prestart" }, ...shell("exit 3"), ...small, restart: { attempts: 0 } }] });
    const { alloc, state } = await endedTask(world, "blocked", "check");
    expect(state).toMatchObject({ State: "dead", Failed: true });
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toContainEqual(expect.stringMatching(/^Exit Code: 3/) as string);
    expect(alloc.TaskStates["blocked"]?.Events.map(({ Type }) => Type)).not.toContain("Started");
  });

  it("end when their leader ends", async () => {
    await applyTask(world, "led", { ...shell(`trap "${note("follower-told")}; exit 0" INT; while :; do sleep 1 & wait $!; done`), tasks: [{ name: "chief", leader: true, ...shell("sleep 2; exit 1"), ...small, restart: { attempts: 0 } }] });
    const { alloc, state } = await endedTask(world, "led");
    expect(alloc.TaskStates["chief"]).toMatchObject({ State: "dead", Failed: true });
    expect(state.State).toBe("dead");
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toContain("Leader Task in Group dead");
  });

  it("have their last word in poststop when the job is stopped", async () => {
    const cleanup = { name: "cleanup", lifecycle: { hook: "poststop" as const }, ...shell('while read line; do echo "cleanup after $line"; done < /alloc/data/seen; sleep 1; echo finished'), ...small };
    const pod = await readyPod(world, "cleaned", { ...shell(`trap "${note("main-ended")}; exit 0" INT; ${BEGUN}; while :; do sleep 1 & wait $!; done`), tasks: [cleanup] });
    const log = await followLog(world, pod, "cleanup");
    await hasBegun(uidOf(pod), "cleaned");
    await removeTask(world, "cleaned");
    expect(await log.whole).toBe("cleanup after main-ended\nfinished\n");
    await eventually(async () => ((await podsOf(world, "cleaned")).length === 0 ? true : undefined));
  });
});
