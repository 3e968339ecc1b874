/** @module The Nomad job that a NomadJob holds: decoded, canonical, and in agreement with the object around it. Pure. */
import type { NomadJob, NomadJobSpec } from "../../api/nomad-job.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { canonicalise } from "../../nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../nomad/jobspec/decode-job.ts";
import { multierror } from "../../nomad/jobspec/validation/multierror.ts";
import { validateJob } from "../../nomad/jobspec/validation/validate-job.ts";
import type { Refusal } from "../../mapping/refusal.ts";

/** A version of a job, whether it is the present one or an older. */
export type StoredJob = { readonly metadata: NomadJob["metadata"]; readonly spec: NomadJob["spec"] | NomadJobSpec };

/** The canonical job, or Nomad's words for why it is none. A job that names no namespace is in the object's. */
export function readJob({ metadata, spec }: StoredJob): Result<JobSpec, Refusal> {
  const decoded = decodeJob(spec.job);
  if (!decoded.ok) return refused("InvalidJob", decoded.error);
  const namespace = metadata.namespace ?? "default";
  const { spec: job } = canonicalise({ ...decoded.value, Namespace: decoded.value.Namespace || namespace });
  const { errors } = validateJob(job);
  if (errors.length > 0) return refused("InvalidJob", multierror(errors));
  const disagreement = disagreementOf(job, { id: spec.id, type: spec.type ?? "service", namespace });
  return disagreement === undefined ? ok(job) : refused("JobMismatch", disagreement);
}

const refused = (reason: string, message: string) => err({ reason, message });

/** What stands beside the job for kubectl says the same as the job: what one reader takes for true, another must not find different. */
function disagreementOf(job: JobSpec, object: { readonly id: string; readonly type: string; readonly namespace: string }): string | undefined {
  if (job.ID !== object.id) return `spec.id is "${object.id}" and spec.job.ID is "${job.ID}"; write the same in both`;
  if (job.Type !== object.type) return `spec.type is "${object.type}" and spec.job.Type is "${job.Type}"; write the same in both`;
  if (job.Namespace !== object.namespace) return `the object is in namespace "${object.namespace}" and spec.job.Namespace is "${job.Namespace}"; write the same in both`;
  return undefined;
}
