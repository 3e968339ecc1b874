/**
 * @module What Kubernetes knows of a node, in the words of Nomad's fingerprint: one source for `nomad node status` and for the ${attr.*},
 * ${meta.*} and ${node.*} of tasks. An attribute without a true value is left out.
 */
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { Node } from "../api/pod.ts";
import { ELIGIBILITY_LABEL, INELIGIBLE } from "../contract/node-drain.ts";
import type { NodeRecord } from "../contract/node-record.ts";
import { GROUP } from "../contract/pod-metadata.ts";
import { NOMAD_VERSION } from "../nomad/api-types.ts";
import { SIGNAL_NAMES } from "../nomad/driver/signals.ts";
import { operatingSystem, type OperatingSystem } from "./operating-system.ts";

/** What an administrator says of a node. */
const LABEL_CLASS = `${GROUP}/node-class`;
const LABEL_POOL = `${GROUP}/node-pool`;
const LABEL_DATACENTER = `${GROUP}/datacenter`;
/** A label or an annotation meta.nomad-bridge.dev/rack becomes ${meta.rack}. */
const META_PREFIX = `meta.${GROUP}/`;

export type NodeConfig = Pick<BridgeConfigSpec, "region" | "datacenter" | "profiles">;

export type NodeSource = {
  readonly node: Node;
  readonly config: NodeConfig;
  /** From a probe of the node; absent: read off the node's own description. */
  readonly os?: OperatingSystem | undefined;
};

const DEFAULT_MHZ = 1000;

export function nodeRecord(source: NodeSource): NodeRecord {
  const { node, config } = source;
  const labels = node.metadata.labels ?? {};
  return {
    id: node.metadata.uid ?? "",
    name: node.metadata.name,
    datacenter: labels[LABEL_DATACENTER] ?? config.datacenter,
    region: config.region,
    class: labels[LABEL_CLASS] ?? "",
    pool: labels[LABEL_POOL] ?? "default",
    attributes: attributes(source),
    meta: meta(node),
  };
}

/** Profiles whose tasks may be placed on the node. */
export const profilesOn = (node: Node, profiles: readonly Profile[]): readonly Profile[] =>
  profiles.filter(({ nodeSelector }) => Object.entries(nodeSelector).every(([key, value]) => node.metadata.labels?.[key] === value));

export const isReady = ({ status }: Node): boolean => status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;

/** Whether new allocations of ours may come to it; Kubernetes' cordon keeps them away as well. */
export const isEligible = ({ metadata, spec }: Node): boolean => spec?.unschedulable !== true && metadata.labels?.[ELIGIBILITY_LABEL] !== INELIGIBLE;

export type NodeSize = {
  /** Whole ones: Nomad's clients decode no other number. */
  readonly cores: number;
  readonly mhzPerCore: number;
  /** All cores together. */
  readonly mhz: number;
  readonly memoryBytes: number;
};

/** The first profile that holds for the node says what its MHz are. */
export function nodeSize({ node, config }: NodeSource): NodeSize {
  const capacity = quantity(node.status?.capacity?.["cpu"]);
  const mhzPerCore = profilesOn(node, config.profiles)[0]?.mhzPerCore ?? DEFAULT_MHZ;
  return { cores: Math.floor(capacity), mhzPerCore, mhz: Math.round(capacity * mhzPerCore), memoryBytes: quantity(node.status?.capacity?.["memory"]) };
}

/** Drivers that some profile lets run on the node. */
export function driversOn({ node, config }: NodeSource): readonly ("exec" | "raw_exec" | "docker")[] {
  const profiles = profilesOn(node, config.profiles);
  return [
    ...(profiles.length > 0 ? (["exec"] as const) : []),
    ...(profiles.some((profile) => profile.allowRawExec) ? (["raw_exec"] as const) : []),
    ...(profiles.some((profile) => profile.allowDocker) ? (["docker"] as const) : []),
  ];
}

/** As `uname -m` says it, where that differs from Go's word. */
const MACHINE: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64", "386": "i686", arm: "armv7l" };

function attributes(source: NodeSource): Readonly<Record<string, string>> {
  const { node } = source;
  const info = node.status?.nodeInfo;
  const size = nodeSize(source);
  const os = source.os ?? operatingSystem(info?.osImage ?? "");
  const known: Readonly<Record<string, string | undefined>> = {
    "cpu.arch": info?.architecture,
    "cpu.frequency": String(size.mhzPerCore),
    "cpu.numcores": String(size.cores),
    "cpu.totalcompute": String(size.mhz),
    "kernel.arch": info?.architecture === undefined ? undefined : (MACHINE[info.architecture] ?? info.architecture),
    "kernel.name": info?.operatingSystem ?? "linux",
    "kernel.version": info?.kernelVersion,
    "memory.totalbytes": String(size.memoryBytes),
    "nomad.version": NOMAD_VERSION,
    "os.name": os.name,
    "os.signals": SIGNAL_NAMES.join(","),
    "os.version": os.version,
    "unique.hostname": addressOf(node, "Hostname") ?? node.metadata.labels?.["kubernetes.io/hostname"] ?? node.metadata.name,
    "unique.network.ip-address": addressOf(node, "InternalIP"),
    "unique.storage.bytestotal": bytesText(node.status?.capacity?.["ephemeral-storage"]),
    ...Object.fromEntries(driversOn(source).map((driver) => [`driver.${driver}`, "1"])),
  };
  return Object.fromEntries(Object.entries(known).flatMap(([key, value]) => (value === undefined || value === "" ? [] : [[key, value]])));
}

const addressOf = ({ status }: Node, type: string): string | undefined => status?.addresses?.find((each) => each.type === type)?.address;

const bytesText = (text: string | undefined): string | undefined => (text === undefined ? undefined : String(quantity(text)));

/** Labels by their whole key; what has our prefix, label or annotation, by its short name as well. An annotation wins: it may hold any text. */
function meta({ metadata }: Node): Readonly<Record<string, string>> {
  return { ...metadata.labels, ...shortNamed(metadata.labels), ...shortNamed(metadata.annotations) };
}

const shortNamed = (named: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(named).flatMap(([key, value]) => (key.startsWith(META_PREFIX) ? [[key.slice(META_PREFIX.length), value]] : [])));

const SUFFIX: Readonly<Record<string, number>> = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** A Kubernetes quantity such as "250m" or "24678144Ki" as a plain number; 0 for one that cannot be read. */
export function quantity(text: string | undefined): number {
  const [, amount = "0", suffix = ""] = /^([0-9.]+)([a-zA-Z]*)$/.exec(text ?? "") ?? [];
  return Number(amount) * (suffix === "" ? 1 : (SUFFIX[suffix] ?? 0));
}
