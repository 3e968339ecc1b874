import { describe, expect, it } from "vitest";
import type { Node, Pod } from "../../../src/api/pod.ts";
import { createChangeFeed } from "../../../src/bridge/blocking/change-feed.ts";
import { drainOf } from "../../../src/bridge/cluster/drained.ts";
import { DRAIN_ANNOTATION } from "../../../src/contract/node-drain.ts";
import { reportChanges } from "../../../src/main/change-reports.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { jobBody, jobWorld, NOW } from "../bridge/jobs/job-world.ts";

const DRAIN = { [DRAIN_ANNOTATION]: JSON.stringify({ startedAt: NOW, deadlineMs: 0, ignoreSystemJobs: false }) };
const node = (annotations: Readonly<Record<string, string>>): Node => ({ apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: "0abcdef0-0000-4000-8000-000000000000", annotations } });

/** A node with two allocations, and the index of the last change of a node. */
async function nodeWithTwo() {
  const world = jobWorld();
  const { call, caches, cluster } = world.bridge();
  await call("PUT", "/v1/jobs", { Job: jobBody("web") });
  const pods = [1, 2].map(() => world.pod(world.job("web"), "web", { node: "node-1" }));
  const [first, second] = pods;
  if (first === undefined || second === undefined) throw new Error("there are no pods");
  const feed = createChangeFeed({ random: () => 0, startTimer: () => () => undefined, defer: setImmediate });
  reportChanges(feed, caches, (each) => drainOf({ cluster, now: NOW }, each) !== undefined);
  const change = (act: () => unknown): boolean => {
    const before = feed.index(["node"]);
    act();
    return feed.index(["node"]) > before;
  };
  const put = (each: Node) => change(() => world.api.put(RESOURCES.nodes, each));
  const end = (pod: Pod) => change(() => world.api.put<Pod>(RESOURCES.pods, { ...pod, status: { ...pod.status, phase: "Succeeded" } }));
  return { put, end, first, second };
}

describe("a node is told to have changed", () => {
  it("when its drain is over with its last allocation, and not with another", async () => {
    const { put, end, first, second } = await nodeWithTwo();
    expect(put(node(DRAIN))).toBe(true);
    expect([end(first), end(second)]).toEqual([false, true]);
  });

  it("by none of its allocations while it is not drained, or no longer", async () => {
    const { put, end, first, second } = await nodeWithTwo();
    put(node({}));
    expect(end(first)).toBe(false);
    put(node(DRAIN));
    put(node({}));
    expect(end(second)).toBe(false);
  });
});
