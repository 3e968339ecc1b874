/** @module Which object controls another. Kubernetes allows one controller at the most. */
import type { KubeObject, OwnerReference } from "../api/meta.ts";

export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined => metadata.ownerReferences?.find((owner) => owner.controller === true);

/** The reference to the ExecTask or NomadJob that a pod was made for; undefined for any other pod. */
export function jobOwner(pod: KubeObject): OwnerReference | undefined {
  const owner = controllerOf(pod);
  return owner?.kind === "ExecTask" || owner?.kind === "NomadJob" ? owner : undefined;
}
