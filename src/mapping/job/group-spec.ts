/** @module A group and its tasks as one ExecTask's spec: the first main task is its own, the others stand beside it. Used by job-groups.ts. */
import type { ExecTask, Finding } from "../../api/exec-task.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { TaskGroup } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import type { JobTask } from "./job-task.ts";
import { groupVolumes } from "./job-volumes.ts";
import { findingIf, type Mapped, mapped, refusedAt } from "./mapped.ts";

const SMALLEST_DISK_MB = 10;

/** Positions in the job, with the group's first main task first: the spec's own fields are that task's. */
export function taskOrder({ Tasks }: TaskGroup): readonly number[] {
  const positions = Tasks.map((_task, i) => i);
  const main = Tasks.findIndex(({ Lifecycle }) => Lifecycle === null);
  return main < 0 ? positions : [main, ...positions.filter((i) => i !== main)];
}

/** A path in the spec as the job has it. */
export function jobPath(path: readonly PropertyKey[], order: readonly number[]): string {
  const [field, position, ...rest] = path;
  const inOther = field === "tasks" && typeof position === "number";
  return [`Tasks[${order[inOther ? position + 1 : 0] ?? 0}]`, ...(inOther ? rest : path)].map(String).join(".");
}

/** @param tasks in the spec's order */
export function groupSpec(group: TaskGroup, tasks: readonly JobTask[], path: string): Result<Mapped<ExecTask["spec"]>, Refusal> {
  const [own, ...others] = tasks;
  if (own === undefined) return refusedAt(`${path}.Tasks`, "Missing tasks for task group");
  const volumes = groupVolumes(group, path);
  if (!volumes.ok) return volumes;
  const driver = sameOf(tasks, (task) => task.driver, `${path}.Tasks`, "driver");
  if (!driver.ok) return driver;
  const pidMode = sameOf(tasks, ({ config }) => config.pidMode, `${path}.Tasks`, "pid_mode");
  if (!pidMode.ok) return pidMode;
  const ipcMode = sameOf(tasks, ({ config }) => config.ipcMode, `${path}.Tasks`, "ipc_mode");
  if (!ipcMode.ok) return ipcMode;
  const { name: _name, lifecycle: _lifecycle, ...ownFields } = own.input;
  const spec: ExecTask["spec"] = {
    ...ownFields,
    driver: driver.value,
    ...(pidMode.value === "" ? {} : { pidMode: pidMode.value }),
    ...(ipcMode.value === "" ? {} : { ipcMode: ipcMode.value }),
    count: group.Count,
    volumes: [...volumes.value.value],
    ephemeralDisk: { size: Math.max(group.EphemeralDisk.SizeMB, SMALLEST_DISK_MB) },
    tasks: others.map(({ input }) => input),
  };
  return mapped(spec, [...volumes.value.findings, ...diskFindings(group, path)]);
}

/** What a pod has one of, and Nomad one for each task. */
function sameOf<T extends string>(tasks: readonly JobTask[], read: (task: JobTask) => T, path: string, name: string): Result<T, Refusal> {
  const [first, other] = [...new Set(tasks.map(read))];
  if (first === undefined) return refusedAt(path, "Missing tasks for task group");
  if (other === undefined) return ok(first);
  return refusedAt(path, `the tasks of a group share one pod, which has one ${name}: write the same for each task ("${first}" or "${other}"), or put them into groups of their own`);
}

function diskFindings({ EphemeralDisk: { Sticky, Migrate } }: TaskGroup, path: string): readonly Finding[] {
  return findingIf(Sticky || Migrate, "lost", `${path}.EphemeralDisk`, "sticky and migrate do not exist here: a new allocation starts with empty directories; use a volume for what must stay");
}
