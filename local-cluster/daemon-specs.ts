/** @module The command line of each daemon, pure. The order of the list is the order of starting. */
import { join } from "node:path";
import { clusterPaths, containerdSocket } from "./layout.ts";
import { pkiPaths } from "./pki.ts";
import type { ClusterState, DaemonName, PortName } from "./state.ts";

export type DaemonSpec = {
  readonly name: DaemonName;
  /** File name in the directory of binaries. */
  readonly binary: string;
  readonly args: readonly string[];
  readonly ports: readonly PortName[];
};

/** The first address of a /24, which Kubernetes gives to its own Service. */
export const serviceIp = (serviceCidr: string): string => serviceCidr.replace(/\.0\/24$/, ".1");

export function daemonSpecs(dir: string, state: ClusterState): Readonly<Record<DaemonName, DaemonSpec>> {
  return {
    etcd: etcd(dir, state),
    containerd: containerd(dir),
    "kube-apiserver": apiserver(dir, state),
    "kube-controller-manager": controllerManager(dir, state),
    "kube-scheduler": scheduler(dir, state),
    kubelet: kubelet(dir),
  };
}

function etcd(dir: string, { ports }: ClusterState): DaemonSpec {
  const pki = pkiPaths(dir);
  const client = `https://127.0.0.1:${ports.etcdClient}`;
  const peer = `https://127.0.0.1:${ports.etcdPeer}`;
  const args = flags({
    name: "local",
    "data-dir": clusterPaths(dir).etcd,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `local=${peer}`,
    "client-cert-auth": "true",
    "trusted-ca-file": pki.etcdCa,
    "cert-file": pki.leaf("etcd"),
    "key-file": pki.leaf("etcd"),
    "peer-client-cert-auth": "true",
    "peer-trusted-ca-file": pki.etcdCa,
    "peer-cert-file": pki.leaf("etcd"),
    "peer-key-file": pki.leaf("etcd"),
    // A laptop's power cut may cost the last seconds of a demo; every write being 10 ms faster is worth it.
    "unsafe-no-fsync": "true",
  });
  return { name: "etcd", binary: "server", args, ports: ["etcdClient", "etcdPeer"] };
}

function containerd(dir: string): DaemonSpec {
  return { name: "containerd", binary: "containerd", args: ["--config", clusterPaths(dir).containerdConfig], ports: [] };
}

function apiserver(dir: string, { ports, serviceCidr }: ClusterState): DaemonSpec {
  const pki = pkiPaths(dir);
  const args = flags({
    "bind-address": "127.0.0.1",
    "secure-port": ports.apiserver,
    "advertise-address": "127.0.0.1",
    // The endpoints of Service "kubernetes" may not be loopback addresses; without kube-proxy nobody reads them.
    "endpoint-reconciler-type": "none",
    "cert-dir": join(dir, "pki"),
    "tls-cert-file": pki.leaf("apiserver"),
    "tls-private-key-file": pki.leaf("apiserver"),
    "client-ca-file": pki.ca,
    "etcd-servers": `https://127.0.0.1:${ports.etcdClient}`,
    "etcd-cafile": pki.etcdCa,
    "etcd-certfile": pki.leaf("etcd-client"),
    "etcd-keyfile": pki.leaf("etcd-client"),
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    // The node's own address would need a certificate for it; its name is localhost.
    "kubelet-preferred-address-types": "Hostname",
    "kubelet-certificate-authority": pki.ca,
    "kubelet-client-certificate": pki.leaf("apiserver-kubelet-client"),
    "kubelet-client-key": pki.leaf("apiserver-kubelet-client"),
    // Without these the other daemons complain that they cannot learn whom to trust as a front proxy.
    "requestheader-client-ca-file": pki.ca,
    "requestheader-allowed-names": "front-proxy-client",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": pki.serviceAccountPublic,
    "service-account-signing-key-file": pki.serviceAccountKey,
    "service-cluster-ip-range": serviceCidr,
  });
  return { name: "kube-apiserver", binary: "kube-apiserver", args, ports: ["apiserver"] };
}

function controllerManager(dir: string, { ports }: ClusterState): DaemonSpec {
  const pki = pkiPaths(dir);
  const args = flags({
    ...controlPlaneFlags(dir, "kube-controller-manager"),
    "secure-port": ports.controllerManager,
    "use-service-account-credentials": "true",
    "service-account-private-key-file": pki.serviceAccountKey,
    "root-ca-file": pki.ca,
    "flex-volume-plugin-dir": clusterPaths(dir).volumePlugins,
  });
  return { name: "kube-controller-manager", binary: "kube-controller-manager", args, ports: ["controllerManager"] };
}

function scheduler(dir: string, { ports }: ClusterState): DaemonSpec {
  const args = flags({ ...controlPlaneFlags(dir, "kube-scheduler"), "secure-port": ports.scheduler });
  return { name: "kube-scheduler", binary: "kube-scheduler", args, ports: ["scheduler"] };
}

function controlPlaneFlags(dir: string, user: string): Readonly<Record<string, string>> {
  const kubeconfig = clusterPaths(dir).kubeconfigOf(user);
  return {
    kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "bind-address": "127.0.0.1",
    // One replica: waiting for a lease would only slow every start down.
    "leader-elect": "false",
  };
}

function kubelet(dir: string): DaemonSpec {
  const paths = clusterPaths(dir);
  const args = flags({
    config: paths.kubeletConfig,
    kubeconfig: paths.kubeconfigOf("kubelet"),
    "root-dir": paths.kubelet,
    "cert-dir": join(dir, "pki"),
    "hostname-override": "localhost",
  });
  return { name: "kubelet", binary: "kubelet", args, ports: ["kubelet", "kubeletHealth"] };
}

export const ctrArgs = (runDir: string, args: readonly string[]): readonly string[] => ["--address", containerdSocket(runDir), "--namespace", "k8s.io", ...args];

const flags = (values: Readonly<Record<string, string | number>>): readonly string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);
