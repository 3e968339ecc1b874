import { describe, expect, it } from "vitest";
import type { Node } from "../../../src/api/pod.ts";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import { nodeRecord } from "../../../src/mapping/node-facts.ts";
import { nomadNode } from "../../../src/mapping/nomad-node.ts";
import { operatingSystem } from "../../../src/mapping/operating-system.ts";

const NODE: Node = {
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n1", uid: "node-uid", resourceVersion: "5", labels: { "kubernetes.io/hostname": "n1.example", disk: "ssd" } },
  status: {
    capacity: { cpu: "4", memory: "16Gi", "ephemeral-storage": "100Ki" },
    addresses: [{ type: "InternalIP", address: "10.0.0.7" }, { type: "Hostname", address: "host-1" }],
    nodeInfo: { architecture: "arm64", operatingSystem: "linux", kernelVersion: "6.12.1", osImage: "Ubuntu 22.04.5 LTS" },
  },
};
const profile = (name: string, more: object = {}) => ({ name, ...more });
const configOf = (...profiles: object[]) => bridgeConfigSpec.parse({ region: "eu", datacenter: "fra1", profiles });
const named = (labels: Readonly<Record<string, string>>, annotations: Readonly<Record<string, string>> = {}): Node => ({ ...NODE, metadata: { ...NODE.metadata, labels, annotations } });
const recordOf = (node: Node = NODE, config = configOf(profile("a", { mhzPerCore: 2500 }))) => nodeRecord({ node, config });

describe("what a task may know of its node", () => {
  it("is Nomad's fingerprint as far as Kubernetes knows it", () => {
    expect(recordOf()).toEqual({
      id: "node-uid", name: "n1", datacenter: "fra1", region: "eu", class: "", pool: "default", meta: { "kubernetes.io/hostname": "n1.example", disk: "ssd" },
      attributes: {
        "cpu.arch": "arm64", "cpu.frequency": "2500", "cpu.numcores": "4", "cpu.totalcompute": "10000", "driver.exec": "1", "kernel.arch": "aarch64", "kernel.name": "linux", "kernel.version": "6.12.1",
        "memory.totalbytes": "17179869184", "nomad.version": expect.stringMatching(/^\d+\.\d+\.\d+$/) as string, "os.name": "ubuntu", "os.signals": expect.stringMatching(/^SIGABRT,.*SIGXFSZ$/) as string,
        "os.version": "22.04", "unique.hostname": "host-1", "unique.network.ip-address": "10.0.0.7", "unique.storage.bytestotal": "102400",
      },
    });
  });

  it("has no attribute without a value", () => {
    const bare: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
    expect(Object.keys(recordOf(bare).attributes)).not.toContain("kernel.version");
    expect(Object.values(recordOf(bare).attributes)).not.toContain("");
    expect(recordOf(bare)).toMatchObject({ id: "", meta: {}, attributes: { "unique.hostname": "n1", "kernel.name": "linux" } });
  });

  it("takes class, pool and datacenter from labels of ours", () => {
    const labels = { "nomad-bridge.dev/node-class": "big", "nomad-bridge.dev/node-pool": "gpu", "nomad-bridge.dev/datacenter": "ber1" };
    expect(recordOf(named(labels))).toMatchObject({ class: "big", pool: "gpu", datacenter: "ber1", meta: labels });
  });

  it("names metadata shortly that has our prefix, and takes an annotation before a label", () => {
    const meta = recordOf(named({ "meta.nomad-bridge.dev/rack": "r1", "meta.nomad-bridge.dev/row": "a", zone: "z" }, { "meta.nomad-bridge.dev/rack": "Rack 1, left", secret: "no" })).meta;
    expect(meta).toEqual({ "meta.nomad-bridge.dev/rack": "r1", "meta.nomad-bridge.dev/row": "a", zone: "z", rack: "Rack 1, left", row: "a" });
  });

  it.each<[string, object[], object]>([
    ["no profile holds for it", [profile("a", { nodeSelector: { disk: "hdd" } })], { frequency: "1000", exec: undefined, raw: undefined }],
    ["a profile holds for it", [profile("a", { nodeSelector: { disk: "hdd" }, mhzPerCore: 9000 }), profile("b", { nodeSelector: { disk: "ssd" }, mhzPerCore: 3000 })], { frequency: "3000", exec: "1", raw: undefined }],
    ["a profile allows raw_exec elsewhere", [profile("a", { nodeSelector: { disk: "hdd" }, allowRawExec: true }), profile("b")], { frequency: "1000", exec: "1", raw: undefined }],
    ["a profile allows raw_exec here", [profile("b"), profile("a", { allowRawExec: true })], { frequency: "1000", exec: "1", raw: "1" }],
    ["a profile allows docker here", [profile("b", { allowDocker: true })], { frequency: "1000", exec: "1", docker: "1" }],
  ])("has its drivers and MHz where %s", (_name, profiles, { frequency, exec, raw, docker }: { frequency?: string; exec?: string; raw?: string; docker?: string }) => {
    const { attributes } = recordOf(NODE, configOf(...profiles));
    expect([attributes["cpu.frequency"], attributes["driver.exec"], attributes["driver.raw_exec"], attributes["driver.docker"]]).toEqual([frequency, exec, raw, docker]);
    expect(Object.keys(nomadNode({ node: NODE, config: configOf(...profiles) }).Drivers)).toEqual([...(exec === "1" ? ["exec"] : []), ...(raw === "1" ? ["raw_exec"] : []), ...(docker === "1" ? ["docker"] : [])]);
  });

  it("is what nomad node status shows", () => {
    const source = { node: named({ "nomad-bridge.dev/node-class": "big", "nomad-bridge.dev/datacenter": "ber1" }), config: configOf(profile("a")), os: { name: "debian", version: "13" } };
    const record = nodeRecord(source);
    expect(nomadNode(source)).toMatchObject({ ID: record.id, Name: record.name, Datacenter: record.datacenter, NodeClass: record.class, NodePool: record.pool, Attributes: record.attributes, Meta: record.meta });
    expect(record.attributes).toMatchObject({ "os.name": "debian", "os.version": "13" });
  });

  it("does not change with the node's heartbeat", () => {
    const beat = { ...NODE, metadata: { ...NODE.metadata, resourceVersion: "6" }, status: { ...NODE.status, conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-02T00:00:00Z" }] } };
    expect(JSON.stringify(recordOf(beat))).toBe(JSON.stringify(recordOf()));
  });
});

describe("the operating system of a node", () => {
  it.each([
    ["Debian GNU/Linux 13 (trixie)", "debian", "13"], ["Ubuntu 22.04.5 LTS", "ubuntu", "22.04"], ["Amazon Linux 2023.6.20241010", "amzn", "2023.6.20241010"],
    ["Bottlerocket OS 1.20.3 (aws-k8s-1.30)", "bottlerocket", "1.20.3"], ["Red Hat Enterprise Linux 9.4 (Plow)", "rhel", "9.4"], ["Alpine Linux v3.19", "alpine", "3.19"],
    ["Talos (v1.7.5)", "talos", "1.7.5"], ["Container-Optimized OS from Google", "cos", ""], ["Some Linux 5", "some", "5"], ["", "", ""], ["12", "", "12"],
  ])("%j is %j %j", (image, name, version) => expect(operatingSystem(image)).toEqual({ name, version }));
});
