import { describe, expect, it } from "vitest";
import { eligibleNodes, filteredNodes } from "../../../../../src/mapping/job/placement/eligible-nodes.ts";
import { podForTask } from "../../../../../src/mapping/pod-for-task.ts";
import { configOf } from "../../mapping-fixtures.ts";
import { acceptedGroups, jobOf, type LooseJob, nodeOf } from "../job-fixtures.ts";

const config = configOf({ nodeSelector: { role: "nomad" } });
const node = (name: string, labels: Record<string, string> = {}, more: Parameters<typeof nodeOf>[1] = {}) => ({ node: nodeOf({ name, labels: { role: "nomad", ...labels } }, more), config });
const groupOf = (job: LooseJob = {}) => {
  const [group] = acceptedGroups(jobOf(job), config);
  if (group === undefined) throw new Error("no group");
  return group;
};

const NODES = [
  node("b", { "nomad-bridge.dev/datacenter": "eu-1", "meta.nomad-bridge.dev/rack": "r1" }),
  node("a", { "nomad-bridge.dev/datacenter": "us-1" }),
  node("closed", { "nomad-bridge.dev/eligibility": "ineligible" }),
  node("cordoned", {}, { spec: { unschedulable: true } }),
  node("silent", {}, { status: { conditions: [{ type: "Ready", status: "Unknown" }] } }),
  node("other-role", { role: "db" }),
  node("gpu-1", { "nomad-bridge.dev/node-pool": "gpu" }),
];

describe("eligibleNodes", () => {
  it.each<[string, LooseJob, readonly string[]]>([
    ["nothing: those of the default pool and of the profile that are open and ready", {}, ["a", "b"]],
    ["every pool", { NodePool: "all" }, ["a", "b", "gpu-1"]],
    ["a pool", { NodePool: "gpu" }, ["gpu-1"]],
    ["datacenters", { Datacenters: ["eu-*", "ap-*"] }, ["b"]],
    ["a constraint of a task", { TaskGroups: [{ Tasks: [{ Constraints: [{ LTarget: "${meta.rack}", Operand: "is_not_set", RTarget: "" }] }] }] }, ["a"]],
    ["distinct hosts, which no node answers alone", { Constraints: [{ LTarget: "", Operand: "distinct_hosts", RTarget: "true" }] }, ["a", "b"]],
    ["what none has", { Constraints: [{ LTarget: "${attr.kernel.name}", Operand: "=", RTarget: "windows" }] }, []],
  ])("of a job that asks %s", (_what, job, names) => expect(eligibleNodes(groupOf(job), NODES)).toEqual(names));
});

describe("filteredNodes", () => {
  it("counts by Nomad's reasons, and knows pools and datacenters apart", () => {
    const group = groupOf({ Datacenters: ["us-1", "dc1"], Constraints: [{ LTarget: "${meta.rack}", Operand: "=", RTarget: "r1" }] });
    expect(filteredNodes(group, NODES)).toEqual({ evaluated: 2, filtered: { "${meta.rack} = r1": 1, "missing drivers": 1 }, inPool: 3, available: { dc1: 1, "us-1": 1 } });
  });
});

describe("a pod's affinity", () => {
  const required = (job: LooseJob, nodes: typeof NODES | undefined) => {
    const pod = podForTask(groupOf(job), { index: 0, serial: 1, reschedules: 0, ...(nodes === undefined ? {} : { nodes }) }, { launcher: "l", fetch: "f" });
    return JSON.stringify(pod.ok && (pod.value as unknown as { spec: { affinity: object } }).spec.affinity);
  };

  it("names the nodes that meet a constraint, whether or not they are ready now", () => {
    expect(required({ Datacenters: ["dc1"] }, NODES)).toContain('"values":["closed","cordoned","silent"]');
  });

  it("names no node where nothing is asked, or nothing is known", () => {
    expect(required({}, NODES)).not.toContain("hostname");
    expect(required({ Datacenters: ["dc1"] }, undefined)).not.toContain("hostname");
  });

  it("names a thousand nodes at most", () => {
    const many = Array.from({ length: 1100 }, (_, i) => node(`n${String(i).padStart(4, "0")}`));
    const text = required({ Datacenters: ["dc1"] }, many);
    expect(text).toContain("n0999");
    expect(text).not.toContain("n1000");
  });
});
