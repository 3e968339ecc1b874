/** @module A Kubernetes node as a Nomad node. Used by the bridge. */
import type { NomadNode } from "../nomad/api-types.ts";
import { driversOn, isReady, nodeRecord, nodeSize, type NodeSource } from "./node-facts.ts";
import { indexOf, NO_RESOURCES } from "./nomad-job.ts";

export function nomadNode(source: NodeSource): NomadNode {
  const { node } = source;
  const record = nodeRecord(source);
  const { cores, mhz, memoryBytes } = nodeSize(source);
  const memoryMb = Math.floor(memoryBytes / 2 ** 20);
  const ready = isReady(node);
  return {
    ID: record.id,
    Name: record.name,
    Datacenter: record.datacenter,
    NodeClass: record.class,
    NodePool: record.pool,
    HTTPAddr: "",
    TLSEnabled: false,
    Attributes: record.attributes,
    Meta: record.meta,
    Status: ready ? "ready" : "down",
    StatusDescription: "",
    SchedulingEligibility: node.spec?.unschedulable === true ? "ineligible" : "eligible",
    Drain: false,
    Drivers: Object.fromEntries(driversOn(source).map((driver) => [driver, { Detected: true, Healthy: ready, Attributes: { [`driver.${driver}`]: "1" } }])),
    NodeResources: { Cpu: { CpuShares: mhz, TotalCpuCores: cores }, Memory: { MemoryMB: memoryMb }, Disk: { DiskMB: 0 } },
    ReservedResources: { Cpu: { CpuShares: 0 }, Memory: { MemoryMB: 0 }, Disk: { DiskMB: 0 } },
    Resources: { ...NO_RESOURCES, CPU: mhz, MemoryMB: memoryMb },
    Reserved: NO_RESOURCES,
    Links: {},
    Events: [],
    CreateIndex: indexOf(node),
    ModifyIndex: indexOf(node),
  };
}
