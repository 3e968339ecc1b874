/**
 * @module What the chroots of profiles need to know of a node: the pod that looks, and what its report says. The launcher's half is
 * `launcher probe`. Used by the controller.
 */
import type { Profile } from "../api/bridge-config.ts";
import type { KubeObject } from "../api/meta.ts";
import type { Node, Pod } from "../api/pod.ts";
import { LAUNCHER_PATH } from "../contract/launcher-document.ts";
import { GROUP, LABEL, POD_NAME_PREFIX } from "../contract/pod-metadata.ts";
import { isReady, profilesOn } from "./node-facts.ts";
import type { Sha256 } from "./object-names.ts";
import type { OperatingSystem } from "./operating-system.ts";

/** A namespace of its own, because these pods see the whole of their node: the admission policies let nothing else be made there. */
export const PROBE_NAMESPACE = "nomad-bridge-probes";

const REQUEST_PATH = "/nomad-bridge/probe.json";
/** Name of the node that the pod looks at. */
const NODE_ANNOTATION = `${GROUP}/probe-node`;
const REQUEST_ANNOTATION = `${GROUP}/probe`;
const VERSION = 1;
/** As many as `launcher probe` looks at; of paths beyond that nothing is known, and they count as there. */
const MAX_PATHS = 1024;

/** d directory, f file, - absent, x anything else. */
export type PathKind = "d" | "f" | "-" | "x";

/** What was found on one node, as it is kept. */
export type NodeProbe = {
  readonly nodeUid: string;
  readonly bootId: string;
  /** Epoch ms of the report. */
  readonly at: number;
  readonly kinds: Readonly<Record<string, PathKind>>;
  readonly os: OperatingSystem;
};

/** Host paths that some profile for the node puts into a chroot: sorted, each once. */
export function pathsToProbe(node: Node, profiles: readonly Profile[]): readonly string[] {
  const hosts = profilesOn(node, profiles).flatMap(({ chroot }) => (chroot.type === "image" ? [] : [...chroot.directories, ...chroot.files])).map(({ host }) => host);
  return [...new Set(hosts)].sort().slice(0, MAX_PATHS);
}

/**
 * Host paths of the profile's chroot that at least one of its Ready nodes is known to lack, or to have as something else. A node that has
 * not been looked at says nothing.
 */
export function missingPaths({ chroot, ...profile }: Profile, nodes: Iterable<Node>, probeOf: (node: Node) => NodeProbe | undefined): ReadonlySet<string> {
  const probes = [...nodes].filter((node) => isReady(node) && profilesOn(node, [{ ...profile, chroot }]).length > 0).flatMap((node) => probeOf(node) ?? []);
  const lacks = (host: string, kind: PathKind) => probes.some(({ kinds }) => Object.hasOwn(kinds, host) && kinds[host] !== kind);
  return new Set([...chroot.directories.filter(({ host }) => lacks(host, "d")), ...chroot.files.filter(({ host }) => lacks(host, "f"))].map(({ host }) => host));
}

/** The same for the same node, boot and paths: a controller that acts twice on stale knowledge meets a 409. */
export function probePodName(sha256: Sha256, node: Node, paths: readonly string[]): string {
  const { name, uid } = node.metadata;
  return `${POD_NAME_PREFIX}probe-${sha256(name).slice(0, 8)}-${sha256(JSON.stringify([uid, node.status?.nodeInfo?.bootID, paths])).slice(0, 8)}`;
}

/** Reads the node's names and file types, and nothing of what is in them; it has no token and no right beyond reading. */
export function probePod(name: string, node: string, paths: readonly string[], image: string): KubeObject {
  const spec = {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 0,
    activeDeadlineSeconds: 300,
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }] } } },
    tolerations: [{ operator: "Exists" }],
    volumes: [
      { name: "node", hostPath: { path: "/", type: "Directory" } },
      { name: "request", downwardAPI: { defaultMode: 0o400, items: [{ path: "probe.json", fieldRef: { fieldPath: `metadata.annotations['${REQUEST_ANNOTATION}']` } }] } },
    ],
    containers: [probeContainer(image)],
  };
  const annotations = { [NODE_ANNOTATION]: node, [REQUEST_ANNOTATION]: JSON.stringify({ version: VERSION, paths }) };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace: PROBE_NAMESPACE, labels: { [LABEL.managed]: "true" }, annotations }, spec } as KubeObject;
}

const probeContainer = (image: string) => ({
  name: "probe",
  image,
  imagePullPolicy: "IfNotPresent",
  command: [LAUNCHER_PATH, "probe"],
  resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
  securityContext: {
    runAsUser: 0,
    runAsGroup: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"], add: ["DAC_READ_SEARCH"] },
    seccompProfile: { type: "RuntimeDefault" },
  },
  volumeMounts: [
    { name: "node", mountPath: "/host", readOnly: true, recursiveReadOnly: "IfPossible" },
    { name: "request", mountPath: REQUEST_PATH, subPath: "probe.json", readOnly: true },
  ],
});

/** Name of the node that a pod looks at; undefined for any other pod. */
export const probedNode = ({ metadata }: Pod): string | undefined => (metadata.namespace === PROBE_NAMESPACE ? metadata.annotations?.[NODE_ANNOTATION] : undefined);

/** Undefined where the report cannot be read, or is not one of these paths. */
export function readReport(message: string | undefined, paths: readonly string[]): Pick<NodeProbe, "kinds" | "os"> | undefined {
  const { version, kinds, os } = (parsed(message) ?? {}) as { readonly version?: unknown; readonly kinds?: unknown; readonly os?: Partial<OperatingSystem> | null };
  if (version !== VERSION || typeof kinds !== "string" || kinds.length !== paths.length || !/^[df\-x]*$/.test(kinds)) return undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  return { kinds: Object.fromEntries(paths.map((path, i) => [path, kinds[i] as PathKind])), os: { name: text(os?.name), version: text(os?.version) } };
}

/** What is known of that very node, and not of one that had its name before. Empty texts are an os-release that does not say. */
export function operatingSystemOf({ metadata }: Node, probe: NodeProbe | undefined): OperatingSystem | undefined {
  return probe?.nodeUid === metadata.uid && probe?.os.name !== "" ? probe?.os : undefined;
}

/** ConfigMap in our own namespace that holds what was found, under the nodes' names. */
export const PROBES_NAME = "nomad-bridge-probes";

/** One node's entry in the ConfigMap of probes; undefined for what is none. */
export function readProbe(text: string): NodeProbe | undefined {
  const { nodeUid, bootId, at, kinds, os } = (parsed(text) ?? {}) as Partial<NodeProbe>;
  const isRead = typeof nodeUid === "string" && typeof bootId === "string" && typeof at === "number" && typeof kinds === "object" && typeof os?.name === "string" && typeof os.version === "string";
  return isRead ? { nodeUid, bootId, at, kinds, os: { name: os.name, version: os.version } } : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    // Not JSON: a probe that failed, or an entry that somebody spoilt. It is made again.
    return undefined;
  }
}
