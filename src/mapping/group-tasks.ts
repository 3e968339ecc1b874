/** @module The tasks of an ExecTask's group, their containers' names and their places in the group. Used by the whole mapping. */
import type { ExecTaskSpec } from "../api/exec-task.ts";
import type { TaskSpec } from "../api/task-fields.ts";
import type { DocumentLifecycle } from "../contract/launcher-document.ts";
import type { PodTask } from "../contract/pod-metadata.ts";
import type { JobType } from "../nomad/job.ts";
import { type Refusal, firstTwice } from "./refusal.ts";

/** One task of the group, the object's own (position 0) or one of those beside it. */
export type MappedTask = {
  readonly name: string;
  readonly position: number;
  readonly container: string;
  readonly hook: PodTask["hook"];
  readonly sidecar: boolean;
  readonly spec: TaskSpec;
};

const LABEL_CHARACTERS = 63;
/** An annotation's name has 63 characters at most, and `launcher-` stands before the container's in it; `launcher-protocol` is taken. */
const LATER_CHARACTERS = LABEL_CHARACTERS - "launcher-".length;

/**
 * A task's own name where a container can have it, else its position: "task", "task-1", …; unique in a group whose task names are.
 * Names that begin with "nb-" are kept for containers of ours, and the spare names for the positions they stand for.
 */
export function containerName(task: string, position = 0): string {
  const fits = task.length <= (position === 0 ? LABEL_CHARACTERS : LATER_CHARACTERS) && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(task);
  const isFree = !task.startsWith("nb-") && !/^task(-[0-9]+)?$/.test(task) && (position === 0 || task !== "protocol");
  if (fits && isFree) return task;
  return position === 0 ? "task" : `task-${position}`;
}

/** A volume that each task has one of: the first task's has the plain name. */
export const ofTask = (volume: string, { position }: Pick<MappedTask, "position">): string => (position === 0 ? volume : `${volume}-${position}`);

/** In the group's order; the object's own is the first, and a main task. */
export function groupTasks(spec: ExecTaskSpec, objectName: string): readonly MappedTask[] {
  const own: MappedTask = { name: objectName, position: 0, container: containerName(objectName, 0), hook: "", sidecar: false, spec };
  const others = spec.tasks.map(({ name, lifecycle, ...fields }, i): MappedTask => {
    const hook = lifecycle?.hook ?? "";
    return { name, position: i + 1, container: containerName(name, i + 1), hook, sidecar: lifecycle?.sidecar === true && hook !== "poststop", spec: fields };
  });
  return [own, ...others];
}

export function checkGroup(tasks: readonly MappedTask[]): Refusal | undefined {
  const names = tasks.map(({ name }) => name);
  if (names.includes("alloc")) return { reason: "InvalidSpec", message: 'Task cannot be named "alloc"' };
  const twice = firstTwice(names);
  if (twice !== undefined) {
    return { reason: "InvalidSpec", message: `two tasks are named "${twice}"; the first task has the object's name, and each of the others needs one of its own` };
  }
  if (tasks.filter(({ spec }) => spec.leader).length > 1) return { reason: "InvalidSpec", message: "Only one task may be marked as leader" };
  return undefined;
}

/** Of a batch job the main tasks are done when they have ended well; of a service they are started again. */
export const runsToItsEnd = (type: JobType): boolean => type === "batch" || type === "sysbatch";

/** A main task or a sidecar runs on; any other task of a hook is done when it has ended well. */
export const isStartedAgain = ({ hook, sidecar }: MappedTask, type: JobType): boolean => sidecar || (hook === "" && !runsToItsEnd(type));

/** Kubernetes starts these before the main tasks: one after the other, and a sidecar runs on beside them. */
export const isInit = ({ hook }: MappedTask): boolean => hook === "prestart";

export function documentLifecycle({ hook, sidecar, spec }: MappedTask, tasks: readonly MappedTask[]): DocumentLifecycle {
  const group = tasks.length > 1 ? tasks : [];
  return {
    hook,
    sidecar,
    leader: spec.leader,
    mains: group.filter((task) => task.hook === "").map(({ name }) => name),
    leaderTask: group.find((task) => task.spec.leader)?.name ?? "",
  };
}

export const podTasks = (tasks: readonly MappedTask[]): readonly PodTask[] =>
  tasks.map(({ name, container, hook, sidecar }) => ({ task: name, container, hook, sidecar }));
