/** @module Whether a pod reaches the node itself, read off its spec and never off what someone wrote on it. Used by the bridge before authorize-exec.ts. */

/** The part of a pod's spec that decides; a `Pod` fits. */
export type PodSpecView = {
  readonly hostPID?: boolean;
  readonly hostNetwork?: boolean;
  readonly containers: readonly ContainerView[];
  readonly initContainers?: readonly ContainerView[];
  readonly ephemeralContainers?: readonly ContainerView[];
  readonly volumes?: readonly { readonly hostPath?: { readonly path: string } }[];
};

type ContainerView = {
  readonly securityContext?: { readonly privileged?: boolean; readonly capabilities?: { readonly add?: readonly string[] } };
};

/** With one of these a process gets out of its container: it mounts, opens files by handle, loads code into the kernel, or touches devices. */
const NODE_CAPABILITIES: ReadonlySet<string> = new Set(["ALL", "SYS_ADMIN", "DAC_READ_SEARCH", "SYS_MODULE", "SYS_RAWIO", "SYS_BOOT", "BPF", "MAC_ADMIN"]);

/**
 * True for a pod that sees the node's processes, is on the node's network with all that listens for the node alone, has a privileged container or one whose capabilities lead out of it, or mounts the node's root. Containers share volumes and
 * often processes, so one of them is enough for the whole pod.
 */
export function isNodeLevel(spec: PodSpecView): boolean {
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (spec.hostPID === true || spec.hostNetwork === true || containers.some(reachesOut)) return true;
  return (spec.volumes ?? []).some(({ hostPath }) => hostPath !== undefined && isRoot(hostPath.path));
}

function reachesOut({ securityContext }: ContainerView): boolean {
  const added = securityContext?.capabilities?.add ?? [];
  return securityContext?.privileged === true || added.some((name) => NODE_CAPABILITIES.has(name.toUpperCase().replace(/^CAP_/, "")));
}

/** Also where the root is spelled "//", "/./" or "/usr/..". */
function isRoot(path: string): boolean {
  const depth: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") depth.pop();
    else if (segment !== "" && segment !== ".") depth.push(segment);
  }
  return depth.length === 0;
}
