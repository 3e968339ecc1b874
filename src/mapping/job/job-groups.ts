/** @module A whole Nomad job as the groups that acceptGroup takes. Pure. Used by the controller, the bridge and convert. */
import { type ExecTask, execTaskSpec, type Finding } from "../../api/exec-task.ts";
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import type { JobGroup } from "../accepted-task.ts";
import { firstTwice, type Refusal } from "../refusal.ts";
import { groupVolumes } from "./job-volumes.ts";
import { type JobTask, jobTask } from "./job-task.ts";
import { type Mapped, mapAll, type MappedGroup, type MappedJob, mapped, refusedAt } from "./mapped-job.ts";

const MOST_ALLOCATIONS = 1000;
const NS_PER_SECOND = 1_000_000_000;

/** @param job the object's own `spec.job`, canonical */
export function jobGroups(object: NomadJob, job: JobSpec, _config: BridgeConfigSpec): MappedJob {
  const results = job.TaskGroups.map((group, i) => jobGroup(object, job, group, i));
  const refusal = checkJob(job) ?? results.find((result) => !result.ok)?.error;
  const groups = results.map((result, i): MappedGroup => {
    const { Name: name = "", Count: count = 0 } = job.TaskGroups[i] ?? {};
    if (refusal !== undefined) return { name, count, group: err(refusal), findings: [] };
    return result.ok ? { name, count, group: ok(result.value.value), findings: result.value.findings } : { name, count, group: result, findings: [] };
  });
  return { groups, findings: [] };
}

/** Undefined where the job can be mapped. */
export const refusalOf = ({ groups }: MappedJob): Refusal | undefined => groups.flatMap(({ group }) => (group.ok ? [] : [group.error]))[0];

function checkJob({ TaskGroups: groups }: JobSpec): Refusal | undefined {
  const twice = firstTwice(groups.map(({ Name }) => Name));
  if (twice === undefined) return undefined;
  const last = groups.findLastIndex(({ Name }) => Name === twice);
  return { reason: "JobRefused", message: `TaskGroups[${last}].Name: there are two groups named "${twice}"; give each a name of its own` };
}

function jobGroup(object: NomadJob, job: JobSpec, group: TaskGroup, position: number): Result<Mapped<JobGroup>, Refusal> {
  const path = `TaskGroups[${position}]`;
  if (group.Count > MOST_ALLOCATIONS) return refusedAt(`${path}.Count`, `${group.Count} allocations are more than the ${MOST_ALLOCATIONS} that one group may have`);
  const order = taskOrder(group);
  if (group.Tasks[order[0] ?? -1]?.Lifecycle !== null) return refusedAt(`${path}.Tasks`, `Task group ${group.Name} must have at least one main task`);
  const tasks = mapAll(order, (i) => {
    const task = group.Tasks[i];
    return task === undefined ? refusedAt(path, "has no such task") : jobTask(task, { job, group, path: `${path}.Tasks[${i}]`, payloadSecret: object.spec.payloadSecret });
  });
  if (!tasks.ok) return tasks;
  const spec = groupSpec(group, tasks.value.value, path);
  if (!spec.ok) return spec;
  const parsed = execTaskSpec.safeParse(spec.value.value);
  if (!parsed.success) return refusedAt(path, parsed.error.issues.map((issue) => `${jobPath(issue.path, order)}: ${issue.message}`).join("; "), "InvalidSpec");
  const source: JobGroup = {
    ...identityOf(object, job),
    group: group.Name,
    task: group.Tasks[order[0] ?? 0]?.Name ?? "",
    spec: spec.value.value,
    terms: { maxRunSeconds: Math.ceil((group.MaxRunDuration ?? 0) / NS_PER_SECOND) },
  };
  return mapped(source, [...tasks.value.findings, ...spec.value.findings]);
}

/** Positions in the job, with the group's first main task first: the spec's own fields are that task's. */
function taskOrder({ Tasks }: TaskGroup): readonly number[] {
  const positions = Tasks.map((_task, i) => i);
  const main = Tasks.findIndex(({ Lifecycle }) => Lifecycle === null);
  return main < 0 ? positions : [main, ...positions.filter((i) => i !== main)];
}

/** An ExecTask's path of one of the tasks, as the job has it. */
function jobPath(path: readonly PropertyKey[], order: readonly number[]): string {
  const [field, position, ...rest] = path;
  const inOther = field === "tasks" && typeof position === "number";
  return [`Tasks[${order[inOther ? position + 1 : 0] ?? 0}]`, ...(inOther ? rest : path)].map(String).join(".");
}

function groupSpec(group: TaskGroup, tasks: readonly JobTask[], path: string): Result<Mapped<ExecTask["spec"]>, Refusal> {
  const [own, ...others] = tasks;
  if (own === undefined) return refusedAt(`${path}.Tasks`, `Missing tasks for task group`);
  const volumes = groupVolumes(group, path);
  if (!volumes.ok) return volumes;
  const driver = sameOf(tasks, ({ driver: each }) => each, `${path}.Tasks`, "driver");
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
    ephemeralDisk: { size: Math.max(group.EphemeralDisk.SizeMB, 10) },
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
  if (!Sticky && !Migrate) return [];
  return [{ level: "lost", path: `${path}.EphemeralDisk`, message: "sticky and migrate do not exist here: a new allocation starts with empty directories; use a volume for what must stay" }];
}

function identityOf({ apiVersion, kind, metadata }: NomadJob, job: JobSpec) {
  return {
    owner: { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" },
    namespace: metadata.namespace ?? "default",
    jobId: job.ID,
    jobName: job.Name,
    jobType: job.Type,
    parentId: job.ParentID,
    jobVersion: (metadata.generation ?? 1) - 1,
  };
}
