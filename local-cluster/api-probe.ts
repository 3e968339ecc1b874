/** @module The few questions boot asks the servers it started, over HTTPS with the cluster's own certificates. */
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { pkiPaths } from "./pki.ts";
import { containerdSocket } from "./layout.ts";
import type { ClusterState } from "./state.ts";

const PROBE_TIMEOUT_MS = 3000;

type Answer = { readonly status: number; readonly body: string };
type Target = { readonly port: number; readonly path: string; readonly ca: string; readonly leaf: string };

export async function isEtcdHealthy(dir: string, state: ClusterState): Promise<boolean> {
  const pki = pkiPaths(dir);
  const answer = await get({ port: state.ports.etcdClient, path: "/health", ca: pki.etcdCa, leaf: pki.leaf("etcd-client") });
  return answer?.status === 200;
}

export async function isApiReady(dir: string, state: ClusterState): Promise<boolean> {
  return (await getFromApi(dir, state, "/readyz"))?.status === 200;
}

/**
 * Whether pods can be created in namespace default and will run: node Ready and untainted, service account and its CA there.
 * The kubelet and containerd are asked themselves, because a node stays Ready for 40 s after its kubelet died.
 */
export async function isClusterReady(dir: string, state: ClusterState): Promise<boolean> {
  if (!(await isContainerdListening(state)) || (await getFromKubelet(dir, state, "/healthz"))?.status !== 200) return false;
  const account = await getFromApi(dir, state, "/api/v1/namespaces/default/serviceaccounts/default");
  const authority = await getFromApi(dir, state, "/api/v1/namespaces/default/configmaps/kube-root-ca.crt");
  const node = await getFromApi(dir, state, "/api/v1/nodes/localhost");
  const isReady = account?.status === 200 && authority?.status === 200 && node?.status === 200 && isNodeReady(node.body);
  return isReady && knowsPods(dir, state);
}

/** A kubelet that just restarted answers "pod does not exist" to an exec until it has read its pods. */
async function knowsPods(dir: string, state: ClusterState): Promise<boolean> {
  const bound = await getFromApi(dir, state, "/api/v1/pods?fieldSelector=spec.nodeName=localhost");
  const known = await getFromKubelet(dir, state, "/pods");
  if (bound?.status !== 200 || known?.status !== 200) return false;
  const knownUids = new Set(podUids(known.body));
  return podUids(bound.body).every((uid) => knownUids.has(uid));
}

/** UIDs of the pods in a PodList as JSON; the kubelet's own list says null for none. */
export function podUids(listJson: string): readonly string[] {
  const list = JSON.parse(listJson) as { items?: readonly { metadata: { uid: string } }[] | null };
  return (list.items ?? []).map(({ metadata }) => metadata.uid);
}

/** From a Node as JSON: condition Ready is True, and no taint for not being ready is left. */
export function isNodeReady(nodeJson: string): boolean {
  const node = JSON.parse(nodeJson) as {
    spec?: { taints?: readonly { key: string }[] };
    status?: { conditions?: readonly { type: string; status: string }[] };
  };
  const ready = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
  return ready && !(node.spec?.taints ?? []).some(({ key }) => key.startsWith("node.kubernetes.io/"));
}

/** Whether containerd accepts connections on its socket. */
export function isContainerdListening(state: ClusterState): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(containerdSocket(state.runDir));
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

function getFromApi(dir: string, state: ClusterState, path: string): Promise<Answer | undefined> {
  const pki = pkiPaths(dir);
  return get({ port: state.ports.apiserver, path, ca: pki.ca, leaf: pki.leaf("admin") });
}

/** Directly: the API server's node proxy refuses loopback addresses. */
function getFromKubelet(dir: string, state: ClusterState, path: string): Promise<Answer | undefined> {
  const pki = pkiPaths(dir);
  return get({ port: state.ports.kubelet, path, ca: pki.ca, leaf: pki.leaf("apiserver-kubelet-client") });
}

/** Undefined while nobody answers. */
function get({ port, path, ca, leaf }: Target): Promise<Answer | undefined> {
  const pem = readFileSync(leaf);
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path, ca: readFileSync(ca), cert: pem, key: pem, agent: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => resolve(undefined));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(undefined));
    sent.end();
  });
}
