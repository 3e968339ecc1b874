/** @module Tests of the daemons' configuration files. */
import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { renderCniConfig, renderContainerdConfig, renderKubeconfig, renderKubeletConfig } from "../../../local-cluster/config-files.ts";
import { clusterPaths } from "../../../local-cluster/layout.ts";
import { newState, PORTS, type PortName } from "../../../local-cluster/state.ts";

const ports = Object.fromEntries(PORTS.map((name, index) => [name, 20_000 + index])) as Record<PortName, number>;
const state = newState("demo", ports, { podCidr: "10.200.1.0/24", serviceCidr: "10.200.2.0/24" });
const paths = clusterPaths("/c");

describe("renderKubeconfig", () => {
  it("holds server, CA and key inline and selects its only context", () => {
    const config = parse(renderKubeconfig("admin", { server: "https://127.0.0.1:1", caPem: "CA", leafPem: "KEY+CERT" })) as Record<string, unknown>;
    const leaf = Buffer.from("KEY+CERT").toString("base64");
    expect(config).toMatchObject({
      clusters: [{ cluster: { server: "https://127.0.0.1:1", "certificate-authority-data": Buffer.from("CA").toString("base64") } }],
      users: [{ name: "admin", user: { "client-certificate-data": leaf, "client-key-data": leaf } }],
      contexts: [{ name: "nomad-bridge", context: { user: "admin" } }],
      "current-context": "nomad-bridge",
    });
  });
});

describe("renderContainerdConfig", () => {
  const config = renderContainerdConfig({ paths, runDir: state.runDir, binDir: "/bin dir", sandboxImage: "x/launcher:1" });

  it.each([
    'root = "/c/containerd/root"',
    'state = "/c/containerd/state"',
    `address = "${state.runDir}/containerd.sock"`,
    `socket_dir = "${state.runDir}/s"`,
    'sandbox = "x/launcher:1"',
    'bin_dirs = ["/bin dir"]',
    'conf_dir = "/c/cni/net.d"',
    'Root = "/c/containerd/runc"',
    "restrict_oom_score_adj = true",
    "netns_mounts_under_state_dir = true",
  ])("has %s", (line) => {
    expect(config.split("\n").map((text) => text.trim())).toContain(line);
  });

  it("names no path of the machine's own containerd", () => {
    expect(config).not.toMatch(/\/(run|var\/lib|opt)\/containerd|\/opt\/cni|\/etc\/cni/);
  });
});

describe("renderCniConfig", () => {
  it("names the network after the cluster and takes addresses from its range", () => {
    expect(JSON.parse(renderCniConfig("abc", "10.200.1.0/24", paths))).toMatchObject({
      name: "nomad-bridge-abc",
      plugins: [{ type: "ptp", ipam: { dataDir: "/c/cni/ipam", ranges: [[{ subnet: "10.200.1.0/24" }]] } }],
    });
  });
});

describe("renderKubeletConfig", () => {
  it("keeps to this cluster's ports, cgroup and directories, and starts on cgroup v1 with swap", () => {
    expect(parse(renderKubeletConfig(state, paths, { ca: "/ca", leaf: "/leaf" }))).toMatchObject({
      address: "127.0.0.1",
      port: state.ports.kubelet,
      healthzPort: state.ports.kubeletHealth,
      readOnlyPort: 0,
      cgroupRoot: state.cgroupRoot,
      podLogsDir: "/c/pod-logs",
      volumePluginDir: "/c/kubelet/volume-plugins",
      failCgroupV1: false,
      failSwapOn: false,
      enforceNodeAllocatable: [],
      authentication: { anonymous: { enabled: false }, x509: { clientCAFile: "/ca" } },
      tlsCertFile: "/leaf",
    });
  });
});
