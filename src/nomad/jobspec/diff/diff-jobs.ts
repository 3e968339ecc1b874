/**
 * @module What is between two versions of a job, as `job plan` and `job history -p` show it. Used by the bridge. Allocations and the
 * numbers of updates are the plan's.
 */
import { canonicalJson } from "../../../lib/canonical-json.ts";
import { assertNever } from "../../../lib/result.ts";
import type { JobSpec, Service, Task, TaskGroup } from "../../job.ts";
import { diffFields, diffParts, orNull, typeOf } from "./diff-objects.ts";
import { GROUP_SHAPE, JOB_SHAPE, TASK_SHAPE } from "./diff-shapes.ts";
import type { DiffType, FieldDiff, JobDiff, TaskDiff, TaskGroupDiff } from "./diff-types.ts";

/**
 * Undefined is a job that does not exist. Groups and tasks without a difference are there as "None", as clients show them too; fields and
 * objects without one are there only beside others of their object that have one.
 */
export function diffJobs(old: DiffedJob | undefined, next: DiffedJob | undefined): JobDiff {
  const [before, after] = [shown(old), shown(next)];
  const fields = diffFields(JOB_SHAPE, [before, after], false);
  const objects = diffParts(JOB_SHAPE, [before, after], false);
  const groups = byKey(before?.TaskGroups ?? [], after?.TaskGroups ?? []).map(([left, right]) => diffGroup(left, right));
  const differs = fields.length + objects.length > 0 || groups.some(({ Type }) => Type !== "None");
  return {
    Type: wholeType(old, next, differs),
    ID: next?.ID ?? old?.ID ?? "",
    Fields: orNull(fields),
    Objects: orNull(objects),
    TaskGroups: orNull(groups),
  };
}

/** What a history shows: only a plan says what a change does to allocations. */
export function withoutAnnotations(diff: JobDiff): JobDiff {
  const plain = <T extends { readonly Annotations: readonly string[] | null }>(part: T): T => ({ ...part, Annotations: null });
  const groups = diff.TaskGroups?.map((group) => ({ ...group, Fields: group.Fields?.map(plain) ?? null, Tasks: group.Tasks?.map(plain) ?? null }));
  return { ...diff, TaskGroups: groups ?? null };
}

/** One that does not say so is not stopped. */
export type DiffedJob = JobSpec & { readonly Stop?: boolean };

/** What Nomad's own jobs have beside ours: whether they are stopped, and services their namespace. */
function shown(job: DiffedJob | undefined): DiffedJob | undefined {
  if (job === undefined) return undefined;
  const inNamespace = (services: readonly Service[]) => services.map((service) => ({ ...service, Namespace: job.Namespace }));
  const groups = job.TaskGroups.map((group) => ({
    ...group,
    PreventRescheduleOnLost: group.PreventRescheduleOnLost ?? false,
    Services: inNamespace(group.Services),
    Tasks: group.Tasks.map((task) => ({ ...task, Services: inNamespace(task.Services) })),
  }));
  return { ...job, Stop: job.Stop ?? false, TaskGroups: groups };
}

/** One that is there on one side only is added or deleted, whether or not there is anything in it. */
function wholeType(old: unknown, next: unknown, differs: boolean): DiffType {
  if (old === undefined && next === undefined) return "None";
  const type = typeOf(old, next);
  return type === "Edited" && !differs ? "None" : type;
}

function byKey<T extends { readonly Name: string }>(old: readonly T[], next: readonly T[]): readonly (readonly [T | undefined, T | undefined])[] {
  const before = new Map(old.map((item) => [item.Name, item]));
  const after = new Map(next.map((item) => [item.Name, item]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().map((name) => [before.get(name), after.get(name)] as const);
}

function diffGroup(old: TaskGroup | undefined, next: TaskGroup | undefined): TaskGroupDiff {
  // Of a group that is new or gone Nomad does not tell the delay.
  const isEdited = old !== undefined && next !== undefined;
  const fields = diffFields(GROUP_SHAPE, [old, next], false).filter(({ Name }) => isEdited || Name !== "ShutdownDelay");
  const objects = diffParts(GROUP_SHAPE, [old, next], false);
  const group = isEdited ? "Edited" : typeOf(old, next);
  const tasks = byKey(old?.Tasks ?? [], next?.Tasks ?? []).map(([before, after]) => diffTask(before, after, group));
  const differs = fields.length + objects.length > 0 || tasks.some(({ Type }) => Type !== "None");
  return {
    Type: wholeType(old, next, differs),
    Name: next?.Name ?? old?.Name ?? "",
    Fields: orNull(fields.map(annotateCount)),
    Objects: orNull(objects),
    Tasks: orNull(tasks),
    Updates: null,
  };
}

/** More of a group are created, fewer are destroyed. */
function annotateCount(field: FieldDiff): FieldDiff {
  if (field.Name !== "Count") return field;
  return { ...field, Annotations: [Number(field.New) > Number(field.Old) ? "forces create" : "forces destroy"] };
}

/** A task may have changed in what is not shown. */
function diffTask(old: Task | undefined, next: Task | undefined, group: DiffType): TaskDiff {
  const task = {
    Type: wholeType(old, next, canonicalJson(old ?? null) !== canonicalJson(next ?? null)),
    Name: next?.Name ?? old?.Name ?? "",
    Fields: orNull(diffFields(TASK_SHAPE, [old, next], false)),
    Objects: orNull(diffParts(TASK_SHAPE, [old, next], false)),
  };
  return { ...task, Annotations: annotationsOf(task, group) };
}

/** The changes of a task that its allocations live through. */
const IN_PLACE_FIELDS = new Set(["KillTimeout"]);
const IN_PLACE_OBJECTS = new Set(["Service", "Constraint"]);

function annotationsOf({ Type, Fields, Objects }: Pick<TaskDiff, "Type" | "Fields" | "Objects">, group: DiffType): readonly string[] | null {
  const inPlace = (Fields ?? []).every(({ Name }) => IN_PLACE_FIELDS.has(Name)) && (Objects ?? []).every(({ Name }) => IN_PLACE_OBJECTS.has(Name));
  switch (Type) {
    case "None":
      return null;
    case "Added":
      return [group === "Edited" ? "forces create/destroy update" : "forces create"];
    case "Deleted":
      return [group === "Edited" ? "forces create/destroy update" : "forces destroy"];
    case "Edited":
      return [inPlace ? "forces in-place update" : "forces create/destroy update"];
    default:
      return assertNever(Type, "annotationsOf");
  }
}
