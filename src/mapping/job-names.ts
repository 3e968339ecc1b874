/** @module Names and IDs that follow from a job: of its NomadJob, of its versions, of its deployments. Used by controller and bridge. */
import type { KubeObject } from "../api/meta.ts";
import { POD_NAME_PREFIX } from "../contract/pod-metadata.ts";
import { isSubdomain, type Sha256 } from "./object-names.ts";

/** Leaves room for what others append to an object's name. */
const LONGEST_NAME = 200;
/** What our own hashed names end in: a job ID that ends so is hashed too, and cannot take the name of another. */
const HASHED = /-[0-9a-f]{8}$/;
const SLUG_LENGTH = 100;

/** Name of the NomadJob that the HTTP API makes for a job ID: the ID itself where Kubernetes can have it. */
export function jobObjectName(sha256: Sha256, jobId: string): string {
  if (isSubdomain(jobId) && jobId.length <= LONGEST_NAME && !HASHED.test(jobId)) return jobId;
  const slug = slugOf(jobId);
  const hash = sha256(jobId).slice(0, 8);
  return slug === "" ? `job-${hash}` : `${slug}-${hash}`;
}

/** Name of the ControllerRevision of one version. The UID keeps a job apart from the one that had its name before. */
export function revisionName(sha256: Sha256, { metadata }: KubeObject, version: number): string {
  return `${POD_NAME_PREFIX}${slugOf(metadata.name)}-${sha256(metadata.uid ?? "").slice(0, 8)}-v${version}`;
}

/** The ID of the deployment of one version: the same whenever it is asked for. */
export function deploymentId(sha256: Sha256, jobUid: string, version: number): string {
  const hex = sha256(JSON.stringify(["deployment", jobUid, version]));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

function slugOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, SLUG_LENGTH).replace(/^-+|-+$/g, "");
}
