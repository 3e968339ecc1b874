/** @module What is between two jobs, as Nomad's API has it. Used by diff-jobs.ts and the bridge's plan. Source: github.com/hashicorp/nomad/api (MPL-2.0), jobs.go */

export type DiffType = "None" | "Added" | "Deleted" | "Edited";

/** Lists are null where nothing is in them, as Go writes them. */
export type FieldDiff = {
  readonly Type: DiffType;
  readonly Name: string;
  readonly Old: string;
  readonly New: string;
  readonly Annotations: readonly string[] | null;
};

export type ObjectDiff = {
  readonly Type: DiffType;
  readonly Name: string;
  readonly Fields: readonly FieldDiff[] | null;
  readonly Objects: readonly ObjectDiff[] | null;
};

export type TaskDiff = ObjectDiff & { readonly Annotations: readonly string[] | null };

export type TaskGroupDiff = ObjectDiff & {
  readonly Tasks: readonly TaskDiff[] | null;
  /** How many allocations are placed, stopped and so on; for the plan to fill in. */
  readonly Updates: Readonly<Record<string, number>> | null;
};

export type JobDiff = {
  readonly Type: DiffType;
  readonly ID: string;
  readonly Fields: readonly FieldDiff[] | null;
  readonly Objects: readonly ObjectDiff[] | null;
  readonly TaskGroups: readonly TaskGroupDiff[] | null;
};
