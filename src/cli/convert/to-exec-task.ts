/** @module The groups of a Nomad job as ExecTasks, and what an ExecTask has no words for. Used by convert. */
import { API_VERSION, type ExecTask } from "../../api/exec-task.ts";
import type { JobGroup } from "../../mapping/accepted-task.ts";
import { taskOrder } from "../../mapping/job/group-spec.ts";
import { isSubdomain } from "../../mapping/object-names.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import { DEFAULT_UPDATE, defaultReschedule } from "../../nomad/jobspec/default-policies.ts";
import type { Made, Observed } from "./report.ts";

const REMEDY = "use -to=nomadjob, which keeps it";

/** Only groups that lose nothing become one: the others have at least one finding that says what would be lost. @param observed of the whole job */
export function execTasksOf(job: JobSpec, { groups, datacenter }: { readonly groups: readonly JobGroup[]; readonly datacenter: string }, observed: readonly Observed[]): Made {
  const ofJob = jobLosses(job, datacenter);
  const losses = job.TaskGroups.map((group, i) => groupLosses(job, group, `TaskGroups[${i}]`));
  const names = job.TaskGroups.map((group) => nameOf(job, group));
  const isLossless = (i: number) => ofJob.length === 0 && losses[i]?.length === 0;
  const objects = groups.flatMap((group, i) => (isLossless(i) ? [execTask(group, names[i] ?? group.jobId)] : []));
  const renamed = job.TaskGroups.flatMap((group, i) => (isLossless(i) ? renames(group, names[i] ?? "", `TaskGroups[${i}]`) : []));
  return { objects, observed: [...observed, ...ofJob, ...losses.flat(), ...renamed] };
}

/** The names of an allocation, of NOMAD_ variables and of alloc exec -task. */
function renames(group: TaskGroup, name: string, path: string): readonly Observed[] {
  const first = taskOrder(group)[0] ?? 0;
  const renamed = (at: string, what: string, from: string): readonly Observed[] =>
    from === name ? [] : [{ level: "weaker", path: at, message: `the ${what} "${from}" is called "${name}", as the object is`, remedy: "use the new name in alloc exec and alloc logs, and where a task reads it from its environment" }];
  return [...renamed(`${path}.Name`, "group", group.Name), ...renamed(`${path}.Tasks[${first}].Name`, "task", group.Tasks[first]?.Name ?? "")];
}

/** An ExecTask is a job, a group and a task of one name. */
const nameOf = ({ ID, TaskGroups }: JobSpec, { Name }: TaskGroup): string => (TaskGroups.length === 1 ? ID : `${ID}-${Name}`);

function execTask({ namespace, spec }: JobGroup, name: string): ExecTask {
  return { apiVersion: API_VERSION, kind: "ExecTask", metadata: { name, namespace }, spec: withoutEmpty(spec) };
}

/** What an ExecTask has anyway where it does not say. */
function withoutEmpty(spec: ExecTask["spec"]): ExecTask["spec"] {
  const isEmpty = (value: unknown) => value === undefined || value === "" || (typeof value === "object" && value !== null && Object.keys(value).length === 0);
  const own = <T extends object>(fields: T): T => Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value))) as T;
  return { ...own(spec), ...(spec.tasks === undefined || spec.tasks.length === 0 ? {} : { tasks: spec.tasks.map(own) }) };
}

const lost = (path: string, message: string, remedy = REMEDY): Observed => ({ level: "lost", path, message: `${message}, and no ExecTask is made`, remedy });
const lostIf = (condition: boolean, path: string, message: string): readonly Observed[] => (condition ? [lost(path, message)] : []);

/** @param datacenter of nodes without a label for it */
function jobLosses(job: JobSpec, datacenter: string): readonly Observed[] {
  return [
    ...lostIf(job.Type !== "service", "Type", `an ExecTask is a job of type service, and this one is of type ${job.Type}`),
    ...lostIf(job.Periodic !== null, "Periodic", "an ExecTask cannot be launched by the clock"),
    ...lostIf(job.ParameterizedJob !== null, "ParameterizedJob", "an ExecTask cannot be dispatched"),
    ...lostIf(job.Constraints.length > 0, "Constraints", "an ExecTask has no constraints"),
    ...lostIf(job.Affinities.length > 0, "Affinities", "an ExecTask has no affinities"),
    ...lostIf(job.Spreads.length > 0, "Spreads", "an ExecTask has no spreads"),
    ...lostIf(!job.Datacenters.some((each) => each === "*" || each === datacenter), "Datacenters", "an ExecTask names no datacenters"),
    ...lostIf(!["", "default", "all"].includes(job.NodePool), "NodePool", "an ExecTask names no node pool"),
    ...lostIf(job.Name !== job.ID, "Name", "an ExecTask has one name, that of its ID"),
  ];
}

function groupLosses(job: JobSpec, group: TaskGroup, path: string): readonly Observed[] {
  const name = nameOf(job, group);
  return [
    ...lostIf(!isSubdomain(name), `${path}.Name`, `"${name}" is no name of an object in Kubernetes`),
    ...lostIf(group.Constraints.length > 0, `${path}.Constraints`, "an ExecTask has no constraints"),
    ...lostIf(group.Affinities.length > 0, `${path}.Affinities`, "an ExecTask has no affinities"),
    ...lostIf(group.Spreads.length > 0, `${path}.Spreads`, "an ExecTask has no spreads"),
    ...lostIf(group.Networks.length > 0, `${path}.Networks`, "an ExecTask has no network block and no ports"),
    ...lostIf(group.Services.length > 0, `${path}.Services`, "an ExecTask has no services and no checks"),
    ...lostIf(group.Scaling !== null, `${path}.Scaling`, "an ExecTask has no bounds for its count"),
    ...lostIf(differs(group.Update, DEFAULT_UPDATE), `${path}.Update`, "an ExecTask is updated one allocation at a time, without canaries and without going back"),
    ...lostIf(differs(group.ReschedulePolicy, defaultReschedule("service")), `${path}.ReschedulePolicy`, "an ExecTask is rescheduled without end, after 30 s at first and an hour at last"),
    ...lostIf(group.Disconnect !== null || group.PreventRescheduleOnLost === true, `${path}.Disconnect`, "an ExecTask has no rules for nodes that are not heard of"),
    ...lostIf((group.MaxRunDuration ?? 0) > 0, `${path}.MaxRunDuration`, "an ExecTask has no max_run_duration"),
    ...group.Tasks.flatMap((task, i) => [
      ...lostIf(task.Driver === "docker", `${path}.Tasks[${i}].Driver`, "an ExecTask has the driver exec or raw_exec"),
      ...lostIf(task.Services.length > 0, `${path}.Tasks[${i}].Services`, "an ExecTask has no services and no checks"),
      ...lostIf(task.Constraints.length + task.Affinities.length > 0, `${path}.Tasks[${i}].Constraints`, "an ExecTask has no constraints and no affinities"),
      ...lostIf(task.Actions.length > 0, `${path}.Tasks[${i}].Actions`, "an ExecTask has no actions"),
    ]),
  ];
}

/** Whether it says other than Nomad itself does where a job has no such block: that is what an ExecTask gets. */
const differs = <T extends object>(own: T | null, usual: T): boolean => own !== null && Object.entries(usual).some(([key, value]) => own[key as keyof T] !== value);
