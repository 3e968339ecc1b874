/** @module What a plan says has changed: as much of Nomad's JobDiff as its clients need for their exit code, and what will be done to each group. */
import { isDeepStrictEqual } from "node:util";
import type { DesiredUpdates } from "../../nomad/api-types.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";

type DiffType = "None" | "Added" | "Deleted" | "Edited";
type Updates = Readonly<Record<string, DesiredUpdates>> | undefined;

export function jobDiff(before: JobSpec | undefined, after: JobSpec, updates: Updates) {
  const names = [...new Set([...(before?.TaskGroups ?? []), ...after.TaskGroups].map(({ Name }) => Name))];
  const groupOf = (job: JobSpec | undefined, name: string) => job?.TaskGroups.find(({ Name }) => Name === name);
  return {
    Type: diffType(before, after),
    ID: after.ID,
    Fields: null,
    Objects: null,
    TaskGroups: names.map((name) => groupDiff(groupOf(before, name), groupOf(after, name), { name, updates })),
  };
}

function groupDiff(before: TaskGroup | undefined, after: TaskGroup | undefined, { name, updates }: { readonly name: string; readonly updates: Updates }) {
  const Updates = updatesOf(updates?.[name]);
  return { Type: diffType(before, after), Name: name, Fields: null, Objects: null, Tasks: null, Updates };
}

function diffType(before: unknown, after: unknown): DiffType {
  if (before === undefined) return "Added";
  if (after === undefined) return "Deleted";
  return isDeepStrictEqual(before, after) ? "None" : "Edited";
}

const UPDATE_NAMES = {
  Ignore: "ignore",
  Place: "create",
  Migrate: "migrate",
  Stop: "destroy",
  InPlaceUpdate: "in-place update",
  DestructiveUpdate: "create/destroy update",
  Canary: "canary",
  Preemptions: "preemptions",
} as const satisfies Partial<Record<keyof DesiredUpdates, string>>;

/** In the words that the CLI prints. */
function updatesOf(updates: DesiredUpdates | undefined): Readonly<Record<string, number>> | null {
  if (updates === undefined) return null;
  const named = Object.entries(UPDATE_NAMES).flatMap(([field, name]) => {
    const count = updates[field as keyof typeof UPDATE_NAMES];
    return count > 0 ? [[name, count] as const] : [];
  });
  return named.length === 0 ? null : Object.fromEntries(named);
}
