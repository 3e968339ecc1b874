/** @module A job whose every group is accepted, in the version that is looked at. */
import type { AcceptedGroup } from "../../mapping/accepted-task.ts";
import type { MappedJob } from "../../mapping/job/mapped-job.ts";
import type { JobSpec } from "../../nomad/job.ts";

export type AcceptedJob = {
  readonly job: JobSpec;
  /** In the job's order. */
  readonly groups: readonly AcceptedGroup[];
  readonly mapped: MappedJob;
};
