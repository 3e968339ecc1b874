/**
 * @module What a Nomad 1.11.2 agent showed in plans of jobs that differ from a stored one at one place, against our diff. Each row of the file says
 * which value of which job is replaced, and the diff as lines. The constraints that Nomad's servers add to groups by themselves are not in it: we add none.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { plannedDiff } from "../../../../src/bridge/jobs/job-diff.ts";
import { withKnownPolicies } from "../../../../src/bridge/jobs/scaling-policies.ts";
import type { JobSpec } from "../../../../src/nomad/job.ts";
import { canonicalise } from "../../../../src/nomad/jobspec/canonicalise.ts";
import { decodeJob } from "../../../../src/nomad/jobspec/decode-job.ts";
import type { FieldDiff, JobDiff, ObjectDiff, TaskDiff, TaskGroupDiff } from "../../../../src/nomad/jobspec/diff/diff-types.ts";

type Answer = { readonly name: string; readonly of: string; readonly isNew?: boolean; readonly path: string; readonly value?: unknown; readonly diff: readonly string[] };

const RECORDED = JSON.parse(readFileSync(new URL("../../../golden/plan/answers.json", import.meta.url), "utf8")) as {
  readonly jobs: Readonly<Record<string, unknown>>;
  readonly answers: readonly Answer[];
};

function specOf(json: unknown): JobSpec {
  const decoded = decodeJob(json);
  if (!decoded.ok) throw new Error(decoded.error);
  return canonicalise(decoded.value).spec;
}

/** A copy with the value at the path replaced; undefined takes it away. */
function replaced(job: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inside = replaced((job as Readonly<Record<string, unknown>>)[key], rest, value);
  if (Array.isArray(job)) return job.toSpliced(Number(key), 1, inside);
  const others = Object.entries(job as object).filter(([name]) => name !== key);
  return Object.fromEntries(inside === undefined ? others : [...others, [key, inside]]);
}

function planOf({ of, isNew, path, value }: Answer): JobDiff {
  const before = RECORDED.jobs[of];
  if (isNew === true) return plannedDiff(undefined, specOf({ ...(before as object), ID: `${of}-new` }), undefined);
  const stored = specOf(before);
  const next = specOf(replaced(before, path.split(".").filter((key) => key !== ""), value));
  return plannedDiff(stored, withKnownPolicies(next, { spec: stored, stop: false, uid: "uid" }), undefined);
}

type Diff = { readonly Type: string; readonly Name?: string; readonly ID?: string; readonly Annotations?: readonly string[] | null; readonly Fields: readonly FieldDiff[] | null };
type Inside = Partial<Pick<JobDiff, "TaskGroups"> & Pick<TaskGroupDiff, "Tasks">> & { readonly Objects: readonly ObjectDiff[] | null };

const noted = (annotations: readonly string[] | null | undefined): string => (annotations === null || annotations === undefined ? "" : ` ${annotations.join(", ")}`);

function linesOf(diff: Diff & Inside, indent = ""): readonly string[] {
  const inside: readonly (Diff & Inside)[] = [...(diff.Objects ?? []), ...(diff.TaskGroups ?? []), ...(diff.Tasks ?? ([] as readonly TaskDiff[]))];
  return [
    `${indent}${diff.Type} ${diff.Name ?? diff.ID ?? ""}${noted(diff.Annotations)}`,
    ...(diff.Fields ?? []).map((field) => `${indent} .${field.Type} ${field.Name} ${JSON.stringify(field.Old)} ${JSON.stringify(field.New)}${noted(field.Annotations)}`),
    ...inside.flatMap((each) => linesOf(each, `${indent}  `)),
  ];
}

describe("a plan's diff beside a Nomad agent's", () => {
  it.each(RECORDED.answers.map((answer) => [answer.name, answer] as const))("shows alike: %s", (_, answer) => {
    expect(linesOf(planOf(answer))).toEqual(answer.diff);
  });
});
