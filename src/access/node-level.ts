/** @module Whether a pod reaches the node itself, read off its spec and never off what someone wrote on it. Used by the bridge before authorize-exec.ts. */

/** The part of a pod's spec that decides; a `Pod` fits. */
export type PodSpecView = {
  readonly hostPID?: boolean;
  readonly containers: readonly ContainerView[];
  readonly initContainers?: readonly ContainerView[];
  readonly ephemeralContainers?: readonly ContainerView[];
  readonly volumes?: readonly { readonly hostPath?: { readonly path: string } }[];
};

type ContainerView = { readonly securityContext?: { readonly privileged?: boolean } };

/**
 * True for a pod that sees the node's processes, has a privileged container, or mounts the node's root. Containers share volumes and
 * often processes, so one of them is enough for the whole pod.
 */
export function isNodeLevel(spec: PodSpecView): boolean {
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (spec.hostPID === true || containers.some(({ securityContext }) => securityContext?.privileged === true)) return true;
  return (spec.volumes ?? []).some(({ hostPath }) => hostPath !== undefined && isRoot(hostPath.path));
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
