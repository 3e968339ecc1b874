/**
 * @module A group's network block: where its tasks listen, and what names resolve to. The pod's own network stands for Nomad's bridge, and
 * for everything else that is not granted.
 */
import type { Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { NetworkResource, Port, TaskGroup } from "../../nomad/job.ts";
import { firstTwice, type Refusal } from "../refusal.ts";
import { findingIf, type Mapped, mapped, refusedAt } from "./mapped.ts";

export type PortRequest = {
  readonly label: string;
  /** 0: a dynamic port. */
  readonly static: number;
  /** Where the task listens: 0 where the job does not say, -1 for the same as outside. */
  readonly to: number;
  /** Of a task's own network block, which Nomad no longer recommends. */
  readonly task?: string;
};

export type GroupNetwork = {
  /** `host` is asked for; whether it is granted the profile says. "": the job does not say. */
  readonly mode: "bridge" | "host" | "";
  readonly ports: readonly PortRequest[];
  readonly dns?: { readonly nameservers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] };
  /** As the job has it, variables included; "": the pod's own. */
  readonly hostname: string;
};

const MOST_PORTS = 64;
/** Kubernetes takes no more. */
const MOST_NAMESERVERS = 3;

export function groupNetwork(group: TaskGroup, path: string): Result<Mapped<GroupNetwork>, Refusal> {
  if (group.Networks.length > 1) return refusedAt(`${path}.Networks[1]`, "Only one network block is allowed in a group");
  const [network] = group.Networks;
  const legacy = legacyPorts(group, path);
  const ports = [...(network === undefined ? [] : portRequests(network)), ...legacy.value];
  const refusal = checkPorts(ports, path);
  if (!refusal.ok) return refusal;
  if (network === undefined) return mapped({ mode: "" as const, ports, hostname: "" }, legacy.findings);
  const at = `${path}.Networks[0]`;
  const dns = dnsOf(network, at);
  if (!dns.ok) return dns;
  const mode = network.Mode === "host" || network.Mode === "" ? "host" : "bridge";
  return mapped({ mode, ports, ...dns.value, hostname: network.Hostname }, [...networkFindings(network, at), ...legacy.findings]);
}

const portRequests = ({ ReservedPorts, DynamicPorts }: NetworkResource): readonly PortRequest[] => [
  ...ReservedPorts.map(({ Label, Value, To }): PortRequest => ({ label: Label, static: Value, to: To })),
  ...DynamicPorts.map(({ Label, To }): PortRequest => ({ label: Label, static: 0, to: To })),
];

function legacyPorts(group: TaskGroup, path: string): Mapped<readonly PortRequest[]> {
  const value = group.Tasks.flatMap(({ Name, Resources }) => Resources.Networks.flatMap(portRequests).map((port): PortRequest => ({ ...port, task: Name })));
  const findings = group.Tasks.flatMap(({ Resources }, i) =>
    findingIf(Resources.Networks.length > 0, "equivalent", `${path}.Tasks[${i}].Resources.Networks`, "the ports are the pod's, whose network all tasks of the group share; write them in the group's network block"),
  );
  return { value, findings };
}

function checkPorts(ports: readonly PortRequest[], path: string): Result<undefined, Refusal> {
  if (ports.length > MOST_PORTS) return refusedAt(`${path}.Networks[0]`, `${ports.length} ports are more than the ${MOST_PORTS} that a group may have`);
  const twice = firstTwice(ports.map(({ label, task = "" }) => `${task}\0${label}`));
  if (twice !== undefined) return refusedAt(`${path}.Networks[0]`, `Port label ${twice.slice(twice.indexOf("\0") + 1)} already in use`);
  const odd = ports.find(({ label }) => !/^[\w.-]{1,63}$/.test(label));
  if (odd !== undefined) return refusedAt(`${path}.Networks[0]`, `port label "${odd.label}" must be letters, digits, "_", "-" and ".", 63 at most, as it becomes part of a variable's name`);
  const far = ports.find(({ static: value, to }) => value < 0 || value > 65_535 || to < -1 || to > 65_535);
  return far === undefined ? ok(undefined) : refusedAt(`${path}.Networks[0]`, `port "${far.label}" must be between 0 and 65535`);
}

function dnsOf({ DNS: dns }: NetworkResource, path: string): Result<Pick<GroupNetwork, "dns">, Refusal> {
  if (dns === null) return ok({});
  const { Servers: nameservers, Searches: searches, Options: options } = dns;
  if (nameservers.length > MOST_NAMESERVERS) return refusedAt(`${path}.DNS.Servers`, `${nameservers.length} servers are more than the ${MOST_NAMESERVERS} that a pod may have`);
  return ok({ dns: { nameservers, searches, options } });
}

function networkFindings(network: NetworkResource, path: string): readonly Finding[] {
  const named = [...network.ReservedPorts, ...network.DynamicPorts].some(({ HostNetwork }: Port) => HostNetwork !== "" && HostNetwork !== "default");
  return [
    ...findingIf(network.Mode === "none", "weaker", `${path}.Mode`, "the task has the pod's network; nothing here takes it away but a NetworkPolicy"),
    ...findingIf(network.Mode.startsWith("cni/"), "lost", `${path}.Mode`, `"${network.Mode}" is not asked: the pod has the network that the cluster's own CNI plugin gives it`),
    ...findingIf(network.CNI !== null, "lost", `${path}.CNI`, "the cluster's CNI plugin is given no arguments of a job"),
    ...findingIf(named, "lost", `${path}.ReservedPorts`, "host_network does not exist here: a port of the node is open at all of its addresses"),
    ...findingIf(network.Device !== "" || network.CIDR !== "" || network.IP !== "", "lost", path, "device, cidr and ip of a network are not asked here"),
  ];
}
