/** @module What a Nomad job says of a group and an ExecTask has no words for. Part of a JobGroup, and used by podForTask. */
import type { Result } from "../../lib/result.ts";
import type { JobSpec, TaskGroup } from "../../nomad/job.ts";
import type { Refusal } from "../refusal.ts";
import { groupChecks, type Probe } from "./group-checks.ts";
import { type GroupNetwork, groupNetwork } from "./group-network.ts";
import { type GroupService, groupServices } from "./group-services.ts";
import { taskOrder } from "./group-spec.ts";
import type { JobTask } from "./job-task.ts";
import { type Mapped, mapped } from "./mapped.ts";
import { groupPlacement, type Placement } from "./placement/group-placement.ts";

export type TaskImage = { readonly image: string; readonly pull: "Always" | "IfNotPresent" };

export type GroupTerms = {
  /** JSON path of the group, and of its tasks in the spec's order. */
  readonly paths: { readonly group: string; readonly tasks: readonly string[] };
  readonly network: GroupNetwork;
  readonly placement: Placement;
  readonly services: readonly GroupService[];
  readonly probes: readonly Probe[];
  /** Of tasks of the driver docker, by the task's name. */
  readonly images: Readonly<Record<string, TaskImage>>;
  /** Whole seconds after which an allocation is ended: max_run_duration. 0: it may run as long as it likes. */
  readonly maxRunSeconds: number;
};

const NS_PER_SECOND = 1_000_000_000;

/** @param tasks in the spec's order */
export function groupTerms(job: JobSpec, group: TaskGroup, tasks: readonly JobTask[], path: string): Result<Mapped<GroupTerms>, Refusal> {
  const network = groupNetwork(group, path);
  if (!network.ok) return network;
  const placement = groupPlacement(job, group, path);
  if (!placement.ok) return placement;
  const services = groupServices(job, group, network.value.value, path);
  if (!services.ok) return services;
  const checks = groupChecks(group, network.value.value, path);
  const terms: GroupTerms = {
    paths: { group: path, tasks: taskOrder(group).map((i) => `${path}.Tasks[${i}]`) },
    network: network.value.value,
    placement: placement.value.value,
    services: services.value.value,
    probes: checks.value,
    images: imagesOf(tasks),
    maxRunSeconds: Math.ceil(Math.max(0, group.MaxRunDuration ?? 0) / NS_PER_SECOND),
  };
  return mapped(terms, [...network.value.findings, ...placement.value.findings, ...services.value.findings, ...checks.findings]);
}

const imagesOf = (tasks: readonly JobTask[]): GroupTerms["images"] =>
  Object.fromEntries(tasks.flatMap(({ input, config }) => (config.image === undefined ? [] : [[input.name, { image: config.image, pull: config.pull ?? "IfNotPresent" }]])));

/** What of it makes another pod: a Service that changes leaves the pods alone, and so does another group of the job. */
export const hashedTerms = ({ paths: _paths, services: _services, placement, ...terms }: GroupTerms): unknown => {
  const { groups: _groups, ...own } = placement;
  return { ...terms, placement: own };
};
