/**
 * @module A pod without what nobody here reads: ten thousand of them are in memory, twice, and most of a pod is what its containers mount. Who
 * may reach the node is decided by what is left. Used by the caches.
 */
import type { Pod } from "../api/pod.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Of a container's spec. What decides over rights (securityContext) is not among them. */
const OF_CONTAINERS = new Set(["env", "envFrom", "volumeMounts", "volumeDevices", "resources", "resizePolicy", "ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy"]);
const OF_STATUSES = new Set(["image", "imageID", "containerID", "volumeMounts", "resources", "allocatedResources", "user"]);
const OF_SPECS = new Set(["tolerations", "topologySpreadConstraints", "dnsConfig", "hostAliases", "readinessGates"]);

export function cachedPod(pod: Pod): Pod {
  const { spec, status } = pod;
  const volumes = spec.volumes?.map(({ name, hostPath }) => (hostPath === undefined ? { name } : { name, hostPath }));
  const trimmed = { ...without(spec, OF_SPECS), ...lists(spec, ["containers", "initContainers", "ephemeralContainers"], OF_CONTAINERS), ...(volumes === undefined ? {} : { volumes }) };
  const trimmedStatus = status === undefined ? {} : { status: { ...status, ...lists(status, ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"], OF_STATUSES) } };
  return { ...pod, spec: trimmed as unknown as Pod["spec"], ...trimmedStatus };
}

function lists(of: object, names: readonly string[], dropped: ReadonlySet<string>): Fields {
  const entries = Object.entries(of).filter(([name, list]) => names.includes(name) && Array.isArray(list));
  return Object.fromEntries(entries.map(([name, list]) => [name, (list as readonly Fields[]).map((each) => without(each, dropped))]));
}

const without = (fields: Fields, dropped: ReadonlySet<string>): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => !dropped.has(name)));
