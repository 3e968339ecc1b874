/** @module A Kubernetes node as a Nomad node. Used by the bridge. */
import type { Node } from "../api/pod.ts";
import type { NomadNode, NomadResources } from "../nomad/api-types.ts";
import { type ClusterNames, indexOf } from "./nomad-job.ts";

const NO_RESOURCES: NomadResources = { CPU: 0, Cores: 0, MemoryMB: 0, MemoryMaxMB: 0, DiskMB: 0 };

export function nomadNode(node: Node, names: ClusterNames, mhzPerCore: number): NomadNode {
  const capacity = quantity(node.status?.capacity?.["cpu"]);
  // Nomad's clients decode cores as a whole number, and fail on any other.
  const cores = Math.floor(capacity);
  const memoryMb = Math.floor(quantity(node.status?.capacity?.["memory"]) / 2 ** 20);
  const cpu = Math.round(capacity * mhzPerCore);
  const ready = node.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
  return {
    ID: node.metadata.uid ?? "",
    Name: node.metadata.name,
    Datacenter: names.datacenter,
    NodeClass: "",
    NodePool: "default",
    HTTPAddr: "",
    TLSEnabled: false,
    Attributes: attributes(node, cores),
    Meta: { ...node.metadata.labels },
    Status: ready ? "ready" : "down",
    StatusDescription: "",
    SchedulingEligibility: node.spec?.unschedulable === true ? "ineligible" : "eligible",
    Drain: false,
    Drivers: { exec: { Detected: true, Healthy: ready, Attributes: { "driver.exec": "1" } } },
    NodeResources: { Cpu: { CpuShares: cpu, TotalCpuCores: cores }, Memory: { MemoryMB: memoryMb }, Disk: { DiskMB: 0 } },
    ReservedResources: { Cpu: { CpuShares: 0 }, Memory: { MemoryMB: 0 }, Disk: { DiskMB: 0 } },
    Resources: { ...NO_RESOURCES, CPU: cpu, MemoryMB: memoryMb },
    Reserved: NO_RESOURCES,
    Links: {},
    Events: [],
    CreateIndex: indexOf(node),
    ModifyIndex: indexOf(node),
  };
}

function attributes(node: Node, cores: number): Record<string, string> {
  const info = node.status?.nodeInfo;
  return {
    "driver.exec": "1",
    "kernel.name": info?.operatingSystem ?? "linux",
    "kernel.version": info?.kernelVersion ?? "",
    "cpu.arch": info?.architecture ?? "",
    "cpu.numcores": String(cores),
    "os.name": info?.osImage ?? "",
    "unique.hostname": node.metadata.name,
  };
}

const SUFFIX: Readonly<Record<string, number>> = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** A Kubernetes quantity such as "250m" or "24678144Ki" as a plain number; 0 for one that cannot be read. */
function quantity(text: string | undefined): number {
  const [, amount = "0", suffix = ""] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text ?? "") ?? [];
  return Number(amount) * (suffix === "" ? 1 : (SUFFIX[suffix] ?? 0));
}
