/** @module How a task's command is found, started and refused, and how its texts are interpolated: on a real cluster, as Nomad's exec driver does it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seenBy } from "../support/seen.ts";
import { endedTask } from "../support/outcome.ts";
import { applyTask, enterWorld, grantProfiles, readyPod, uidOf, type Spec, type World } from "../support/world.ts";

let world: World;
let takeProfilesBack: () => Promise<void>;
beforeAll(async () => {
  world = await enterWorld("command");
  takeProfilesBack = await grantProfiles(world, [
    { name: `${world.namespace}-volumes`, hostVolumes: [{ name: "programs", path: "/usr/bin", readOnly: true }] },
    { name: `${world.namespace}-denied`, deniedHostUids: "5000-5999", deniedHostGids: "8765", users: { grouped: { uid: 7000, gid: 8765 } } },
  ]);
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

const WAIT = 'trap "exit 0" INT; while :; do sleep 60 & wait $!; done';
const script = (lines: string, destination = "local/program") => ({ destination, data: `#!/bin/sh\n${lines}\n${WAIT}\n`, perms: "0644" });

/** What the command wrote to /alloc/data/seen. */
async function seen(name: string, spec: Spec): Promise<string> {
  const pod = await readyPod(world, name, spec);
  return await seenBy(uidOf(pod), name);
}

describe.concurrent("the command of a task", () => {
  it.each<{ readonly name: string; readonly spec: Spec; readonly says: string }>([
    { name: "local-first", spec: { command: "ls", args: [], templates: [script("echo mine > /alloc/data/seen", "local/ls")] }, says: "mine\n" },
    { name: "relative", spec: { command: "local/program", args: ["a"], templates: [script('echo "$0 $1" > /alloc/data/seen')] }, says: "/local/program a\n" },
    { name: "bare", spec: { command: "sh", args: ["-c", `echo "$0" > /alloc/data/seen; ${WAIT}`] }, says: "/usr/bin/sh\n" },
    { name: "made-executable", spec: { command: "program", args: [], templates: [script("stat -c %a /local/program > /alloc/data/seen")] }, says: "755\n" },
    {
      name: "in-a-volume",
      spec: {
        command: "/programs/sh",
        args: ["-c", `echo found > /alloc/data/seen; ${WAIT}`],
        volumes: [{ name: "v", type: "host", source: "programs" }],
        volumeMounts: [{ volume: "v", destination: "/programs" }],
      },
      says: "found\n",
    },
    { name: "no-shell", spec: { command: "/bin/sh", args: ["-c", `printf '%s|' "$@" > /alloc/data/seen; ${WAIT}`, "x", "$(id)", ";", "a b", "*", "$$", "$(NOMAD_DC)"] }, says: "$(id)|;|a b|*|$$|$(NOMAD_DC)|" },
    { name: "by-variable", spec: { command: "${NOMAD_TASK_DIR}/program", args: ["${node.datacenter}", "${attr.kernel.name}"], templates: [script('echo "$@" > /alloc/data/seen')] }, says: "dc1 linux\n" },
    { name: "work-dir-by-variable", spec: { command: "/bin/sh", args: ["-c", `pwd > /alloc/data/seen; ${WAIT}`], workDir: "${NOMAD_TASK_DIR}" }, says: "/local\n" },
  ])("is found and started: $name", async ({ name, spec, says }) => {
    const profile = name === "in-a-volume" ? { profile: `${world.namespace}-volumes` } : {};
    expect(await seen(name, { ...spec, ...profile })).toBe(says);
  });

  it.each<{ readonly name: string; readonly spec: Spec; readonly says: RegExp }>([
    { name: "missing", spec: { command: "no-such-program" }, says: /^failed to launch command with executor: rpc error: code = Unknown desc = file no-such-program not found under path/ },
    { name: "missing-path", spec: { command: "/usr/no/such" }, says: /^failed to launch command with executor: rpc error: code = Unknown desc = file \/usr\/no\/such not found under path/ },
    { name: "directory", spec: { command: "/usr/bin" }, says: /^failed to launch command with executor: rpc error: code = Unknown desc = file \/usr\/bin not found under path/ },
    { name: "unknown-variable", spec: { command: "/bin/sleep", args: ["${no_such_thing}"] }, says: /failed to parse config: .*There is no variable named "no_such_thing"/s },
    { name: "unknown-node-value", spec: { command: "/bin/sleep", args: ["${meta.no_such_thing}"] }, says: /failed to parse config: /s },
    { name: "unknown-user", spec: { command: "/bin/sleep", user: "ghost" }, says: /^failed host user validation: failed to identify user "ghost": user: unknown user ghost$/ },
    { name: "work-dir-in-proc", spec: { command: "/bin/sleep", workDir: "/proc/self/fd" }, says: /work_dir "\/proc\/self\/fd"/ },
    { name: "work-dir-missing", spec: { command: "/bin/sleep", workDir: "/no/such" }, says: /work_dir "\/no\/such"/ },
    { name: "work-dir-relative-by-variable", spec: { command: "/bin/sleep", workDir: "${NOMAD_DC}/x" }, says: /work_dir must be absolute but got relative path "dc1\/x"/ },
    { name: "denied-uid", spec: { command: "/bin/sleep", user: "5100" }, says: /running as uid 5100 is disallowed/ },
    { name: "denied-gid", spec: { command: "/bin/sleep", user: "grouped" }, says: /running as gid 8765 is disallowed/ },
  ])("that cannot be started fails the allocation in Nomad's words: $name", async ({ name, spec, says }) => {
    const profile = name.startsWith("denied") ? { profile: `${world.namespace}-denied` } : {};
    await applyTask(world, name, { args: ["1"], ...spec, ...profile });
    const { state } = await endedTask(world, name);
    expect(state).toMatchObject({ State: "dead", Failed: true });
    expect(state.Events.map(({ DisplayMessage }) => DisplayMessage)).toContainEqual(expect.stringMatching(says) as string);
  });
});
