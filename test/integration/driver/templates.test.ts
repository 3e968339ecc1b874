/** @module Templates and dispatch payloads: rendered by the launcher, seen from inside the task. On a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../kubernetes/real-cluster.ts";
import { kubectlOk } from "../support/kubectl.ts";
import { inTask } from "../support/nomad.ts";
import { seenBy, seeing } from "../support/seen.ts";
import { endedTask } from "../support/outcome.ts";
import { applyTask, conditionBecomes, enterWorld, readyPod, shell, uidOf, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("templates");
});
afterAll(async () => await world.leave());

const WAIT = 'trap "exit 0" INT; while :; do sleep 1 & wait $!; done';

describe.concurrent("a template", () => {
  it("is written before the task starts, with its mode, and belongs to root", async () => {
    const spec = {
      ...shell(`${seeing("stat -c '%a %u:%g' /local/app.conf; cat /local/app.conf")}; ${WAIT}`),
      meta: { team: "shop" },
      templates: [{ destination: "local/app.conf", perms: "0640", data: 'listen {{ env "NOMAD_ALLOC_INDEX" }}\n{{ range $i, $e := "a,b" | split "," }}{{ $i }}={{ $e | toUpper }}\n{{ end }}{{ with env "NOMAD_META_team" }}team {{ . }}{{ end }}\n' }],
    };
    const pod = await readyPod(world, "plain", spec);
    expect(await seenBy(uidOf(pod), "plain")).toBe("640 0:0\nlisten 0\n0=A\n1=B\nteam shop\n");
  });

  it("of environment variables gives them to the task and to its exec sessions", async () => {
    const pod = await readyPod(world, "variables", { ...shell(`${seeing('echo "$MADE $OWN"')}; ${WAIT}`), env: { OWN: "first" }, templates: [{ destination: "secrets/app.env", env: true, data: 'MADE="by template"\nOWN=second\n' }] });
    expect(await seenBy(uidOf(pod), "variables")).toBe("by template second\n");
    expect(await inTask(uidOf(pod), "variables", 'echo "$MADE $OWN"')).toBe("by template second\n");
  });

  it("that cannot be parsed fails the allocation with Nomad's text", async () => {
    await applyTask(world, "broken", { command: "/bin/sleep", args: ["9"], templates: [{ destination: "local/x", data: '{{ nosuchfunction "x" }}' }] });
    const { state } = await endedTask(world, "broken");
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toContainEqual(expect.stringMatching(/Template failed: .*function "nosuchfunction" not defined/) as string);
  });

  it("that leads out of the task's directories is refused with Nomad's text", async () => {
    await applyTask(world, "escaping", { command: "/bin/sleep", args: ["9"], templates: [{ destination: "../../../etc/x", data: "x" }] });
    const { message } = await conditionBecomes(world, "escaping", { type: "Accepted", status: "False" });
    expect(message).toBe("template destination path escapes alloc directory");
  });

  it("whose destination leads out by a variable writes nothing", async () => {
    await applyTask(world, "escaping-late", { command: "/bin/sleep", args: ["9"], env: { UP: "../../../etc" }, templates: [{ destination: "${UP}/x", data: "x" }] });
    const { state } = await endedTask(world, "escaping-late");
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toContainEqual(expect.stringMatching(/template destination path escapes alloc directory/) as string);
  });

  it.each([
    { name: "restarts", changeMode: "restart" as const, signal: {}, says: /^(start\n){2,}$/ },
    { name: "signals", changeMode: "signal" as const, signal: { changeSignal: "SIGHUP" as const }, says: /^start\n(hup\n)+$/ },
    { name: "leaves", changeMode: "noop" as const, signal: {}, says: /^start\n$/ },
  ])("whose file changes $name the task", async ({ name, changeMode, signal, says }) => {
    const pod = await readyPod(world, name, {
      ...shell(`trap "echo hup >> /alloc/data/seen" HUP; echo start >> /alloc/data/seen; ${WAIT}`),
      templates: [
        { destination: "local/source", data: "one", changeMode: "noop", once: true },
        { destination: "local/copy", data: '{{ file "/local/source" }}', changeMode, ...signal, splay: "0s" },
      ],
    });
    const look = async (script: string) => await inTask(uidOf(pod), name, script);
    expect(await seenBy(uidOf(pod), name)).toBe("start\n");
    expect(await look("cat /local/copy")).toBe("one");
    await look("cp /local/source /local/next; printf two > /local/next; mv -f /local/next /local/source");
    await eventually(async () => ((await look("cat /local/copy")) === "two" ? true : undefined));
    const after = await eventually(async () => {
      const text = await look("cat /alloc/data/seen");
      return changeMode === "noop" || text !== "start\n" ? text : undefined;
    });
    expect(after).toMatch(says);
  });
});

describe("a dispatch payload", () => {
  it("is a file below local/ before the task starts", async () => {
    await kubectlOk(["apply", "-f", "-"], { apiVersion: "v1", kind: "Secret", metadata: { name: "payload", namespace: world.namespace }, stringData: { payload: "input of the job\n" } });
    const pod = await readyPod(world, "dispatched", { ...shell(`${seeing("cat /local/in/input.txt")}; ${WAIT}`), dispatchPayload: { file: "in/input.txt", secretName: "payload" } });
    expect(await seenBy(uidOf(pod), "dispatched")).toBe("input of the job\n");
    expect(await inTask(uidOf(pod), "dispatched", "stat -c %a /local/in/input.txt")).toBe("755\n");
  });
});
