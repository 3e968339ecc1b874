/** @module Dispatch payloads as Secrets, which kubelet mounts for the launcher: made before the first pod of a dispatched job. Used by nomad-job-deps.ts. */
import type { JobText } from "../api/job-texts.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { KubeClient } from "../kubernetes/types.ts";
import { err, ok } from "../lib/result.ts";
import { type Write, writeError } from "./reconcile-deps.ts";
import { RESOURCES } from "./resources.ts";

type Secret = KubeObject & { readonly type: "Opaque"; readonly data: Readonly<Record<string, string>> };

/**
 * Whoever names a Secret of their own in payloadSecret has no DispatchPayload of that name, and nothing is made. One that belongs to another job
 * is none of this one's.
 */
export async function keepPayloadSecret(client: KubeClient, job: NomadJob): Write {
  const { payloadSecret: name } = job.spec;
  if (name === undefined) return ok(undefined);
  const { namespace = "default", uid = "", ownerReferences = [] } = job.metadata;
  const read = await client.get<JobText>({ resource: RESOURCES.dispatchPayloads, namespace, name });
  if (!read.ok) return read.error.kind === "status" && read.error.code === 404 ? ok(undefined) : err(writeError(read.error));
  const owners = new Set([uid, ...ownerReferences.map((owner) => owner.uid)]);
  if (read.value.metadata.ownerReferences?.some((owner) => owners.has(owner.uid)) !== true) return ok(undefined);
  const created = await client.create(RESOURCES.secrets, secretOf(job, name, read.value.spec.content));
  if (created.ok || (created.error.kind === "status" && created.error.reason === "AlreadyExists")) return ok(undefined);
  return err(writeError(created.error));
}

function secretOf({ apiVersion, kind, metadata }: NomadJob, name: string, payload: string): Secret {
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" };
  const labels = { "app.kubernetes.io/managed-by": "nomad-bridge" };
  return { apiVersion: "v1", kind: "Secret", metadata: { name, namespace: metadata.namespace ?? "default", labels, ownerReferences: [owner] }, type: "Opaque", data: { payload } };
}
