/** @module The ports and the network of an allocation as Nomad's API has them, read off its pod. Used by the bridge. */
import type { Pod } from "../../api/pod.ts";
import { ANNOTATION, type PodPort } from "../../contract/pod-metadata.ts";

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

/** A port that no node passes on is at the pod's own address, which Nomad's clients then call the host's. */
export function allocatedPorts(pod: Pod): AllocatedPorts {
  const podIP = pod.status?.podIP ?? "";
  const ports = portsOf(pod).map(({ label, port, hostPort, task }): PortMapping => ({
    Label: task === undefined ? label : `${task}_${label}`,
    Value: hostPort === 0 ? port : hostPort,
    To: port,
    HostIP: hostPort === 0 ? podIP : (pod.status?.hostIP ?? ""),
  }));
  return { ports, networks: ports.length === 0 ? [] : [networkOf(pod, ports)], status: networkStatus(pod, podIP) };
}

function networkOf({ spec, status }: Pod, ports: readonly PortMapping[]): AllocatedNetwork {
  const onHost = spec.hostNetwork === true;
  return {
    Mode: onHost ? "host" : "bridge",
    Device: onHost ? "" : INTERFACE,
    CIDR: "",
    IP: ports[0]?.HostIP ?? status?.podIP ?? "",
    MBits: 0,
    ReservedPorts: null,
    DynamicPorts: ports.map(({ Label, Value, To }) => ({ Label, Value, To, HostNetwork: "default" })),
  };
}

const INTERFACE = "eth0";

function networkStatus({ spec }: Pod, address: string): AllocatedPorts["status"] {
  if (address === "" || spec.hostNetwork === true) return null;
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
