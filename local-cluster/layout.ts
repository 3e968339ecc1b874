/** @module Where a cluster keeps its things: one directory for all of it, and a cache outside the checkout for binaries. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout's folder with go.mod. */
export const SOURCE_DIR = import.meta.dirname;
export const CHECKOUT = join(SOURCE_DIR, "..");

/** The kubelet's own sockets lie below `dir`, and a unix socket's path has at most 107 bytes. */
export const LONGEST_DIR = 70;

/** XDG_CACHE_HOME or ~/.cache, and below it what these scripts keep between checkouts. */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
  const base = env["XDG_CACHE_HOME"];
  return join(base !== undefined && base.startsWith("/") ? base : join(homedir(), ".cache"), "nomad-bridge");
}

/** Every path below a cluster's directory that more than one module needs. */
export function clusterPaths(dir: string) {
  return {
    logs: join(dir, "logs"),
    etcd: join(dir, "etcd"),
    containerdConfig: join(dir, "containerd", "config.toml"),
    containerdRoot: join(dir, "containerd", "root"),
    containerdState: join(dir, "containerd", "state"),
    containerdOpt: join(dir, "containerd", "opt"),
    runcRoot: join(dir, "containerd", "runc"),
    cniConf: join(dir, "cni", "net.d"),
    cniIpam: join(dir, "cni", "ipam"),
    kubelet: join(dir, "kubelet"),
    kubeletConfig: join(dir, "kubelet", "config.yaml"),
    volumePlugins: join(dir, "kubelet", "volume-plugins"),
    podLogs: join(dir, "pod-logs"),
    images: join(dir, "images"),
    kubeconfigOf: (user: string): string => join(dir, "pki", `${user}.kubeconfig`),
    kubeconfig: join(dir, "kubeconfig"),
  } as const;
}
export type ClusterPaths = ReturnType<typeof clusterPaths>;

/** Without links, as the kernel's mount table names it; a directory that is gone keeps its given name. */
export const realDir = (dir: string): string => (existsSync(dir) ? realpathSync(dir) : resolve(dir));

/** What a cluster makes directly below its directory: `down` removes these and nothing else. */
export const CLUSTER_ENTRIES = ["logs", "etcd", "containerd", "cni", "kubelet", "pod-logs", "images", "pki", "kubeconfig", "state.json", "state.json.new"] as const;

export const containerdSocket = (runDir: string): string => join(runDir, "containerd.sock");
