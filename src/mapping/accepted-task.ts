/** @module What acceptTask makes of an ExecTask: everything that podForTask needs but the place of one allocation. */
import type { ExecTask, ExecTaskSpec, Finding } from "../api/exec-task.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { JobType } from "../nomad/job.ts";
import type { Chroot } from "./chroot-mounts.ts";
import type { MappedTask } from "./group-tasks.ts";
import type { GroupTerms } from "./job/group-terms.ts";

export type AcceptedMember = MappedTask & {
  /** Lower-case names, sorted. */
  readonly capabilities: readonly string[];
  /** Whether some text of the task names a value of the node. */
  readonly nodeValues: boolean;
  /** Its own root file system, where the job names an image for it; else the group's. */
  readonly chroot: Chroot;
  /** When kubelet pulls its image. */
  readonly pull: "Always" | "IfNotPresent";
};

/**
 * One group of a job, whatever kind of object it comes from: what acceptGroup checks and podForTask maps. The spec is that of an ExecTask:
 * the group's first main task, and the others beside it.
 */
export type JobGroup = {
  /** Of the pods. */
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly uid: string };
  readonly namespace: string;
  readonly jobId: string;
  readonly jobName: string;
  readonly jobType: JobType;
  /** ID of the periodic or parameterized job that this one is a child of; "" for any other. */
  readonly parentId: string;
  readonly group: string;
  /** Name of the task that the spec's own fields describe. */
  readonly task: string;
  /** From 0. */
  readonly jobVersion: number;
  readonly spec: ExecTask["spec"];
  /** What a Nomad job says of the group and an ExecTask cannot; absent for an ExecTask. */
  readonly terms?: GroupTerms;
};

/** A group that has passed every check that needs no node, with its defaults filled in. */
export type AcceptedGroup = {
  readonly source: JobGroup;
  readonly spec: ExecTaskSpec;
  readonly profile: Profile;
  readonly config: BridgeConfigSpec;
  /** The tasks of the group; the first is the object's own. */
  readonly tasks: readonly AcceptedMember[];
  readonly chroot: Chroot;
  readonly groupName: string;
  /** Names as `groupName` is one: of all groups of the job where its pods keep apart from theirs, and of itself otherwise. */
  readonly siblings: readonly string[];
  /** Changes exactly when what runs would change; count is not part of it. */
  readonly specHash: string;
  readonly findings: readonly Finding[];
  /** Host paths of the profile that were left out because its nodes do not have them. */
  readonly skippedPaths: readonly string[];
};

export type AcceptedTask = AcceptedGroup & { readonly task: ExecTask };

/** Names of the images that pods are made of: the launcher's, and that of `fetch`, which brings artifacts. */
export type TaskImages = { readonly launcher: string; readonly fetch: string };

/** An ExecTask is a job of one group, both of its own name, as its first task is. */
export function identityOf(task: ExecTask): { readonly namespace: string; readonly jobId: string; readonly group: string; readonly task: string } {
  const { name, namespace } = task.metadata;
  return { namespace: namespace ?? "default", jobId: name, group: name, task: name };
}

export function groupOfTask(task: ExecTask): JobGroup {
  const { apiVersion, kind, metadata, spec } = task;
  const identity = identityOf(task);
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" };
  return { owner, ...identity, jobName: identity.jobId, jobType: "service", parentId: "", jobVersion: (metadata.generation ?? 1) - 1, spec };
}
