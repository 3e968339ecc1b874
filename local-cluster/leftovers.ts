/** @module What of a cluster is still on the machine, asked of the kernel and not of our memory. Used by down and the tests. */
import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { ok, type Result } from "../src/lib/result.ts";
import { cgroupPaths, cgroupProcesses } from "./cgroups.ts";
import { CLUSTER_ENTRIES, realDir } from "./layout.ts";
import { mountsBelow } from "./mounts.ts";
import { cniResultsOf, routesOf, vethsOf } from "./networks.ts";
import { describeProcess, markedProcesses } from "./processes.ts";
import { type ClusterState, readState } from "./state.ts";

/** The kubelet links every container's log here, whatever its configuration says. */
const CONTAINER_LOGS = "/var/log/containers";

/**
 * One line for each process, mount (network namespaces are mounts too), veth, route, cgroup and file of the cluster in `clusterDir`; empty when nothing is left.
 * @param state of the cluster, for after `down` has removed the file; without it the file is read, and where there is none only mounts and files are looked for
 */
export async function leftovers(clusterDir: string, state?: ClusterState): Promise<Result<readonly string[], string>> {
  const dir = realDir(clusterDir);
  const read = state === undefined ? readState(dir) : ok(state);
  if (!read.ok) return read;
  const inKernel = read.value === undefined ? [] : await leftoversOf(read.value);
  return ok([
    ...inKernel,
    ...mountsBelow(dir).map((point) => `mount ${point}`),
    ...logLinksInto(dir).map((path) => `link ${path}`),
    ...CLUSTER_ENTRIES.map((name) => join(dir, name)).filter((path) => existsSync(path)).map((path) => `file ${path}`),
  ]);
}

async function leftoversOf({ id, cgroupRoot, podCidr, runDir }: ClusterState): Promise<readonly string[]> {
  const pids = new Set([...markedProcesses(id), ...cgroupProcesses(cgroupRoot)].map(({ pid }) => pid));
  return [
    ...[...pids].map((pid) => `process ${describeProcess(pid)}`),
    ...mountsBelow(runDir).map((point) => `mount ${point}`),
    ...(await vethsOf(podCidr)).map((name) => `veth ${name}`),
    ...(await routesOf(podCidr)).map((dst) => `route ${dst}`),
    ...cgroupPaths(cgroupRoot).map((path) => `cgroup ${path}`),
    ...cniResultsOf(id).map((path) => `file ${path}`),
    ...(existsSync(runDir) ? [`file ${runDir}`] : []),
  ];
}

/** Links of the kubelet to logs below `dir`, also those whose target is gone. */
export function logLinksInto(dir: string): readonly string[] {
  if (!existsSync(CONTAINER_LOGS)) return [];
  return readdirSync(CONTAINER_LOGS)
    .map((name) => join(CONTAINER_LOGS, name))
    .filter((path) => lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${dir}/`));
}
