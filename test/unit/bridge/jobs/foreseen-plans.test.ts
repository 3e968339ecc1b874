import { describe, expect, it } from "vitest";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { Node } from "../../../../src/api/pod.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { jobBody, jobWorld } from "./job-world.ts";

function one() {
  const world = jobWorld();
  const { call } = world.bridge();
  const register = async (id: string, changes: object = {}) => (await call("PUT", "/v1/jobs", { Job: jobBody(id, changes) })).json;
  return { world, call, register };
}

const planned = (world: ReturnType<typeof jobWorld>) => {
  const spec = bridgeConfigSpec.parse({ profiles: [{ name: "default", namespaces: ["*"], nodeSelector: {}, chroot: { type: "image", image: "x" } }] });
  world.api.put(RESOURCES.bridgeConfigs, { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "BridgeConfig", metadata: { name: "default" }, spec } as KubeObject);
  const status = { conditions: [{ type: "Ready", status: "True" }], nodeInfo: { operatingSystem: "linux", architecture: "amd64" } };
  world.api.put<Node>(RESOURCES.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: "node-uid" }, status });
};

describe("a plan", () => {
  it.each([
    ["parameterized", { Type: "batch", ParameterizedJob: { Payload: "optional" } }],
    ["periodic", { Type: "batch", Periodic: { Enabled: true, SpecType: "cron", Spec: "0 3 * * *" } }],
  ])("of a %s job is that of one which always runs anew", async (_name, parent) => {
    const { world, call, register } = one();
    planned(world);
    const body = { Job: jobBody("web", parent), Diff: true };
    const anew = { Annotations: { DesiredTGUpdates: { web: { Place: 2, Ignore: 0, DestructiveUpdate: 0 } } }, Diff: { TaskGroups: [{ Name: "web", Updates: { create: 2 } }] }, FailedTGAllocs: null };
    expect((await call("PUT", "/v1/job/web/plan", body)).json).toMatchObject(anew);
    await register("web", parent);
    expect((await call("PUT", "/v1/job/web/plan", body)).json).toMatchObject({ ...anew, Diff: { Type: "None", ...anew.Diff } });
  });

  it.each([
    ["a node that is too small", { Count: 3 }, { cpu: 100, memory: 100 }, { web: { CoalescedFailures: 2, NodesEvaluated: 1, NodesFiltered: 0, NodesExhausted: 1, DimensionExhausted: { memory: 1 }, ConstraintFiltered: null } }],
    ["one that lacks more", { Count: 1 }, { cpu: 3000, memory: 100 }, { web: { CoalescedFailures: 0, NodesExhausted: 1, DimensionExhausted: { cpu: 1 } } }],
    ["a disk that is too small", { Count: 1, EphemeralDisk: { SizeMB: 50_000 } }, { cpu: 100, memory: 10 }, { web: { NodesExhausted: 1, DimensionExhausted: { disk: 1 } } }],
    ["one that is just large enough", { Count: 3 }, { cpu: 2000, memory: 64 }, null],
    ["nothing to place", { Count: 0 }, { cpu: 9000, memory: 9000 }, null],
  ])("foresees %s", async (_name, group, resources, failures) => {
    const { world, call } = one();
    planned(world);
    const node = world.api.all<Node>(RESOURCES.nodes)[0]!;
    world.api.put<Node>(RESOURCES.nodes, { ...node, status: { ...node.status, capacity: { cpu: "64", memory: "64Gi" }, allocatable: { cpu: "2", memory: "64Mi", "ephemeral-storage": "20Gi" } } });
    const task = { Name: "server", Driver: "exec", Config: { command: "/bin/true" }, Resources: { CPU: resources.cpu, MemoryMB: resources.memory } };
    const plan = (await call("PUT", "/v1/job/web/plan", { Job: jobBody("web", {}, { ...group, Tasks: [task] }) })).json as unknown as { readonly FailedTGAllocs: object | null };
    if (failures === null) expect(plan.FailedTGAllocs).toBeNull();
    else expect(plan.FailedTGAllocs).toMatchObject(failures);
  });

  it("of a system job counts as to be created only what finds a place", async () => {
    const { world, call } = one();
    planned(world);
    const node = world.api.all<Node>(RESOURCES.nodes)[0]!;
    world.api.put<Node>(RESOURCES.nodes, { ...node, status: { ...node.status, allocatable: { cpu: "2", memory: "64Mi" } } });
    const group = (name: string, MemoryMB: number) => ({ Name: name, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/true" }, Resources: { CPU: 100, MemoryMB } }] });
    const plan = (await call("PUT", "/v1/job/web/plan", { Job: jobBody("web", { Type: "system", TaskGroups: [group("small", 32), group("large", 100)] }) })).json;
    expect(plan).toMatchObject({ Annotations: { DesiredTGUpdates: { small: { Place: 1 }, large: { Place: 0 } } }, FailedTGAllocs: { large: { CoalescedFailures: 0, DimensionExhausted: { memory: 1 } } } });
  });

  it("counts what waits for a node as still to be created", async () => {
    const { world, call, register } = one();
    planned(world);
    await register("web");
    const job = world.observe("web");
    const { Annotations: first } = (await call("PUT", "/v1/job/web/plan", { Job: jobBody("web") })).json as unknown as { readonly Annotations: object };
    expect(first).toMatchObject({ DesiredTGUpdates: { web: { Place: 2 } } });
    world.pod(job, "web", { unschedulable: "0/1 nodes are available: 1 Insufficient memory." });
    expect((await call("PUT", "/v1/job/web/plan", { Job: jobBody("web") })).json).toMatchObject({ Annotations: first });
  });
});
