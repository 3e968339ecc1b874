/** @module How the checks of an allocation's services stand, as Nomad's client has them, read off the readiness of its containers. Used by the bridge. */
import type { ContainerStatus, Pod } from "../../api/pod.ts";
import { epochMs } from "../../lib/epoch.ts";
import type { Job } from "../../nomad/job.ts";
import { placeOfPod, type Sha256 } from "../object-names.ts";
import { tasksOfPod } from "../pod-tasks.ts";
import { allocationName } from "../task-environment.ts";
import { type CheckSource, type Probe, probesOfChecks } from "./group-checks.ts";
import { groupNetwork } from "./group-network.ts";
import { interpolated } from "./group-services.ts";
import { groupOf } from "../pod-group.ts";

export type CheckState = {
  readonly ID: string;
  readonly Mode: "healthiness" | "readiness";
  readonly Status: "success" | "failure" | "pending";
  readonly Output: string;
  /** Epoch seconds. */
  readonly Timestamp: number;
  readonly Group: string;
  /** Absent for a service of the group. */
  readonly Task?: string;
  readonly Service: string;
  readonly Check: string;
};

export type CheckedAllocation = {
  readonly pod: Pod;
  /** As it was at the pod's version. */
  readonly job: Job;
  readonly sha256: Sha256;
  /** Epoch ms. */
  readonly now: number;
};

/** By ID. A check that is never run is not there: a finding of the job says why. */
export function serviceChecks({ pod, job, sha256, now }: CheckedAllocation): Readonly<Record<string, CheckState>> {
  const group = groupOf(job, pod);
  const network = group === undefined ? undefined : groupNetwork(group, "");
  if (group === undefined || !network?.ok) return {};
  const alloc = allocationName({ jobId: job.ID, group: group.Name, index: placeOfPod(pod.metadata.name).index });
  const states = probesOfChecks(group, network.value.value, "").flatMap(({ source, probes }): readonly CheckState[] => {
    const probe = probes.value.find(({ kind }) => kind === "readiness");
    if (probe === undefined) return [];
    const { check, service, task, path } = source;
    const id = sha256(`check/${pod.metadata.uid ?? ""}/${path}`).slice(0, 32);
    const status = statusOf(pod, probe, now);
    return [{
      ID: id,
      Mode: check.OnUpdate === "ignore" ? "readiness" : "healthiness",
      Status: status,
      Output: outputOf(pod, source, status),
      Timestamp: Math.floor(now / 1000),
      Group: alloc,
      ...(task === "" ? {} : { Task: task }),
      Service: interpolated(service.Name, job, group, task),
      Check: check.Name,
    }];
  });
  return Object.fromEntries(states.map((state) => [state.ID, state]));
}

/** A container that has just started has not been asked yet. */
function statusOf(pod: Pod, probe: Probe, now: number): CheckState["Status"] {
  const container = tasksOfPod(pod).find(({ task }) => task === probe.task)?.container;
  const status = pod.status?.containerStatuses?.find(({ name }: ContainerStatus) => name === container);
  if (status?.ready === true) return "success";
  const startedAt = epochMs(status?.state?.running?.startedAt);
  if (startedAt === undefined || now - startedAt < (probe.periodSeconds + probe.timeoutSeconds) * 1000) return "pending";
  return "failure";
}

/** What the last answer was, only the kubelet knows, which says it in an event. */
function outputOf(pod: Pod, { check }: CheckSource, status: CheckState["Status"]): string {
  if (status === "success") return `nomad: ${check.Type} ok`;
  if (status === "pending") return "nomad: waiting to run";
  return `the kubelet's probe fails; kubectl describe pod -n ${pod.metadata.namespace ?? "default"} ${pod.metadata.name} says why`;
}
