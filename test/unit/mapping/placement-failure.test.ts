import { describe, expect, it } from "vitest";
import { impossiblePlacement, placementFailure, refusedPlacement } from "../../../src/mapping/placement-failure.ts";

describe("the scheduler's words as a metric", () => {
  it.each([
    ["0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found.", { NodesEvaluated: 1, NodesExhausted: 1, NodesFiltered: 0, DimensionExhausted: { memory: 1 }, ConstraintFiltered: null }],
    ["0/5 nodes are available: 2 Insufficient cpu, 3 node(s) had untolerated taint {a.b/c: d}.", { NodesEvaluated: 5, NodesExhausted: 2, NodesFiltered: 3, DimensionExhausted: { cpu: 2 }, ConstraintFiltered: { "node(s) had untolerated taint {a.b/c: d}": 3 } }],
    ["0/1 nodes are available: 1 Insufficient ephemeral-storage.", { DimensionExhausted: { disk: 1 } }],
    ["0/2 nodes are available: 2 Too many pods.", { DimensionExhausted: { "Too many pods": 2 } }],
    // Nodes of another datacenter or pool are none that Nomad would have looked at.
    ["0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector.", { NodesEvaluated: 1, NodesExhausted: 1, NodesFiltered: 0, ConstraintFiltered: null }],
    ["no nodes available to schedule pods", { NodesEvaluated: 0, ConstraintFiltered: { "no nodes available to schedule pods": 1 } }],
    ["", { NodesEvaluated: 0, ConstraintFiltered: null, DimensionExhausted: null }],
  ])("%s", (message, metric) => expect(placementFailure(message, 3)).toMatchObject({ count: 3, metric: { CoalescedFailures: 2, ...metric } }));

  it("names the port of the node that another job has, as Nomad does", () => {
    const message = "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.";
    const { metric } = placementFailure(message, 1, {}, [{ label: "http", port: 80, hostPort: 0 }, { label: "admin", port: 18_080, hostPort: 18_080 }]);
    expect(metric).toMatchObject({ NodesExhausted: 2, NodesFiltered: 0, ConstraintFiltered: null, DimensionExhausted: { "network: reserved port collision admin=18080": 2 } });
  });

  it("reads a text of any length in no time", () => {
    expect(placementFailure(`0/1 nodes are available: ${"1 x, ".repeat(200_000)}`, 1).metric.NodesFiltered).toBeLessThan(2000);
  });
});

describe("a placement that fails before it is tried", () => {
  const nodes = (evaluated: number, filtered: Readonly<Record<string, number>>) => ({ evaluated, filtered, inPool: evaluated, available: {} });

  it.each([
    ["every node is filtered", nodes(2, { a: 1, b: 1 }), 1, true],
    ["one is left", nodes(2, { a: 1 }), 1, false],
    ["there are no nodes", nodes(0, {}), 1, true],
    ["nothing is wanted", nodes(0, {}), 0, false],
  ])("%s", (_name, facts, count, fails) => expect(impossiblePlacement(facts, count) !== undefined).toBe(fails));

  it("says why a job is refused where the CLI prints it", () => {
    expect(refusedPlacement("no such driver", 2)).toMatchObject({ count: 2, metric: { ConstraintFiltered: { "no such driver": 1 }, CoalescedFailures: 1 } });
  });
});
