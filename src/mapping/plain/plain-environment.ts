/** @module A container's variables: those that Nomad gives a task, as far as Kubernetes knows them, and the task's own. */
import type { Finding } from "../../api/exec-task.ts";
import { isIndexed, type Plain, type PlainTask, portNumber } from "./plain-group.ts";
import { NODE_NAME, namesTheNode, plainText } from "./plain-text.ts";

export type EnvVar = { readonly name: string; readonly value?: string; readonly valueFrom?: object };

const fieldRef = (name: string, fieldPath: string): EnvVar => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const constants = (values: Readonly<Record<string, string>>): readonly EnvVar[] => Object.entries(values).map(([name, value]) => ({ name, value: value.replaceAll("$", "$$$$") }));

/** Each after what it names: Kubernetes replaces only variables that stand above. @param fromTemplates of env templates */
export function plainEnvironment(place: PlainTask, fromTemplates: Readonly<Record<string, string>>): Plain<readonly EnvVar[]> {
  const given = nomadVariables(place);
  const known = new Set([...given.map(({ name }) => name), ...Object.keys(fromTemplates)]);
  const findings: Finding[] = [];
  const own = Object.entries(place.task.Env).toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, value]): EnvVar[] => {
    const path = `${place.path}.Env.${name}`;
    if (!/^[-._A-Za-z][-._A-Za-z0-9]*$/.test(name)) {
      findings.push({ level: "lost", path, message: "is no name of a variable in Kubernetes: use letters, digits and underscores" });
      return [];
    }
    const replaced = plainText(value, known, path);
    findings.push(...replaced.findings);
    if (/passw|secret|token|api_?key|credential/i.test(name) && value !== "") findings.push({ level: "weaker", path, message: "looks like a secret, and whoever may read the object reads it: keep it in a Secret, and write valueFrom.secretKeyRef" });
    return [{ name, value: replaced.text }];
  });
  const templated = constants(fromTemplates).filter(({ name }) => !Object.hasOwn(place.task.Env, name));
  const taken = new Set([...own, ...templated].map(({ name }) => name));
  return { value: [...given.filter(({ name }) => !taken.has(name)), ...templated, ...own], findings };
}

/** Names that texts of this task may use. */
export const knownVariables = (variables: readonly EnvVar[]): ReadonlySet<string> => new Set(variables.map(({ name }) => name));

function nomadVariables({ group, task }: PlainTask): readonly EnvVar[] {
  const { job, network } = group;
  const meta = { ...job.Meta, ...group.group.Meta, ...task.Meta };
  const metaValues = Object.entries(meta).flatMap(([key, value]) => {
    const clean = key.replace(/[^A-Za-z0-9_.-]/g, "_");
    return [[`NOMAD_META_${clean}`, value], [`NOMAD_META_${clean.toUpperCase()}`, value]] as const;
  });
  const ports = network.ports.map((port, i) => ({ label: port.label.replace(/[^A-Za-z0-9_]/g, "_"), number: portNumber(port, i) }));
  return [
    fieldRef("NOMAD_ALLOC_ID", "metadata.uid"),
    fieldRef("NOMAD_ALLOC_NAME", "metadata.name"),
    ...(isIndexed(group) ? [fieldRef("NOMAD_ALLOC_INDEX", "metadata.annotations['batch.kubernetes.io/job-completion-index']")] : []),
    ...constants({
      NOMAD_ALLOC_DIR: "/alloc",
      NOMAD_TASK_DIR: "/local",
      NOMAD_SECRETS_DIR: "/secrets",
      NOMAD_TASK_NAME: task.Name,
      NOMAD_GROUP_NAME: group.group.Name,
      NOMAD_JOB_ID: job.ID,
      NOMAD_JOB_NAME: job.Name,
      NOMAD_NAMESPACE: job.Namespace,
      NOMAD_REGION: job.Region,
      NOMAD_MEMORY_LIMIT: String(task.Resources.MemoryMB),
      ...(task.Resources.MemoryMaxMB > 0 ? { NOMAD_MEMORY_MAX_LIMIT: String(task.Resources.MemoryMaxMB) } : {}),
      ...(task.Resources.Cores > 0 ? {} : { NOMAD_CPU_LIMIT: String(task.Resources.CPU) }),
      ...Object.fromEntries(metaValues),
    }),
    ...(namesTheNode(JSON.stringify([task.Config, task.Env])) ? [fieldRef(NODE_NAME, "spec.nodeName")] : []),
    ...ports.flatMap(({ label, number }): EnvVar[] => [
      fieldRef(`NOMAD_IP_${label}`, "status.podIP"),
      { name: `NOMAD_PORT_${label}`, value: String(number) },
      { name: `NOMAD_ALLOC_PORT_${label}`, value: String(number) },
      { name: `NOMAD_ADDR_${label}`, value: `$(NOMAD_IP_${label}):${number}` },
    ]),
  ];
}
