/** @module The ports and the network of an allocation as Nomad's API has them, read off its pod. Used by the bridge. */
import type { Pod } from "../../api/pod.ts";
import { ANNOTATION, type PodPort } from "../../contract/pod-metadata.ts";
import type { NetworkResource } from "../../nomad/job.ts";

export type PortMapping = { readonly Label: string; readonly Value: number; readonly To: number; readonly HostIP: string };
type AllocatedPort = { readonly Label: string; readonly Value: number; readonly To: number; readonly HostNetwork: string };
export type AllocatedNetwork = {
  readonly Mode: string;
  readonly Device: string;
  readonly CIDR: string;
  readonly IP: string;
  readonly MBits: number;
  readonly ReservedPorts: readonly AllocatedPort[] | null;
  readonly DynamicPorts: readonly AllocatedPort[] | null;
};

export type AllocatedPorts = {
  /** AllocatedResources.Shared.Ports. */
  readonly ports: readonly PortMapping[];
  /** AllocatedResources.Shared.Networks. */
  readonly networks: readonly AllocatedNetwork[];
  /** NetworkStatus; null until the pod has an address. */
  readonly status: { readonly InterfaceName: string; readonly Address: string; readonly AddressIPv6: string; readonly DNS: null } | null;
};

/**
 * A port that no node passes on is at the pod's own address, which Nomad's clients then call the host's.
 * @param network the group's block at the pod's version: what the job has fixed, and what it calls its network
 */
export function allocatedPorts(pod: Pod, network: NetworkResource | undefined): AllocatedPorts {
  const podIP = pod.status?.podIP ?? "";
  const wanted = new Map([...(network?.ReservedPorts ?? []), ...(network?.DynamicPorts ?? [])].map(({ Label, To }) => [Label, To]));
  const ports = portsOf(pod).map(({ label, port, hostPort, task }): PortMapping => {
    const value = hostPort === 0 ? port : hostPort;
    const isUnsaid = task === undefined && wanted.get(label) === 0;
    return { Label: task === undefined ? label : `${task}_${label}`, Value: value, To: isUnsaid ? 0 : port, HostIP: hostPort === 0 ? podIP : (pod.status?.hostIP ?? "") };
  });
  return { ports, networks: ports.length === 0 ? [] : [networkOf(pod, ports, network)], status: networkStatus(pod, podIP) };
}

function networkOf({ spec, status }: Pod, ports: readonly PortMapping[], network: NetworkResource | undefined): AllocatedNetwork {
  const onHost = spec.hostNetwork === true;
  const fixed = new Set(network?.ReservedPorts.map(({ Label }) => Label));
  const listed = (isFixed: boolean) => {
    const some = ports.filter(({ Label }) => fixed.has(Label) === isFixed).map(({ Label, Value, To }) => ({ Label, Value, To, HostNetwork: "default" }));
    return some.length === 0 ? null : some;
  };
  return {
    Mode: network === undefined ? (onHost ? "host" : "bridge") : network.Mode,
    Device: onHost ? "" : INTERFACE,
    CIDR: "",
    IP: ports[0]?.HostIP ?? status?.podIP ?? "",
    MBits: 0,
    ReservedPorts: listed(true),
    DynamicPorts: listed(false),
  };
}

const INTERFACE = "eth0";

/** On the node's network Nomad has a status without an address. */
function networkStatus({ spec }: Pod, address: string): AllocatedPorts["status"] {
  if (address === "") return null;
  if (spec.hostNetwork === true) return { InterfaceName: "", Address: "", AddressIPv6: "", DNS: null };
  const isSix = address.includes(":");
  return { InterfaceName: INTERFACE, Address: isSix ? "" : address, AddressIPv6: isSix ? address : "", DNS: null };
}

/** Our controller wrote them; a pod of another making has none. */
export function portsOf({ metadata }: Pod): readonly PodPort[] {
  try {
    const listed: unknown = JSON.parse(metadata.annotations?.[ANNOTATION.ports] ?? "[]");
    return Array.isArray(listed) && listed.every(isPodPort) ? listed : [];
  } catch {
    // What cannot be read says nothing of any port.
    return [];
  }
}

function isPodPort(value: unknown): value is PodPort {
  if (typeof value !== "object" || value === null) return false;
  const { label, port, hostPort, task } = value as Partial<PodPort>;
  return typeof label === "string" && Number.isInteger(port) && Number.isInteger(hostPort) && (task === undefined || typeof task === "string");
}
