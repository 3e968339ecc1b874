/** @module What a Nomad job becomes: its groups as the rest of the mapping takes them, or one refusal for all of them. */
import type { Finding } from "../../api/exec-task.ts";
import type { Result } from "../../lib/result.ts";
import type { JobGroup } from "../accepted-task.ts";
import type { Refusal } from "../refusal.ts";

/** Count is the job's own: of a system job it is what runs on each node. */
export type MappedGroup = {
  readonly name: string;
  readonly count: number;
  readonly group: Result<JobGroup, Refusal>;
  readonly findings: readonly Finding[];
};

/** Either every group is there or none is: then all of them have the same error. */
export type MappedJob = {
  readonly groups: readonly MappedGroup[];
  /** Of the job itself. Those of a group are with the group. */
  readonly findings: readonly Finding[];
};
