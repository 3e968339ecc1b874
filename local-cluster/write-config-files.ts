/** @module Writes certificates, kubeconfigs and the daemons' configuration into a cluster's directory. Used by boot. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderCniConfig, renderContainerdConfig, renderKubeconfig, renderKubeletConfig } from "./config-files.ts";
import { serviceIp } from "./daemon-specs.ts";
import { clusterPaths } from "./layout.ts";
import { ensurePki, type PkiPaths } from "./pki.ts";
import type { ClusterState } from "./state.ts";

const DAEMON_USERS = ["kube-controller-manager", "kube-scheduler", "kubelet"] as const;

export type ConfigInput = { readonly dir: string; readonly binDir: string; readonly state: ClusterState };

/** Certificates are kept; every other file is written anew from the state. */
export async function writeConfigFiles({ dir, binDir, state }: ConfigInput): Promise<void> {
  const paths = clusterPaths(dir);
  const pki = await ensurePki(dir, serviceIp(state.serviceCidr), new Date());
  for (const path of [paths.podLogs, paths.volumePlugins, paths.cniIpam]) mkdirSync(path, { recursive: true });
  writeKubeconfigs(dir, state, pki);
  const containerd = { paths, runDir: state.runDir, binDir, sandboxImage: state.sandboxImage ?? "" };
  writeOwn(paths.containerdConfig, renderContainerdConfig(containerd));
  writeOwn(join(paths.cniConf, "10-nomad-bridge.conflist"), renderCniConfig(state.id, state.podCidr, paths));
  writeOwn(paths.kubeletConfig, renderKubeletConfig(state, paths, { ca: pki.ca, leaf: pki.leaf("kubelet-server") }));
}

function writeKubeconfigs(dir: string, state: ClusterState, pki: PkiPaths): void {
  const paths = clusterPaths(dir);
  const server = `https://127.0.0.1:${state.ports.apiserver}`;
  const render = (user: string): string =>
    renderKubeconfig(user, { server, caPem: readFileSync(pki.ca, "utf8"), leafPem: readFileSync(pki.leaf(user), "utf8") });
  for (const user of DAEMON_USERS) writeOwn(paths.kubeconfigOf(user), render(user));
  writeOwn(paths.kubeconfig, render("admin"));
}

function writeOwn(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
