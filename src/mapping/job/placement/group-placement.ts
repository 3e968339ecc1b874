/** @module What a job says of the nodes that a group may be on, gathered from job, group and tasks. */
import type { Finding } from "../../../api/exec-task.ts";
import type { Result } from "../../../lib/result.ts";
import type { Affinity, Constraint, JobSpec, TaskGroup } from "../../../nomad/job.ts";
import type { Refusal } from "../../refusal.ts";
import { findingIf, type Mapped, mapped, refusedAt } from "../mapped.ts";
import { constraintProblem, isDistinct } from "./constraints.ts";
import { topologyLabel } from "./topology.ts";

export type Placement = {
  /** Globs. */
  readonly datacenters: readonly string[];
  readonly pool: string;
  /** Those that each node can answer. */
  readonly constraints: readonly Constraint[];
  readonly affinities: readonly Affinity[];
  /** Labels of nodes, that allocations of the group are spread over. */
  readonly spreads: readonly string[];
  /** No two allocations on nodes with the same value of the label. */
  readonly apart: readonly { readonly label: string; readonly scope: "group" | "job" }[];
  /** Names of all groups of the job. */
  readonly groups: readonly string[];
};

const HOSTNAME = "${node.unique.name}";

type Written<T> = { readonly item: T; readonly path: string; readonly scope: "group" | "job" };

export function groupPlacement(job: JobSpec, group: TaskGroup, path: string): Result<Mapped<Placement>, Refusal> {
  const constraints = written(job, group, path, "Constraints");
  for (const { item, path: at } of constraints) {
    const problem = constraintProblem(item);
    if (problem !== undefined) return refusedAt(at, problem);
  }
  const apart = constraints.filter(({ item }) => isDistinct(item)).map(apartOf);
  const spreads = [...job.Spreads.map((item, i) => ({ item, path: `Spreads[${i}]` })), ...group.Spreads.map((item, i) => ({ item, path: `${path}.Spreads[${i}]` }))];
  const affinities = written(job, group, path, "Affinities");
  const badAffinity = affinities.find(({ item }) => constraintProblem(item) !== undefined);
  if (badAffinity !== undefined) return refusedAt(badAffinity.path, constraintProblem(badAffinity.item) ?? "");
  const placement: Placement = {
    datacenters: job.Datacenters,
    pool: job.NodePool,
    constraints: constraints.filter(({ item }) => !isDistinct(item)).map(({ item }) => item),
    affinities: affinities.map(({ item }) => item),
    spreads: [...new Set(spreads.flatMap(({ item }) => topologyLabel(item.Attribute) ?? []))],
    apart: apart.flatMap(({ value }) => value ?? []),
    groups: job.TaskGroups.map(({ Name }) => Name),
  };
  const spreadFindings = spreads.flatMap(({ item, path: at }) => [
    ...findingIf(topologyLabel(item.Attribute) === undefined, "lost", `${at}.Attribute`, `"${item.Attribute.slice(0, 100)}" is no label of a node, and Kubernetes spreads by labels alone; use a label as \${meta.<label>}`),
    ...findingIf(item.SpreadTarget.length > 0, "weaker", `${at}.SpreadTarget`, "Kubernetes spreads evenly, whatever the percentages say"),
  ]);
  return mapped(placement, [...apart.flatMap(({ findings }) => findings), ...spreadFindings]);
}

function written<F extends "Constraints" | "Affinities">(job: JobSpec, group: TaskGroup, path: string, field: F): readonly Written<JobSpec[F][number]>[] {
  const at = (items: readonly JobSpec[F][number][], where: string, scope: "group" | "job") => items.map((item, i) => ({ item, path: `${where}${field}[${i}]`, scope }));
  return [
    ...at(job[field] as readonly JobSpec[F][number][], "", "job"),
    ...at(group[field] as readonly JobSpec[F][number][], `${path}.`, "group"),
    ...group.Tasks.flatMap((task, i) => at(task[field] as readonly JobSpec[F][number][], `${path}.Tasks[${i}].`, "group")),
  ];
}

function apartOf({ item, path, scope }: Written<Constraint>): { readonly value?: Placement["apart"][number]; readonly findings: readonly Finding[] } {
  if (item.Operand === "distinct_hosts") return item.RTarget === "false" ? { findings: [] } : { value: { label: topologyLabel(HOSTNAME) ?? "", scope }, findings: [] };
  const label = topologyLabel(item.LTarget);
  if (label === undefined) {
    return { findings: [{ level: "lost", path, message: `"${item.LTarget.slice(0, 100)}" is no label of a node, and Kubernetes keeps pods apart by labels alone; use a label as \${meta.<label>}` }] };
  }
  const limit = item.RTarget === "" ? 1 : Number(item.RTarget);
  return { value: { label, scope }, findings: findingIf(limit > 1, "decision", path, `one allocation is placed for each value and not ${limit}: Kubernetes counts no higher`) };
}
