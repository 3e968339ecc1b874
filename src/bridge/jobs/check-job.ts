/** @module Whether a job can be stored: Nomad's own validation, and what running it here changes. Used for register, plan and validate. */
import { API_VERSION } from "../../api/exec-task.ts";
import { type BridgeConfigSpec, bridgeConfigSpec } from "../../api/bridge-config.ts";
import { jobGroups, refusalOf } from "../../mapping/job/job-groups.ts";
import type { MappedJob } from "../../mapping/job/mapped-job.ts";
import { jobObjectName } from "../../mapping/object-names.ts";
import { acceptGroup } from "../../mapping/pod-for-task.ts";
import { inGroup, type Refusal } from "../../mapping/refusal.ts";
import { storedSpec } from "../../mapping/stored-job.ts";
import type { JobSpec } from "../../nomad/job.ts";
import { formatWarnings } from "../../nomad/jobspec/validation/multierror.ts";
import { validateJob } from "../../nomad/jobspec/validation/validate-job.ts";
import type { ClusterState } from "../bridge-deps.ts";
import { sha256 } from "../../access/sha256.ts";

export type JobCheck = {
  /** Such a job is not stored. */
  readonly errors: readonly string[];
  /** Such a job is stored, and not run: its evaluation says so. */
  readonly refusal: string | undefined;
  /** All warnings as one text, with those of the caller at the end. */
  readonly warnings: (further?: readonly string[]) => string;
};

/** The schema's bound of `spec.id`. */
const MAX_ID_CHARS = 512;
const MAX_FINDINGS = 50;

export function checkJob({ config }: Pick<ClusterState, "config">, spec: JobSpec): JobCheck {
  const { errors, warnings } = validateJob(spec);
  const tooLong = spec.ID.length > MAX_ID_CHARS ? [`Job ID has ${spec.ID.length} characters, and at most ${MAX_ID_CHARS} can be stored`] : [];
  const found = errors.length + tooLong.length > 0 ? { refusal: undefined, findings: [] } : mappingOf(spec, config);
  const refused = found.refusal === undefined ? [] : [`this job will not run here: ${found.refusal}`];
  return {
    errors: [...errors, ...tooLong],
    refusal: found.refusal,
    warnings: (further = []) => formatWarnings([...warnings, ...refused, ...found.findings, ...further]),
  };
}

/** What is the same, or the same by other means, is no warning. */
function mappingOf(spec: JobSpec, config: ClusterState["config"]): { readonly refusal: string | undefined; readonly findings: readonly string[] } {
  const metadata = { name: jobObjectName(sha256, { namespace: spec.Namespace, jobId: spec.ID }), namespace: spec.Namespace };
  const object = { apiVersion: API_VERSION, kind: "NomadJob" as const, metadata, spec: storedSpec(spec, { stop: false }) };
  const known = config();
  const mapped = jobGroups(object, spec, known ?? bridgeConfigSpec.parse({}));
  const refusal = refusalOf(mapped) ?? (known === undefined ? undefined : refusalByProfile(mapped, known));
  const all = [...mapped.findings, ...mapped.groups.flatMap(({ findings }) => findings)];
  const told = all.filter(({ level }) => level !== "same" && level !== "equivalent").map(({ level, path, message }) => `${path}: ${message} (${level})`);
  return { refusal: refusal?.message, findings: [...new Set(told)].slice(0, MAX_FINDINGS) };
}

/** What the controller will refuse, in its words: a periodic or parameterized job has no evaluation that could say so. */
function refusalByProfile({ groups }: MappedJob, config: BridgeConfigSpec): Refusal | undefined {
  for (const { name, group } of groups) {
    const accepted = group.ok ? acceptGroup(group.value, config, sha256) : group;
    if (!accepted.ok) return inGroup(name, accepted.error);
  }
  return undefined;
}
