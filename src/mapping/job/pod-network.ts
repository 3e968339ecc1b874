/** @module The ports of one allocation, and the fields of its pod that are about the network. Pure. Used by podForTask and by the bridge. */
import type { Profile } from "../../api/bridge-config.ts";
import type { Finding } from "../../api/exec-task.ts";
import type { PodPort } from "../../contract/pod-metadata.ts";
import type { DocumentPort } from "../../contract/launcher-document.ts";
import type { JobGroup } from "../accepted-task.ts";
import type { GroupNetwork, PortRequest } from "./group-network.ts";
import type { GroupTerms } from "./group-terms.ts";

/** Nomad's range of dynamic ports, both ends included. */
const FIRST_DYNAMIC = 20_000;
const DYNAMIC_PORTS = 12_001;

type Networked = { readonly source: JobGroup; readonly profile: Profile };

/** raw_exec has the node's network whatever the job says. */
const isGranted = ({ source, profile }: Networked): boolean => profile.allowHostNetwork || source.spec.driver === "raw_exec";

/** The node's network: asked for and granted. */
export const isOnHost = ({ source, profile }: Networked): boolean =>
  source.spec.driver === "raw_exec" || (source.terms?.network.mode === "host" && profile.allowHostNetwork);

/**
 * The ports of the allocation with this index, in the job's order. In a pod's own network a dynamic port needs no port of the node: where the
 * job does not say where the task listens we choose a number, the same whenever it is asked, another for each index.
 */
export function podPorts(group: Networked, index: number): readonly PodPort[] {
  const { source, profile } = group;
  const network = source.terms?.network;
  const onHost = isOnHost(group);
  const chosen = new Set(network?.ports.flatMap((port) => (port.static > 0 ? [port.static] : port.to > 0 ? [port.to] : [])));
  return (network?.ports ?? []).map((port): PodPort => {
    const outside = port.static > 0 ? port.static : freePort(`${source.jobId}/${source.group}/${port.task ?? ""}/${port.label}`, index, chosen);
    const inside = port.to > 0 ? port.to : outside;
    const isOpenOnNode = onHost || (port.static > 0 && network?.mode === "bridge" && profile.allowHostNetwork);
    return { label: port.label, port: inside, hostPort: isOpenOnNode ? outside : 0, ...(port.task === undefined ? {} : { task: port.task }) };
  });
}

/** Takes the number out of those that are still free. */
function freePort(name: string, index: number, taken: Set<number>): number {
  const start = (fnv(name) + index) % DYNAMIC_PORTS;
  for (let i = 0; i < DYNAMIC_PORTS; i++) {
    const port = FIRST_DYNAMIC + ((start + i) % DYNAMIC_PORTS);
    if (!taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
  return FIRST_DYNAMIC;
}

/** FNV-1a, 32 bits. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Ports as one task's launcher makes variables of them: its own by their labels, those of other tasks by the task's name too. */
export const documentPorts = (ports: readonly PodPort[], task: string, onHost: boolean): readonly DocumentPort[] =>
  ports.map(({ label, port, hostPort, task: owner }) => ({ label: owner === undefined || owner === task ? label : `${owner}_${label}`, port, hostPort, isolated: !onHost }));

/** Where it listens in its pod. On the node's network `to` is only what the task is told: Nomad announces and asks the node's port, and so do we. */
export const listeningPort = ({ port, hostPort }: PodPort, onHost: boolean): number => (onHost && hostPort > 0 ? hostPort : port);

/** Name of a container's port, for the Services: its place in the group's list. */
export const portName = (position: number): string => `port-${position}`;

/** What the container of this task opens: the group's ports are its first task's. */
export const containerPorts = (ports: readonly PodPort[], task: { readonly name: string; readonly position: number }, onHost: boolean) =>
  ports.flatMap((port, i) =>
    (port.task === undefined ? task.position === 0 : port.task === task.name)
      ? [{ name: portName(i), containerPort: listeningPort(port, onHost), protocol: "TCP", ...(port.hostPort > 0 ? { hostPort: port.hostPort } : {}) }]
      : [],
  );

/** Fields of the pod's spec. dnsPolicy Default: names are resolved as on the node, as on Nomad. */
export function networkFields(group: Networked, index: number) {
  const { network } = group.source.terms ?? {};
  if (network === undefined) return {};
  const onHost = isOnHost(group);
  const hostname = podHostname(group.source, network, index);
  return { ...(onHost ? { hostNetwork: true, dnsPolicy: "Default" } : {}), ...dnsFields(network), ...(hostname === undefined || onHost ? {} : { hostname }) };
}

function dnsFields({ dns }: GroupNetwork) {
  if (dns === undefined) return {};
  const { nameservers, searches, options } = dns;
  const dnsConfig = {
    ...(nameservers.length > 0 ? { nameservers } : {}),
    ...(searches.length > 0 ? { searches } : {}),
    ...(options.length > 0 ? { options: options.map(dnsOption) } : {}),
  };
  return nameservers.length > 0 ? { dnsPolicy: "None", dnsConfig } : { dnsConfig };
}

function dnsOption(text: string) {
  const colon = text.indexOf(":");
  return colon < 0 ? { name: text } : { name: text.slice(0, colon), value: text.slice(colon + 1) };
}

/** Undefined where the job names none, or one that a pod cannot have. */
function podHostname(source: Pick<JobGroup, "jobId" | "jobName" | "group" | "namespace">, { hostname }: Pick<GroupNetwork, "hostname">, index: number): string | undefined {
  const values: Readonly<Record<string, string>> = {
    NOMAD_ALLOC_INDEX: String(index),
    NOMAD_JOB_ID: source.jobId,
    NOMAD_JOB_NAME: source.jobName,
    NOMAD_GROUP_NAME: source.group,
    NOMAD_NAMESPACE: source.namespace,
  };
  const name = hostname.replace(/\$\{(NOMAD_[A-Z_]+)\}/g, (all, variable: string) => values[variable] ?? all);
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : undefined;
}

/** What the profile makes of the network that the job asks for. @param path of the group */
export function grantFindings(group: Networked, path: string): readonly Finding[] {
  const { source, profile } = group;
  const terms: GroupTerms | undefined = source.terms;
  if (terms === undefined) return [];
  const { network } = terms;
  const at = `${path}.Networks[0]`;
  const isKept = network.mode === "host" && network.ports.length + (network.hostname === "" ? 0 : 1) > 0 && !isGranted(group);
  const closed = isGranted(group) ? [] : network.ports.filter((port: PortRequest) => port.static > 0);
  const badName = network.hostname !== "" && podHostname(source, network, 0) === undefined;
  return [
    ...(isKept ? [{ level: "decision" as const, path: `${at}.Mode`, message: `runs in the pod's network, as profile "${profile.name}" does not set allowHostNetwork: its ports are open at the pod's address` }] : []),
    ...closed.map((port) => ({ level: "decision" as const, path: `${at}.ReservedPorts`, message: `port "${port.label}", ${port.static}, is open at the pod's address and not at the node's, as profile "${profile.name}" does not set allowHostNetwork` })),
    ...(badName ? [{ level: "lost" as const, path: `${at}.Hostname`, message: `"${network.hostname.slice(0, 100)}" cannot be the host name of a pod, which keeps its own: write lower-case letters, digits and dashes, 63 at most` }] : []),
  ];
}
