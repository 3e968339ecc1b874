/** @module The driver raw_exec: the node itself, for those whose profile says so, and entered only with the right to the node. On a real cluster. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exec, tokenWith } from "../support/nomad.ts";
import { seenBy, seeing } from "../support/seen.ts";
import { applyTask, conditionBecomes, enterWorld, grantProfiles, readyPod, shell, uidOf, type World } from "../support/world.ts";

let world: World;
let takeProfilesBack: () => Promise<void>;
beforeAll(async () => {
  world = await enterWorld("raw-exec");
  takeProfilesBack = await grantProfiles(world, [{ name: `${world.namespace}-raw`, allowRawExec: true }, { name: `${world.namespace}-plain` }]);
});
afterAll(async () => {
  await takeProfilesBack();
  await world.leave();
});

const WAIT = 'trap "exit 0" INT; while :; do sleep 1 & wait $!; done';

describe("raw_exec", () => {
  it("is refused where the profile does not allow it", async () => {
    await applyTask(world, "refused", { driver: "raw_exec", profile: `${world.namespace}-plain` });
    expect((await conditionBecomes(world, "refused", { type: "Accepted", status: "False" })).message).toMatch(/raw_exec/);
  });

  it("runs as root in the node's own file system, processes and network, from its task directory", async () => {
    const look = 'id -u; hostname; cat /etc/shadow | head -c 4; echo; pwd; ls -d "$NOMAD_TASK_DIR" "$NOMAD_ALLOC_DIR/data"; tr "\\0" " " < /proc/1/cmdline; echo; readlink /proc/self/ns/net';
    const pod = await readyPod(world, "raw", { driver: "raw_exec", profile: `${world.namespace}-raw`, ...shell(`${seeing(look)}; ${WAIT}`) });
    const seen = (await seenBy(uidOf(pod), "raw")).split("\n");
    expect(seen.slice(0, 3)).toEqual(["0", hostname(), "root"]);
    expect(seen[3]).toContain(uidOf(pod));
    expect(seen.slice(4, 6).every((path) => path.includes(uidOf(pod)))).toBe(true);
    expect(seen[6]).toContain(readFileSync("/proc/1/cmdline", "utf8").replaceAll("\0", " ").slice(0, 10));
  });

  it("is entered only with alloc-node-exec", async () => {
    const pod = await readyPod(world, "entered", { driver: "raw_exec", profile: `${world.namespace}-raw`, ...shell(WAIT) });
    const without = await tokenWith(`namespace "${world.namespace}" { capabilities = ["read-job", "list-jobs", "alloc-exec"] }`);
    expect(await exec({ allocId: uidOf(pod), task: "entered", command: ["/bin/true"], token: without.secret })).toMatchObject({ closeCode: 1011, reason: "Permission denied" });
    await without.remove();
  });
});
