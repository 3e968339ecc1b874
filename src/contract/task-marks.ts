/**
 * @module What users have done to the tasks of a pod in place: restarts and signals, of which Kubernetes keeps no record. It is the JSON of one
 * annotation on the pod, which the bridge alone writes.
 */

import type { EndedRun } from "./frames.ts";

/**
 * `whom`: the one task that was named, all that ran, or all there are. Times are epoch ms; a restart is `done` when the task has started again, and
 * `ended` is the run that it has ended, where the launcher has told.
 */
export type TaskMark =
  | { readonly task: string; readonly kind: "restart"; readonly at: number; readonly done: number; readonly whom: "task" | "running" | "all"; readonly ended?: EndedRun }
  | { readonly task: string; readonly kind: "signal"; readonly at: number; readonly signal: string };

/** The newest marks, oldest first, and how often each task was restarted in all. */
export type TaskMarks = { readonly marks: readonly TaskMark[]; readonly restarts: Readonly<Record<string, number>> };

/** Nomad's clients are shown ten events of a task. */
const MAX_MARKS = 32;

const NONE: TaskMarks = { marks: [], restarts: {} };

/** What is not valid JSON of the right form says nothing. */
export function readTaskMarks(text: string | undefined): TaskMarks {
  if (text === undefined) return NONE;
  try {
    const { marks, restarts } = JSON.parse(text) as Partial<TaskMarks>;
    return Array.isArray(marks) && typeof restarts === "object" && restarts !== null ? { marks, restarts } : NONE;
  } catch {
    return NONE;
  }
}

export function withTaskMarks(before: TaskMarks, added: readonly TaskMark[]): TaskMarks {
  const restarts = { ...before.restarts };
  for (const { task, kind } of added) if (kind === "restart") restarts[task] = (restarts[task] ?? 0) + 1;
  return { marks: [...before.marks, ...added].toSorted((a, b) => a.at - b.at).slice(-MAX_MARKS), restarts };
}

export const writeTaskMarks = (marks: TaskMarks): string => JSON.stringify(marks);
