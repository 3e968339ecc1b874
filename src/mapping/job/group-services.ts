/** @module Services of a group and of its tasks, whichever provider they name. service-objects.ts makes Kubernetes Services of them. */
import type { Finding } from "../../api/exec-task.ts";
import type { Result } from "../../lib/result.ts";
import type { JobSpec, Service, TaskGroup } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import type { GroupNetwork } from "./group-network.ts";
import { findingIf, type Mapped, mapAll, mapped, refusedAt } from "./mapped.ts";

/** One of the group's ports by its place in the list, or a number of the job's own. */
export type PortTarget = { readonly position: number } | { readonly number: number };

export type GroupService = {
  /** With the variables that are known before an allocation is there. */
  readonly name: string;
  /** Whose service it is; "": the group's. */
  readonly task: string;
  /** Absent: it has none. */
  readonly port?: PortTarget;
};

export type ServiceSource = { readonly service: Service; readonly task: string; readonly path: string };

/** The group's, then those of its tasks. */
export const servicesOf = (group: TaskGroup, path: string): readonly ServiceSource[] => [
  ...group.Services.map((service, i) => ({ service, task: service.TaskName, path: `${path}.Services[${i}]` })),
  ...group.Tasks.flatMap((task, t) => task.Services.map((service, i) => ({ service, task: task.Name, path: `${path}.Tasks[${t}].Services[${i}]` }))),
];

export function groupServices(job: JobSpec, group: TaskGroup, network: GroupNetwork, path: string): Result<Mapped<readonly GroupService[]>, Refusal> {
  return mapAll(servicesOf(group, path), (source) => {
    const { service, task } = source;
    if (service.Connect !== null) return refusedAt(`${source.path}.Connect`, "there is no Consul service mesh here; leave connect out, and reach the service by its address");
    const port = portTarget(service.PortLabel, task, network);
    if (port === undefined && service.PortLabel !== "") return refusedAt(`${source.path}.PortLabel`, `port label "${service.PortLabel}" referenced by services does not exist`);
    const name = interpolated(service.Name, job, group, task);
    return mapped({ name, task, ...(port === undefined ? {} : { port }) }, serviceFindings(source, name));
  });
}

/** A label, of the task's own ports first, or a number. Undefined: neither. */
export function portTarget(label: string, task: string, { ports }: GroupNetwork): PortTarget | undefined {
  const own = ports.findIndex((port) => port.label === label && port.task === task);
  const position = own < 0 ? ports.findIndex((port) => port.label === label && port.task === undefined) : own;
  if (position >= 0) return { position };
  const number = /^\d{1,5}$/.test(label) ? Number(label) : 0;
  return number > 0 && number < 65_536 ? { number } : undefined;
}

/** Nomad's own variables; others stay as they are written. */
/** @internal */
export function interpolated(text: string, job: JobSpec, group: TaskGroup, task: string): string {
  const values: Readonly<Record<string, string>> = {
    NOMAD_JOB_ID: job.ID,
    NOMAD_JOB_NAME: job.Name,
    NOMAD_GROUP_NAME: group.Name,
    NOMAD_TASK_NAME: task,
    NOMAD_NAMESPACE: job.Namespace,
    NOMAD_REGION: job.Region,
    JOB: job.Name,
    TASKGROUP: group.Name,
    TASK: task,
    BASE: [job.Name, group.Name, ...(task === "" ? [] : [task])].join("-"),
    ...Object.fromEntries(Object.entries({ ...job.Meta, ...group.Meta }).map(([key, value]) => [`NOMAD_META_${key}`, value])),
  };
  return text.replace(/\$\{([\w.-]+)\}/g, (all, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? all) : all));
}

function serviceFindings({ service, path }: ServiceSource, name: string): readonly Finding[] {
  const consulOnly = service.EnableTagOverride || service.Weights !== null || Object.keys(service.TaggedAddresses).length > 0 || service.Kind !== "";
  return [
    ...findingIf(service.Provider !== "nomad", "weaker", `${path}.Provider`, "there is no Consul here: the service is found as one of Nomad's own and as a Kubernetes Service"),
    ...findingIf(consulOnly, "lost", path, "enable_tag_override, weights, tagged_addresses and kind are Consul's"),
    ...findingIf(service.Address !== "", "lost", `${path}.Address`, "an address of the job's own is not announced: the Service leads to the pod's"),
    ...findingIf(service.Identity !== null, "lost", `${path}.Identity`, "services have no workload identity here"),
    ...findingIf(name.includes("${"), "weaker", `${path}.Name`, "a variable without a value before the allocation is there stays as it is written"),
  ];
}
