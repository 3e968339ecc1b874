/** @module The jobs of a Nomad and what is left to do for them, as a value that every format shows: the shape of `assess -format=json`. */
import { type Grade, type GradedJob, GRADES } from "./grade-job.ts";

type JobGrade = GradedJob & { readonly id: string; readonly namespace: string; readonly type: string; readonly running: number };

export type AssessedJob = ({ readonly kind: "graded" } & JobGrade) | { readonly kind: "gone" } | ({ readonly kind: "unreadable" } & UnreadableJob);
type UnreadableJob = { readonly id: string; readonly namespace: string; readonly error: string };

/** One thing that several jobs need. */
export type SharedTask = {
  readonly severity: string;
  readonly message: string;
  readonly remedy: string;
  readonly jobs: number;
  /** Of the jobs, as "namespace/id": the first three. */
  readonly examples: readonly string[];
};

const MOST_EXAMPLES = 3;

export type Assessment = {
  /** Changes when the meaning of a member does; new members may come at any time. */
  readonly version: 1;
  readonly from: string;
  readonly config: string;
  readonly totals: Readonly<Record<Grade, number>> & {
    readonly jobs: number;
    /** Jobs that run as they are. */
    readonly run: number;
    readonly changes: number;
    readonly decisions: number;
    /** Made by periodic and parameterized jobs: not graded. */
    readonly children: number;
    /** Not graded, as nobody asked for them. */
    readonly stopped: number;
    /** Were listed, and had gone when they were read. */
    readonly gone: number;
  };
  /** What is lost, refused or to be decided, the most common first: done once, it helps so many jobs. */
  readonly tasks: readonly SharedTask[];
  readonly jobs: readonly JobGrade[];
  readonly unreadable: readonly UnreadableJob[];
};

type Inputs = { readonly from: string; readonly config: string; readonly jobs: readonly AssessedJob[]; readonly children: number; readonly stopped: number };

export function assessmentOf({ from, config, jobs, children, stopped }: Inputs): Assessment {
  const graded = jobs.flatMap((job) => (job.kind === "graded" ? [withoutKind(job)] : []));
  const unreadable = jobs.flatMap((job) => (job.kind === "unreadable" ? [withoutKind(job)] : []));
  const sum = (of: (job: JobGrade) => number) => graded.reduce((total, job) => total + of(job), 0);
  const count = (grade: Grade) => sum((job) => (job.grade === grade ? 1 : 0));
  const totals = {
    jobs: graded.length,
    lost: count("lost"),
    decision: count("decision"),
    weaker: count("weaker"),
    same: count("same"),
    run: sum(({ runs }) => (runs ? 1 : 0)),
    changes: sum(({ effort }) => effort.changes),
    decisions: sum(({ effort }) => effort.decisions),
    children,
    stopped,
    gone: jobs.filter(({ kind }) => kind === "gone").length,
  };
  const worstFirst = graded.toSorted((a, b) => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade) || b.effort.changes - a.effort.changes || b.effort.decisions - a.effort.decisions);
  return { version: 1, from, config, totals, tasks: sharedTasks(graded), jobs: worstFirst, unreadable };
}

function withoutKind<T extends { readonly kind: string }>({ kind: _kind, ...rest }: T): Omit<T, "kind"> {
  return rest;
}

const TOLD: readonly string[] = ["refused", "lost", "decision"];

/** Names of the jobs' own, in quotes, do not make two tasks of one. */
function sharedTasks(jobs: readonly JobGrade[]): readonly SharedTask[] {
  const tasks = new Map<string, SharedTask>();
  for (const { namespace, id, entries } of jobs) {
    const own = new Map(entries.filter(({ severity }) => TOLD.includes(severity)).map((entry) => [`${entry.severity}\0${entry.message.replace(/"[^"]*"/g, '"…"')}`, entry]));
    for (const [key, { severity, message, remedy }] of own) {
      const task = tasks.get(key) ?? { severity, message, remedy, jobs: 0, examples: [] };
      const examples = task.jobs < MOST_EXAMPLES ? [...task.examples, `${namespace}/${id}`] : task.examples;
      tasks.set(key, { ...task, jobs: task.jobs + 1, examples });
    }
  }
  return [...tasks.values()].toSorted((a, b) => b.jobs - a.jobs || (a.message < b.message ? -1 : 1));
}
