/** @module What acceptTask makes of an ExecTask: everything that podForTask needs but the place of one allocation. */
import type { ExecTask, ExecTaskSpec, Finding } from "../api/exec-task.ts";
import type { BridgeConfigSpec, Profile } from "../api/bridge-config.ts";
import type { Chroot } from "./chroot-mounts.ts";
import type { MappedTask } from "./group-tasks.ts";

export type AcceptedMember = MappedTask & {
  /** Lower-case names, sorted. */
  readonly capabilities: readonly string[];
  /** Whether some text of the task names a value of the node. */
  readonly nodeValues: boolean;
};

/** A task that has passed every check that needs no node, with its defaults filled in. */
export type AcceptedTask = {
  readonly task: ExecTask;
  readonly spec: ExecTaskSpec;
  readonly profile: Profile;
  readonly config: BridgeConfigSpec;
  /** The tasks of the group; the first is the object's own. */
  readonly tasks: readonly AcceptedMember[];
  readonly chroot: Chroot;
  readonly groupName: string;
  /** Changes exactly when what runs would change; count is not part of it. */
  readonly specHash: string;
  readonly findings: readonly Finding[];
  /** Host paths of the profile that were left out because its nodes do not have them. */
  readonly skippedPaths: readonly string[];
};

/** Names of the images that pods are made of: the launcher's, and that of `fetch`, which brings artifacts. */
export type TaskImages = { readonly launcher: string; readonly fetch: string };

/** An ExecTask is a job of one group, both of its own name, as its first task is. */
export function identityOf(task: ExecTask): { readonly namespace: string; readonly jobId: string; readonly group: string; readonly task: string } {
  const { name, namespace } = task.metadata;
  return { namespace: namespace ?? "default", jobId: name, group: name, task: name };
}
