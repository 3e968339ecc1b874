/** @module Names of the objects we make: unique for any job ID, legal for Kubernetes, readable for people. Used by controller and bridge. */
import { POD_NAME_PREFIX } from "../contract/pod-metadata.ts";

export type Sha256 = (text: string) => string;

const SLUG_LENGTH = 30;

/** `nb-<slug>-<8 hex>`: the slug is for people, the hash tells two jobs apart whose slugs are the same. */
export function groupObjectName(sha256: Sha256, identity: { readonly namespace: string; readonly jobId: string; readonly group: string }): string {
  const hash = sha256(JSON.stringify([identity.namespace, identity.jobId, identity.group])).slice(0, 8);
  const slug = slugOf(identity.jobId);
  return slug === "" ? `${POD_NAME_PREFIX}${hash}` : `${POD_NAME_PREFIX}${slug}-${hash}`;
}

/** A NomadJob that Nomad's API writes, and the beginning of the names of its Secrets. Two jobs may have one name by chance: the object's spec says whose it is. */
export function jobObjectName(sha256: Sha256, { namespace, jobId }: { readonly namespace: string; readonly jobId: string }): string {
  const hash = sha256(JSON.stringify([namespace, jobId])).slice(0, 8);
  const slug = slugOf(jobId);
  return slug === "" ? `${POD_NAME_PREFIX}${hash}` : `${POD_NAME_PREFIX}${slug}-${hash}`;
}

/**
 * One allocation's pod. The serial grows with each replacement of an index, so that a name is never used for two allocations that
 * exist together, and a controller that acts twice on stale knowledge meets a 409 instead of making a second pod.
 */
export const allocationPodName = (groupName: string, index: number, serial: number) => `${groupName}-${index}-${serial}`;

/** Index and serial back from a pod's name, which nobody can change as labels and annotations can be. Zeros for a name that is not one of ours. */
export function placeOfPod(podName: string): { readonly index: number; readonly serial: number } {
  const [, index = "0", serial = "0"] = /-(\d+)-(\d+)$/.exec(podName) ?? [];
  return { index: Number(index), serial: Number(serial) };
}

function slugOf(jobId: string): string {
  return jobId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, "");
}

/** Whether Kubernetes can have an object of this name: a Secret, a claim. Such a name is safe in a path, too. */
export const isSubdomain = (name: string): boolean => name.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name);
