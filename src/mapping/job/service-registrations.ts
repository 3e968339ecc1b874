/** @module What an allocation's services are registered as, on Nomad: an address and a port for each, while it runs. Used by the bridge. */
import type { Pod } from "../../api/pod.ts";
import { ANNOTATION } from "../../contract/pod-metadata.ts";
import type { Job, TaskGroup } from "../../nomad/job.ts";
import { indexOf } from "../nomad-job.ts";
import { allocationRecord } from "../pod-status.ts";
import { portsOf } from "./allocated-ports.ts";
import { interpolated, type ServiceSource, servicesOf } from "./group-services.ts";
import { groupOf } from "../pod-group.ts";

export type ServiceRegistration = {
  readonly ID: string;
  readonly ServiceName: string;
  readonly Namespace: string;
  readonly NodeID: string;
  readonly Datacenter: string;
  readonly JobID: string;
  readonly AllocID: string;
  readonly Tags: readonly string[];
  readonly Address: string;
  /** 0: the service has no port. */
  readonly Port: number;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
};

export type RegistrationSource = {
  readonly pod: Pod;
  /** As it was at the pod's version. */
  readonly job: Job;
  readonly nodeId: string | undefined;
  readonly datacenter: string;
  /** Epoch ms. */
  readonly now: number;
};

/** None for an allocation that does not run, or a task that does not. As on Nomad, a check that fails takes no registration away. */
export function serviceRegistrations(source: RegistrationSource): readonly ServiceRegistration[] {
  const { pod, job, now } = source;
  const group = groupOf(job, pod);
  const { state, tasks } = allocationRecord(pod, now);
  if (group === undefined || (state !== "running" && state !== "pending")) return [];
  const running = new Set(tasks.filter((task) => task.state === "running").map(({ task }) => task));
  const isUp = (task: string) => (task === "" ? tasks.some(({ task: name, hook }) => hook === "" && running.has(name)) : running.has(task));
  return servicesOf(group, "").filter(({ task }) => isUp(task)).map((service) => registration(source, group, service));
}

function registration({ pod, job, nodeId, datacenter }: RegistrationSource, group: TaskGroup, { service, task }: ServiceSource): ServiceRegistration {
  const allocId = pod.metadata.uid ?? "";
  const name = interpolated(service.Name, job, group, task);
  const isCanary = pod.metadata.annotations?.[ANNOTATION.canary] === "true";
  const tags = isCanary && service.CanaryTags.length > 0 ? service.CanaryTags : service.Tags;
  return {
    ID: `_nomad-task-${allocId}-${task === "" ? `group-${group.Name}` : task}-${name}-${service.PortLabel}`,
    ServiceName: name,
    Namespace: job.Namespace,
    NodeID: nodeId ?? "",
    Datacenter: datacenter,
    JobID: job.ID,
    AllocID: allocId,
    Tags: tags.map((tag) => interpolated(tag, job, group, task)),
    ...endpoint(pod, service.PortLabel, task),
    CreateIndex: indexOf(pod),
    ModifyIndex: indexOf(pod),
  };
}

/** A port that the node passes on is at the node's address. */
function endpoint(pod: Pod, label: string, task: string): { readonly Address: string; readonly Port: number } {
  const ports = portsOf(pod).filter((port) => port.label === label);
  const port = ports.find((each) => each.task === task) ?? ports.find((each) => each.task === undefined);
  const podIP = pod.status?.podIP ?? "";
  if (port === undefined) return { Address: podIP, Port: /^\d{1,5}$/.test(label) ? Number(label) : 0 };
  return port.hostPort === 0 ? { Address: podIP, Port: port.port } : { Address: pod.status?.hostIP ?? podIP, Port: port.hostPort };
}
