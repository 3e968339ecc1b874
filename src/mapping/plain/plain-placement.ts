/** @module Where the pods of a group may run, as far as labels that every cluster has can say it. */
import type { Finding } from "../../api/exec-task.ts";
import type { Constraint } from "../../nomad/job.ts";
import type { Plain, PlainGroup } from "./plain-group.ts";

/** What an attribute is called on every node of Kubernetes. */
const LABELS: Readonly<Record<string, string>> = {
  "${attr.kernel.name}": "kubernetes.io/os",
  "${attr.cpu.arch}": "kubernetes.io/arch",
  "${attr.unique.hostname}": "kubernetes.io/hostname",
  "${node.unique.name}": "kubernetes.io/hostname",
};

const HOSTNAME = "kubernetes.io/hostname";

export function plainPlacement(group: PlainGroup): Plain<object> {
  const { job, path } = group;
  const nodeSelector: Record<string, string> = {};
  const findings: Finding[] = [];
  let distinct = false;
  for (const [constraint, at] of constraintsOf(group)) {
    const label = LABELS[constraint.LTarget];
    if (constraint.Operand === "distinct_hosts") distinct = distinct || constraint.RTarget !== "false";
    else if (label !== undefined && ["=", "==", "is"].includes(constraint.Operand) && nodeSelector[label] === undefined) nodeSelector[label] = constraint.RTarget;
    else findings.push({ level: "lost", path: at, message: "is not asked of the nodes here: label them, and write nodeAffinity with that label" });
  }
  if (!job.Datacenters.includes("*")) findings.push({ level: "lost", path: "Datacenters", message: "nodes have no datacenter here: label them, and write nodeSelector" });
  if (!["", "default", "all"].includes(job.NodePool)) findings.push({ level: "lost", path: "NodePool", message: "nodes have no pool here: label them, and write nodeSelector" });
  for (const [what, at] of softOf(group)) findings.push({ level: "lost", path: at, message: `${what} not asked here: write ${what === "an affinity is" ? "preferred nodeAffinity" : "topologySpreadConstraints"}` });
  if (distinct && group.job.Type === "batch") findings.push({ level: "equivalent", path: `${path}.Constraints`, message: "distinct_hosts is an anti-affinity of the pods" });
  const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: group.labels }, topologyKey: HOSTNAME }] } };
  return { value: { ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector }), ...(distinct ? { affinity } : {}) }, findings };
}

function constraintsOf({ job, group, path }: PlainGroup): readonly (readonly [Constraint, string])[] {
  return [
    ...job.Constraints.map((each, i) => [each, `Constraints[${i}]`] as const),
    ...group.Constraints.map((each, i) => [each, `${path}.Constraints[${i}]`] as const),
    ...group.Tasks.flatMap((task, t) => task.Constraints.map((each, i) => [each, `${path}.Tasks[${t}].Constraints[${i}]`] as const)),
  ];
}

function softOf({ job, group, path }: PlainGroup): readonly (readonly [string, string])[] {
  const affinities = (count: number, at: string) => Array.from({ length: count }, (_none, i) => ["an affinity is", `${at}Affinities[${i}]`] as const);
  const spreads = (count: number, at: string) => Array.from({ length: count }, (_none, i) => ["a spread is", `${at}Spreads[${i}]`] as const);
  return [
    ...affinities(job.Affinities.length, ""),
    ...affinities(group.Affinities.length, `${path}.`),
    ...group.Tasks.flatMap((task, t) => affinities(task.Affinities.length, `${path}.Tasks[${t}].`)),
    ...spreads(job.Spreads.length, ""),
    ...spreads(group.Spreads.length, `${path}.`),
  ];
}
