/** @module Where the API server is, for artifacts, which never come from there. Used by the controller for each pod that it makes. */
import type { KubeObject } from "../api/meta.ts";

/** The part that is read of the Service "kubernetes" in the namespace "default". */
export type ApiService = KubeObject & { readonly spec?: { readonly clusterIP?: string; readonly clusterIPs?: readonly string[] } };

/** The part that is read of the EndpointSlice behind it. */
export type ApiEndpoints = KubeObject & {
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null;
  readonly ports?: readonly { readonly port?: number }[] | null;
};

export type ApiServerPlaces = {
  /** The URL that we reach it at ourselves; a name in it says nothing of its addresses, which the others do. */
  readonly server: string;
  readonly services: Iterable<ApiService>;
  readonly endpoints: Iterable<ApiEndpoints>;
};

/**
 * As denyNetworks has them: the service's own addresses whole, and those of the servers with their port, because on a small cluster
 * they are a node's, where tasks may well have servers of their own. Ordered, each once.
 */
export function apiServerNetworks({ server, services, endpoints }: ApiServerPlaces): readonly string[] {
  const found = [...[...services].flatMap(clusterAddresses), ...[...endpoints].flatMap(endpointAddresses), ...ownAddress(server)];
  return [...new Set(found)].sort();
}

/** A service without an address of its own says "None". */
const clusterAddresses = ({ spec }: ApiService): readonly string[] => [...(spec?.clusterIPs ?? []), ...(spec?.clusterIP === undefined ? [] : [spec.clusterIP])].filter(isAddress);

function endpointAddresses({ endpoints, ports }: ApiEndpoints): readonly string[] {
  const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []).filter(isAddress);
  return addresses.flatMap((address) => (ports ?? []).flatMap(({ port }) => (port === undefined ? [] : [withPort(address, port)])));
}

function ownAddress(server: string): readonly string[] {
  const { hostname, port } = new URL(server);
  const address = hostname.replace(/^\[|\]$/g, "");
  return isAddress(address) ? [withPort(address, port === "" ? 443 : Number(port))] : [];
}

const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text) || text.includes(":");

const withPort = (address: string, port: number): string => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
