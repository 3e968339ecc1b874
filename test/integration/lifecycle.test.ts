/** @module `up` and `down` as they are run: again, after a crash, in the middle of work, and side by side. On the cluster of this test run and on a second one. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { leftovers } from "../../local-cluster/leftovers.ts";
import { isAlive } from "../../local-cluster/processes.ts";
import { type ClusterState, readState } from "../../local-cluster/state.ts";
import type { Pod } from "../../src/api/pod.ts";
import { bringUp, type Running } from "../../src/main/dev/bring-up.ts";
import { homePaths, readUpState } from "../../src/main/dev/home.ts";
import { takeDown } from "../../src/main/dev/take-down.ts";
import { eventually } from "./kubernetes/real-cluster.ts";
import { kubectlOk } from "./support/kubectl.ts";
import { killServer, processesWith, serverNow, upAgain } from "./support/machine.ts";
import { allocationsOf, inTask, nomadJson } from "./support/nomad.ts";
import { applyTask, enterWorld, indexOf, isLive, isReady, podsOf, readyPod, taskNow, uidOf, watchPods, type PodHistory, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await enterWorld("lifecycle");
});
afterAll(async () => {
  // Whatever a test left: the next file needs a server.
  await upAgain();
  await world.leave();
});

const quiet = () => undefined;

describe("up, when everything is up", () => {
  it("leaves server, token, address and tasks as they are", async () => {
    const pod = await readyPod(world, "steady", {});
    const [before, first] = [serverNow(), await upAgain()];
    const again = await upAgain();
    expect(again).toEqual(first);
    expect([again.address, again.token]).toEqual([inject("bridge").addr, inject("bridge").token]);
    expect(serverNow()).toEqual(before);
    expect((await podsOf(world, "steady")).map(uidOf)).toEqual([uidOf(pod)]);
  });

  it("may be asked by two at once", async () => {
    const before = serverNow();
    const [one, other] = await Promise.all([upAgain(), upAgain()]);
    expect(one).toEqual(other);
    expect(serverNow()).toEqual(before);
  });
});

describe("a server that is killed while a task is scaled, another changed and a third deleted", () => {
  let before: { readonly server: ReturnType<typeof serverNow>; readonly unaware: Pod; readonly first: Pod };
  let history: PodHistory;
  let running: Running;
  beforeAll(async () => {
    const [unaware, first] = await Promise.all([
      readyPod(world, "unaware", {}),
      readyPod(world, "interrupted", {}),
      readyPod(world, "deleted-meanwhile", {}),
      readyPod(world, "changed-meanwhile", { env: { VERSION: "old" } }),
    ]);
    before = { server: serverNow(), unaware, first };
    history = await watchPods(world, "interrupted");
    await applyTask(world, "interrupted", { count: 6 });
    // Some of the pods are made, and most likely not all.
    await eventually(() => (history.seen.length > 0 ? true : undefined));
    await killServer();
    await kubectlOk(["delete", "exectask", "deleted-meanwhile", "-n", world.namespace]);
    await applyTask(world, "changed-meanwhile", { env: { VERSION: "new" } });
    running = await upAgain();
  });
  afterAll(() => history.stop());

  it("is started again by up at the same address, with the same token", () => {
    expect([running.address, running.token]).toEqual([inject("bridge").addr, inject("bridge").token]);
    expect(isAlive(serverNow().process)).toBe(true);
    expect(serverNow().process).not.toEqual(before.server.process);
  });

  it("has a successor that leaves a running task alone, and enters it", async () => {
    const alloc = uidOf(before.unaware);
    expect((await podsOf(world, "unaware")).map((each) => [uidOf(each), each.status?.containerStatuses?.[0]?.restartCount])).toEqual([[alloc, 0]]);
    expect(await inTask(alloc, "unaware", "echo well")).toBe("well\n");
  });

  it("has a successor that finishes the scaling: every index once, and never twice", async () => {
    await eventually(async () => ((await taskNow(world, "interrupted")).status?.summary === "6/6" ? true : undefined));
    const pods = await podsOf(world, "interrupted");
    expect(pods.map(indexOf).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pods.map(uidOf)).toContain(uidOf(before.first));
    expect(new Set([...history.seen.map(({ pod }) => uidOf(pod)), ...pods.map(uidOf)]).size).toBe(6);
    expect((await allocationsOf(world.namespace, "interrupted")).map(({ ID }) => ID).toSorted()).toEqual(pods.map(uidOf).toSorted());
  });

  it("has a successor that does what was asked for meanwhile", async () => {
    const pod = await eventually(async () => {
      const [one, ...others] = (await podsOf(world, "changed-meanwhile")).filter((each) => isLive(each) && isReady(each));
      return others.length === 0 && one !== undefined && (await inTask(uidOf(one), "changed-meanwhile", "echo $VERSION").catch(() => "")) === "new\n" ? one : undefined;
    });
    expect(indexOf(pod)).toBe(0);
    expect(await podsOf(world, "deleted-meanwhile")).toEqual([]);
  });
});

describe("a second cluster beside the first", () => {
  it("comes up, serves, and leaves nothing when it is taken down; the first is not disturbed", async ({ onTestFinished }) => {
    const home = mkdtempSync(join(tmpdir(), "nb-second-"));
    onTestFinished(async () => {
      await takeDown({ home, log: quiet });
      rmSync(home, { recursive: true, force: true });
    });
    const pod = await readyPod(world, "neighbour", {});
    const before = serverNow();
    const running = await bringUp({ home, namespaces: ["default"], env: {}, log: quiet, signal: new AbortController().signal });
    if (!running.ok) throw new Error(running.error);
    expect(running.value.address).not.toBe(inject("bridge").addr);
    const paths = homePaths(home);
    const { server, state } = recorded(paths);
    expect(isAlive(server)).toBe(true);
    const there = await leftovers(paths.cluster, state);
    expect(there.ok ? there.value : []).not.toEqual([]);

    expect(await takeDown({ home, log: quiet })).toMatchObject({ ok: true });
    expect(await leftovers(paths.cluster, state)).toEqual({ ok: true, value: [] });
    expect([isAlive(server), processesWith(`${home}/`), readdirSync(home)]).toEqual([false, [], []]);
    expect(await takeDown({ home, log: quiet })).toMatchObject({ ok: true });

    expect(serverNow()).toEqual(before);
    expect((await nomadJson<readonly { readonly ID: string }[]>(`/v1/jobs?namespace=${world.namespace}`)).map(({ ID }) => ID)).toContain("neighbour");
    expect(await inTask(uidOf(pod), "neighbour", "echo well")).toBe("well\n");
  });
});

/** What the second home has on record, to be asked for when the record is gone. */
function recorded(paths: ReturnType<typeof homePaths>) {
  const server = readUpState(paths)?.server?.process;
  const state = readState(paths.cluster);
  if (server === undefined || !state.ok || state.value === undefined) throw new Error("the second home has no record of its cluster or server");
  return { server, state: state.value satisfies ClusterState };
}
