/** @module Whether a job can be stored: Nomad's own validation, and what running it here changes. Used for register, plan and validate. */
import type { JobSpec } from "../../nomad/job.ts";
import { multiWarning } from "../../nomad/job-texts.ts";
import type { ClusterState } from "../bridge-deps.ts";

export type JobCheck = {
  readonly errors: readonly string[];
  /** All warnings as one text, with those of the caller at the end. */
  readonly warnings: (further?: readonly string[]) => string;
};

export function checkJob(_cluster: Pick<ClusterState, "config">, spec: JobSpec): JobCheck {
  const errors = [
    ...(/\s/.test(spec.ID) ? ["Job ID contains a space"] : []),
    ...(spec.ID.includes("\0") ? ["Job ID contains a null character"] : []),
    ...(spec.TaskGroups.length === 0 ? ["Missing job task groups"] : []),
  ];
  return { errors, warnings: (further = []) => multiWarning(further) };
}
