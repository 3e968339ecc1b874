/** @module What a cluster's pods leave in the host's network: veths, routes, CNI results. Used by down and leftovers. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cniNetworkName } from "./config-files.ts";
import { removeIfEmpty } from "./remove-if-empty.ts";
import { runCommand } from "./run-command.ts";

/** libcni keeps results here and containerd cannot tell it otherwise; only the file names are ours. */
const CNI_RESULTS = "/var/lib/cni/results";

type Address = { readonly ifname: string; readonly addr_info: readonly { readonly local?: string }[] };
type Route = { readonly dst: string; readonly dev?: string };

/** Names of host interfaces with an address in the pods' range: ptp gives each host end the gateway's. */
export async function vethsOf(podCidr: string): Promise<readonly string[]> {
  const addresses = await ipJson<Address>(["address", "show"]);
  return addresses.filter(({ addr_info }) => addr_info.some(({ local }) => local !== undefined && isInSlash24(local, podCidr))).map(({ ifname }) => ifname);
}

/** Destinations of the main table in the pods' range. */
export async function routesOf(podCidr: string): Promise<readonly string[]> {
  const routes = await ipJson<Route>(["route", "show"]);
  return routes.map(({ dst }) => dst).filter((dst) => isInSlash24(dst, podCidr));
}

/** Files of libcni's cache that belong to this cluster's network. */
export function cniResultsOf(clusterId: string): readonly string[] {
  if (!existsSync(CNI_RESULTS)) return [];
  return readdirSync(CNI_RESULTS).filter((name) => name.startsWith(`${cniNetworkName(clusterId)}-`)).map((name) => join(CNI_RESULTS, name));
}

/** Deleting a host end deletes its peer and its routes; routes without a device are deleted by name. */
export async function removeNetworks(clusterId: string, podCidr: string): Promise<void> {
  for (const name of await vethsOf(podCidr)) await runCommand("ip", ["link", "delete", name]);
  for (const dst of await routesOf(podCidr)) await runCommand("ip", ["route", "delete", dst]);
  for (const path of cniResultsOf(clusterId)) rmSync(path, { force: true });
  for (const dir of [CNI_RESULTS, dirname(CNI_RESULTS)]) removeIfEmpty(dir);
}

/** Whether an address, or a range's first address, lies in a range that ends in ".0/24". */
export function isInSlash24(address: string, cidr: string): boolean {
  return address.startsWith(cidr.slice(0, -"0/24".length));
}

async function ipJson<T>(args: readonly string[]): Promise<readonly T[]> {
  const shown = await runCommand("ip", ["-4", "-json", ...args]);
  if (!shown.ok) throw new Error(shown.error);
  return JSON.parse(shown.value || "[]") as readonly T[];
}
