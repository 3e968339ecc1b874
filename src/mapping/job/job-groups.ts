/** @module A whole Nomad job as the groups that acceptGroup takes. Pure. Used by the controller, the bridge and convert. */
import { type ExecTask, execTaskSpec, type Finding } from "../../api/exec-task.ts";
import type { NomadJob } from "../../api/nomad-job.ts";
import type { BridgeConfigSpec } from "../../api/bridge-config.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import type { JobGroup } from "../accepted-task.ts";
import { firstTwice, type Refusal } from "../refusal.ts";
import { GROUP_FATES, JOB_FATES, judgeFields } from "./field-fates.ts";
import { groupSpec, jobPath, taskOrder } from "./group-spec.ts";
import { groupTerms } from "./group-terms.ts";
import { type JobTask, jobTask } from "./job-task.ts";
import type { MappedGroup, MappedJob } from "./mapped-job.ts";
import { type Mapped, mapAll, mapped, refusedAt } from "./mapped.ts";

const MOST_ALLOCATIONS = 1000;
/** All of a job's groups are looked at together, by each server, whenever anything about the job changes. */
const MOST_GROUPS = 250;
/** Each is computed anew for every launch. */
const MOST_CRONS = 100;

/**
 * @param job the object's own `spec.job`, canonical
 * @param _config the profiles are asked by acceptGroup; here for what a job may come to need of them
 */
export function jobGroups(object: NomadJob, job: JobSpec, _config: BridgeConfigSpec): MappedJob {
  const tooLarge = checkSize(job);
  if (tooLarge !== undefined) return { groups: job.TaskGroups.map(({ Name, Count }) => ({ name: Name, count: Count, group: err(tooLarge), findings: [] })), findings: [] };
  const judged = judgeFields(job, JOB_FATES, "");
  const results = job.TaskGroups.map((group, i) => jobGroup(object, job, group, i));
  const refusal = judged.refusal ?? checkJob(job) ?? results.find((result) => !result.ok)?.error;
  const groups = results.map((result, i): MappedGroup => {
    const { Name: name = "", Count: count = 0 } = job.TaskGroups[i] ?? {};
    if (refusal !== undefined || !result.ok) return { name, count, group: err(refusal ?? NEVER), findings: [] };
    return { name, count, group: ok(result.value.value), findings: result.value.findings.filter(isOfGroup) };
  });
  const ofJob = results.flatMap((result) => (refusal === undefined && result.ok ? result.value.findings.filter((finding) => !isOfGroup(finding)) : []));
  return { groups, findings: refusal === undefined ? unique([...judged.findings, ...ofJob]) : [] };
}

const NEVER: Refusal = { reason: "JobRefused", message: "one of the job's groups cannot be mapped" };

const isOfGroup = ({ path }: Finding): boolean => path.startsWith("TaskGroups[");

/** What the job says for all of its groups is told once. */
const unique = (findings: readonly Finding[]): readonly Finding[] => [...new Map(findings.map((finding) => [`${finding.path}\0${finding.message}`, finding])).values()];

/** Undefined where the job can be mapped. */
export const refusalOf = ({ groups }: MappedJob): Refusal | undefined => groups.flatMap(({ group }) => (group.ok ? [] : [group.error]))[0];

/** What would take everybody's time, before any of it is looked at. */
function checkSize({ TaskGroups: groups, Periodic: periodic }: JobSpec): Refusal | undefined {
  if (groups.length > MOST_GROUPS) return { reason: "JobRefused", message: `TaskGroups: ${groups.length} groups are more than the ${MOST_GROUPS} that one job may have; write several jobs` };
  const crons = periodic?.Specs.length ?? 0;
  return crons > MOST_CRONS ? { reason: "JobRefused", message: `Periodic.Specs: ${crons} expressions are more than the ${MOST_CRONS} that one job may have; write several jobs` } : undefined;
}

function checkJob({ TaskGroups: groups }: JobSpec): Refusal | undefined {
  const twice = firstTwice(groups.map(({ Name }) => Name));
  if (twice === undefined) return undefined;
  const last = groups.findLastIndex(({ Name }) => Name === twice);
  return { reason: "JobRefused", message: `TaskGroups[${last}].Name: there are two groups named "${twice}"; give each a name of its own` };
}

function jobGroup(object: NomadJob, job: JobSpec, group: TaskGroup, position: number): Result<Mapped<JobGroup>, Refusal> {
  const path = `TaskGroups[${position}]`;
  const judged = judgeFields(group, GROUP_FATES, `${path}.`);
  if (judged.refusal !== undefined) return err(judged.refusal);
  if (group.Count > MOST_ALLOCATIONS) return refusedAt(`${path}.Count`, `${group.Count} allocations are more than the ${MOST_ALLOCATIONS} that one group may have`);
  const order = taskOrder(group);
  const [first] = order;
  const own = first === undefined ? undefined : group.Tasks[first];
  if (own?.Lifecycle !== null) return refusedAt(`${path}.Tasks`, `Task group ${group.Name} must have at least one main task`);
  const tasks = groupTasks(object, job, group, path);
  if (!tasks.ok) return tasks;
  const terms = groupTerms(job, group, tasks.value.value, path);
  if (!terms.ok) return terms;
  const spec = groupSpec(group, tasks.value.value, path);
  if (!spec.ok) return spec;
  const problem = specProblem(spec.value.value, order);
  if (problem !== undefined) return refusedAt(path, problem, "InvalidSpec");
  const source: JobGroup = { ...identityOf(object, job), group: group.Name, task: own.Name, spec: spec.value.value, terms: terms.value.value };
  return mapped(source, [...judged.findings, ...tasks.value.findings, ...terms.value.findings, ...spec.value.findings]);
}

/** In the spec's order. */
function groupTasks(object: NomadJob, job: JobSpec, group: TaskGroup, path: string): Result<Mapped<readonly JobTask[]>, Refusal> {
  const { payloadSecret } = object.spec;
  return mapAll(taskOrder(group), (i) => {
    const task = group.Tasks[i];
    return task === undefined ? refusedAt(path, "has no such task") : jobTask(task, { job, group, path: `${path}.Tasks[${i}]`, payloadSecret });
  });
}

/** What the schema of an ExecTask has against it, under the job's own paths. */
function specProblem(spec: ExecTask["spec"], order: readonly number[]): string | undefined {
  const parsed = execTaskSpec.safeParse(spec);
  return parsed.success ? undefined : parsed.error.issues.map((issue) => `${jobPath(issue.path, order)}: ${issue.message}`).join("; ");
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
