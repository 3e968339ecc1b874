/** @module A Kubernetes node as a Nomad node. Used by the bridge. */
import type { Node } from "../api/pod.ts";
import { DRAIN_ANNOTATION, LAST_DRAIN_ANNOTATION, type NodeDrain, readLastDrain, readNodeDrain } from "../contract/node-drain.ts";
import { epochMs } from "../lib/epoch.ts";
import type { NomadDriver, NomadNode } from "../nomad/api-types.ts";
import { driversOn, isEligible, isReady, nodeRecord, nodeSize, type NodeSource, profilesOn } from "./node-facts.ts";
import { indexOf, NO_RESOURCES } from "./nomad-job.ts";

/** Nomad's own range. */
const MIN_DYNAMIC_PORT = 20_000;
const MAX_DYNAMIC_PORT = 32_000;

export function nomadNode(source: NodeSource): NomadNode {
  const { node } = source;
  const record = nodeRecord(source);
  const { cores, mhz, memoryBytes } = nodeSize(source);
  const memoryMb = Math.floor(memoryBytes / 2 ** 20);
  const diskMb = Math.floor(Number(record.attributes["unique.storage.bytestotal"] ?? 0) / 2 ** 20);
  const drain = readNodeDrain(node.metadata.annotations?.[DRAIN_ANNOTATION]);
  const last = readLastDrain(node.metadata.annotations?.[LAST_DRAIN_ANNOTATION]);
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
    StatusUpdatedAt: Math.floor(statusSince(node) / 1000),
    SchedulingEligibility: isEligible(node) ? "eligible" : "ineligible",
    Drain: drain !== undefined,
    DrainStrategy: drain === undefined ? null : drainStrategy(drain),
    LastDrain: last === undefined ? null : { StartedAt: timeText(last.startedAt), UpdatedAt: timeText(last.updatedAt), Status: last.status, AccessorID: last.accessorId, Meta: last.meta },
    Drivers: Object.fromEntries(driversOn(source).map((driver) => [driver, driverInfo(driver, node, ready)])),
    NodeResources: {
      Cpu: { CpuShares: mhz, TotalCpuCores: cores, ReservableCpuCores: [] },
      Memory: { MemoryMB: memoryMb },
      Disk: { DiskMB: diskMb },
      Networks: [],
      Devices: [],
      MinDynamicPort: MIN_DYNAMIC_PORT,
      MaxDynamicPort: MAX_DYNAMIC_PORT,
    },
    ReservedResources: { Cpu: { CpuShares: 0 }, Memory: { MemoryMB: 0 }, Disk: { DiskMB: 0 }, Networks: { ReservedHostPorts: "" } },
    HostVolumes: hostVolumes(source),
    HostNetworks: {},
    CSIControllerPlugins: {},
    CSINodePlugins: {},
    CgroupParent: "",
    NodeMaxAllocs: 0,
    Resources: { ...NO_RESOURCES, CPU: mhz, MemoryMB: memoryMb, DiskMB: diskMb },
    Reserved: NO_RESOURCES,
    Links: {},
    Events: [],
    CreateIndex: indexOf(node),
    ModifyIndex: indexOf(node),
  };
}

const timeText = (ms: number): string => new Date(ms).toISOString();

/** Epoch ms. */
const statusSince = ({ status, metadata }: Node): number => epochMs(status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime) ?? epochMs(metadata.creationTimestamp) ?? 0;

const driverInfo = (driver: string, node: Node, ready: boolean): NomadDriver => ({
  Detected: true,
  Healthy: ready,
  HealthDescription: ready ? "Healthy" : "the node is not ready",
  UpdateTime: timeText(statusSince(node)),
  Attributes: { [`driver.${driver}`]: "1" },
});

const NS_PER_MS = 1_000_000;

/** A deadline that is never reached is Nomad's zero time. */
const drainStrategy = ({ startedAt, deadlineMs, ignoreSystemJobs }: NodeDrain) => ({
  Deadline: deadlineMs * NS_PER_MS,
  IgnoreSystemJobs: ignoreSystemJobs,
  ForceDeadline: deadlineMs > 0 ? timeText(startedAt + deadlineMs) : ZERO_TIME,
  StartedAt: timeText(startedAt),
});

const ZERO_TIME = "0001-01-01T00:00:00Z";

/** Those that profiles of the node offer. */
const hostVolumes = ({ node, config }: NodeSource) =>
  Object.fromEntries(profilesOn(node, config.profiles).flatMap((profile) => profile.hostVolumes.map(({ name, path, readOnly }) => [name, { Path: path, ReadOnly: readOnly, ID: "" }])));
