/** @module The configuration files of a cluster's daemons as text, pure. Used by boot. */
import { stringify } from "yaml";
import { type ClusterPaths, containerdSocket } from "./layout.ts";
import type { ClusterState } from "./state.ts";

/** Basename of the CNI network; libcni names its result files after it, so it must tell clusters apart. */
export const cniNetworkName = (id: string): string => `nomad-bridge-${id}`;

export type KubeconfigParts = {
  readonly server: string;
  readonly caPem: string;
  /** Key and certificate in one PEM text. */
  readonly leafPem: string;
};

/** A kubeconfig with everything inline, so that it can be copied anywhere. */
export function renderKubeconfig(user: string, { server, caPem, leafPem }: KubeconfigParts): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "nomad-bridge", cluster: { server, "certificate-authority-data": base64(caPem) } }],
    users: [{ name: user, user: { "client-certificate-data": base64(leafPem), "client-key-data": base64(leafPem) } }],
    contexts: [{ name: "nomad-bridge", context: { cluster: "nomad-bridge", user } }],
    "current-context": "nomad-bridge",
  });
}

export type ContainerdParts = {
  readonly paths: ClusterPaths;
  readonly runDir: string;
  readonly binDir: string;
  readonly sandboxImage: string;
};

/**
 * containerd's configuration, format 4. Nothing of it lies in /run/containerd, /var/lib/containerd or /opt,
 * where the containerd of a machine's own Docker or Kubernetes would be.
 */
export function renderContainerdConfig({ paths, runDir, binDir, sandboxImage }: ContainerdParts): string {
  return `version = 4
root = ${quote(paths.containerdRoot)}
state = ${quote(paths.containerdState)}
disabled_plugins = [${UNUSED_PLUGINS.map(quote).join(", ")}]

[plugins.'io.containerd.server.v1.grpc']
  address = ${quote(containerdSocket(runDir))}
[plugins.'io.containerd.server.v1.ttrpc']
  address = ${quote(`${containerdSocket(runDir)}.ttrpc`)}
[plugins.'io.containerd.shim.v1.manager']
  socket_dir = ${quote(`${runDir}/s`)}
[plugins.'io.containerd.internal.v1.opt']
  path = ${quote(paths.containerdOpt)}

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = ${quote(sandboxImage)}

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE runc may not lower oom_score_adj, and every sandbox would fail.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [${quote(binDir)}]
    conf_dir = ${quote(paths.cniConf)}
    # The loopback plugin would leave its results in /var/lib/cni under a name all clusters share.
    use_internal_loopback = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      Root = ${quote(paths.runcRoot)}
      SystemdCgroup = false
`;
}

const UNUSED_PLUGINS = [
  "io.containerd.nri.v1.nri",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
];

/** A TOML basic string. JSON's escapes are a subset of TOML's. */
const quote = (text: string): string => JSON.stringify(text);

/** Pod addresses only: `ptp` needs neither a bridge nor iptables. */
export function renderCniConfig(id: string, podCidr: string, paths: ClusterPaths): string {
  return `${JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: cniNetworkName(id),
      plugins: [
        {
          type: "ptp",
          ipMasq: false,
          ipam: { type: "host-local", dataDir: paths.cniIpam, ranges: [[{ subnet: podCidr }]], routes: [{ dst: "0.0.0.0/0" }] },
        },
      ],
    },
    null,
    2,
  )}\n`;
}

/** The kubelet's configuration. The comments below name what each unusual value prevents. */
export function renderKubeletConfig(state: ClusterState, paths: ClusterPaths, pki: { readonly ca: string; readonly leaf: string }): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: "127.0.0.1",
    port: state.ports.kubelet,
    healthzBindAddress: "127.0.0.1",
    healthzPort: state.ports.kubeletHealth,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: pki.ca } },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki.leaf,
    tlsPrivateKeyFile: pki.leaf,
    containerRuntimeEndpoint: `unix://${containerdSocket(state.runDir)}`,
    cgroupDriver: "cgroupfs",
    // Its own root, or it would delete the pods of every other kubelet on this machine.
    cgroupRoot: state.cgroupRoot,
    // No cgroup for system daemons exists here, and enforcing one fails.
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    // A developer's disk is often nearly full: evict late, and never collect images nobody can pull again.
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%" },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    // No iptables on many small machines, and nothing here needs its chains.
    makeIPTablesUtilChains: false,
    podLogsDir: paths.podLogs,
    volumePluginDir: paths.volumePlugins,
    staticPodPath: "",
    nodeStatusUpdateFrequency: "5s",
    syncFrequency: "10s",
    shutdownGracePeriod: "0s",
  });
}
