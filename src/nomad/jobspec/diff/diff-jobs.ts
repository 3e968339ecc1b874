/**
 * @module What is between two versions of a job, as `job plan` and `job history -p` show it. Used by the bridge. Allocations and the
 * numbers of updates are the plan's.
 */
import { assertNever } from "../../../lib/result.ts";
import type { JobSpec, Task, TaskGroup } from "../../job.ts";
import { diffStructs, orNull, typeOf } from "./diff-structs.ts";
import type { DiffType, FieldDiff, JobDiff, TaskDiff, TaskGroupDiff } from "./diff-types.ts";

/** Not looked at: the job's identity, what groups have by themselves, and a payload, which is a secret. */
const JOB_WITHOUT = ["ID", "TaskGroups", "Update", "Payload", "DispatchIdempotencyToken", "Dispatched"];

/**
 * Undefined is a job that does not exist. Groups and tasks without a difference are there as "None", as clients show them too; fields and
 * objects without one are not.
 */
export function diffJobs(old: JobSpec | undefined, next: JobSpec | undefined): JobDiff {
  const { fields, objects } = diffStructs("Job", old, next, JOB_WITHOUT);
  const groups = byKey(old?.TaskGroups ?? [], next?.TaskGroups ?? []).map(([before, after]) => diffGroup(before, after));
  const differs = fields.length + objects.length > 0 || groups.some(({ Type }) => Type !== "None");
  return {
    Type: wholeType(old, next, differs),
    ID: next?.ID ?? old?.ID ?? "",
    Fields: orNull(fields),
    Objects: orNull(objects),
    TaskGroups: orNull(groups),
  };
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
  const { fields, objects } = diffStructs("TaskGroup", old, next, ["Name", "Tasks"]);
  const group = old === undefined || next === undefined ? typeOf(old, next) : "Edited";
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

function diffTask(old: Task | undefined, next: Task | undefined, group: DiffType): TaskDiff {
  const { fields, objects } = diffStructs("Task", old, next, ["Name"]);
  const task = {
    Type: wholeType(old, next, fields.length + objects.length > 0),
    Name: next?.Name ?? old?.Name ?? "",
    Fields: orNull(fields),
    Objects: orNull(objects),
  };
  return { ...task, Annotations: annotationsOf(task, group) };
}

/** The changes of a task that its allocations live through. */
const IN_PLACE_FIELDS = new Set(["KillTimeout"]);
const IN_PLACE_OBJECTS = new Set(["LogConfig", "Service", "Constraint"]);

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
