/**
 * @module Brings one ExecTask's pods to what its spec asks for: read the caches, ask `plan`, carry it out, write the status.
 * Level-triggered: it may be called at any time, any number of times, and after any crash. Run by the controller's queue.
 */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Pod } from "../api/pod.ts";
import { readJobRequests } from "../contract/job-requests.ts";
import { ANNOTATION, LABEL } from "../contract/pod-metadata.ts";
import { epochMs } from "../lib/epoch.ts";
import { assertNever, type Result } from "../lib/result.ts";
import { placeOfPod, type Sha256 } from "../mapping/object-names.ts";
import { type AcceptedTask, acceptTask, podForTask, type Refusal, type TaskImages } from "../mapping/pod-for-task.ts";
import { type AllocationRecord, allocationRecord, problemOf } from "../mapping/pod-status.ts";
import { CHROOT_VOLUME } from "../mapping/chroot-mounts.ts";
import { takenBy } from "./nomad-job/job-id.ts";
import { type Outcome, settled, stalled, wait } from "./outcome.ts";
import { type Plan, plan, type PlanPolicy } from "./plan/exec-task.ts";
import type { AllocationView, PodIdentity } from "./plan/types.ts";
import { acceptedStatus, refusedStatus, type StatusIntent } from "./status.ts";
import { transitionOf } from "./transitions.ts";
import { reschedulesOf } from "../mapping/rescheduling.ts";

/** A write that the API server refused. `retry`: worth trying again as things are; else something must change first. */
export type WriteError = { readonly retry: boolean; readonly reason: string; readonly message: string };
type Write = Promise<Result<undefined, WriteError>>;

export type ReconcileDeps = {
  readonly task: (namespace: string, name: string) => ExecTask | undefined;
  /** NomadJobs that claim the task's name as their ID. */
  readonly jobsOfId: (namespace: string, jobId: string) => readonly NomadJob[];
  readonly podsOf: (ownerUid: string) => readonly Pod[];
  readonly isManaged: (namespace: string) => boolean;
  /** Undefined: there is no valid BridgeConfig "default". */
  readonly config: () => BridgeConfigSpec | undefined;
  /** Host paths of the task's chroot that its nodes are known to lack. */
  readonly missingPaths: (task: ExecTask, config: BridgeConfigSpec) => ReadonlySet<string>;
  /** Addresses of the API server as they are now, which new pods get no artifacts from. Pods that run are left as they are. */
  readonly denyNetworks: () => readonly string[];
  readonly createPod: (pod: KubeObject) => Write;
  readonly deletePod: (namespace: string, pod: PodIdentity) => Write;
  /** Makes the pod fail and stay. */
  readonly endPod: (namespace: string, pod: PodIdentity) => Write;
  readonly writeStatus: (task: ExecTask, intent: StatusIntent) => Write;
  readonly event: (task: ExecTask, event: { readonly type: "Normal" | "Warning"; readonly reason: string; readonly note: string }) => void;
  readonly sha256: Sha256;
  readonly images: TaskImages;
  readonly policy: PlanPolicy;
  readonly now: () => number;
};

export async function reconcile(deps: ReconcileDeps, key: { readonly namespace: string; readonly name: string }): Promise<Outcome> {
  const task = deps.task(key.namespace, key.name);
  // Deleted: Kubernetes' garbage collector takes the pods, whose controller reference leads to it.
  if (task === undefined || task.metadata.deletionTimestamp !== undefined) return settled;
  if (!deps.isManaged(key.namespace)) return refuse(deps, task, notManaged(key.namespace));
  const config = deps.config();
  if (config === undefined) return refuse(deps, task, NO_CONFIG);
  const taken = takenBy(task, deps.jobsOfId(key.namespace, key.name));
  if (taken !== undefined) return refuse(deps, task, taken);
  const accepted = acceptTask(task, config, deps.sha256, { missingPaths: deps.missingPaths(task, config) });
  if (!accepted.ok) return refuse(deps, task, accepted.error);
  return converge(deps, accepted.value);
}

export const notManaged = (namespace: string): Refusal => ({
  reason: "NamespaceNotManaged",
  message: `namespace "${namespace}" is not managed; run: kubectl label namespace ${namespace} ${LABEL.managed}=true`,
});

export const NO_CONFIG: Refusal = {
  reason: "BridgeConfigMissing",
  message: 'there is no valid BridgeConfig named "default"; apply one that grants a profile to this namespace',
};

/** Pods of a task that is refused now are left as they are: a mistake in a new version must not end the old one. */
async function refuse(deps: ReconcileDeps, task: ExecTask, refusal: Refusal): Promise<Outcome> {
  const written = await deps.writeStatus(task, refusedStatus(task, refusal, viewsOf(deps, task)));
  if (!written.ok) return retryOrStall(written.error);
  return stalled(refusal.reason, refusal.message);
}

async function converge(deps: ReconcileDeps, accepted: AcceptedTask): Promise<Outcome> {
  const { task } = accepted;
  const views = viewsOf(deps, task, accepted.skippedPaths);
  const next = plan({
    desired: { count: accepted.spec.count, specHash: accepted.specHash },
    allocations: withRequests(task, views),
    policy: deps.policy,
    now: deps.now(),
  });
  const done = await perform(deps, accepted, next);
  const problem = done.ok ? undefined : done.error;
  const written = await deps.writeStatus(task, acceptedStatus(accepted, views, { updating: next.updating, ...(problem === undefined ? {} : { problem }) }));
  if (problem !== undefined) return retryOrStall(problem);
  if (!written.ok) return retryOrStall(written.error);
  return next.wakeInMs === undefined ? settled : wait(next.wakeInMs, "an allocation becomes due");
}

function retryOrStall(error: WriteError): Outcome {
  if (!error.retry) return stalled(error.reason, error.message);
  throw new Error(`${error.reason}: ${error.message}`);
}

/** The order matters for a crash in between: what is given up ends first, room is made before it is filled. */
async function perform(deps: ReconcileDeps, accepted: AcceptedTask, next: Plan): Write {
  for (const action of actionsOf(next)) {
    const done = await performOne(deps, accepted, action);
    if (!done.ok) return done;
  }
  return { ok: true, value: undefined };
}

type Action =
  | { readonly kind: "end" | "stop" | "forget"; readonly pod: PodIdentity }
  | { readonly kind: "create"; readonly allocation: Plan["create"][number] };

function actionsOf(next: Plan): readonly Action[] {
  return [
    ...next.end.map((pod) => ({ kind: "end" as const, pod })),
    ...next.stop.map((pod) => ({ kind: "stop" as const, pod })),
    ...next.create.map((allocation) => ({ kind: "create" as const, allocation })),
    ...next.forget.map((pod) => ({ kind: "forget" as const, pod })),
  ];
}

async function performOne(deps: ReconcileDeps, accepted: AcceptedTask, action: Action): Write {
  const namespace = accepted.task.metadata.namespace ?? "default";
  switch (action.kind) {
    case "end":
      return deps.endPod(namespace, action.pod);
    case "stop":
    case "forget":
      return deps.deletePod(namespace, action.pod);
    case "create":
      return create(deps, accepted, action.allocation);
    default:
      return assertNever(action, "performOne");
  }
}

async function create(deps: ReconcileDeps, accepted: AcceptedTask, place: Plan["create"][number]): Write {
  const pod = podForTask(accepted, place, deps.images, deps.denyNetworks());
  if (!pod.ok) return { ok: false, error: { retry: false, ...pod.error } };
  const created = await deps.createPod(pod.value);
  const name = pod.value.metadata.name;
  if (!created.ok) {
    deps.event(accepted.task, { type: "Warning", reason: "FailedCreate", note: `${name}: ${created.error.message}` });
    return created;
  }
  deps.event(accepted.task, { type: "Normal", reason: "AllocationPlaced", note: `allocation ${place.index} placed as pod ${name}` });
  return created;
}

function withRequests({ metadata }: ExecTask, views: readonly AllocationView[]) {
  const requests = readJobRequests(metadata.annotations?.[ANNOTATION.requests]);
  return views.map((view) => {
    const transition = transitionOf(view, requests);
    return { ...view, ...(transition === undefined ? {} : { transition }) };
  });
}

function viewsOf(deps: ReconcileDeps, task: ExecTask, skippedPaths: readonly string[] = []): readonly AllocationView[] {
  const now = deps.now();
  return deps.podsOf(task.metadata.uid ?? "").map((pod) => allocationView(pod, now, skippedPaths));
}

/** @param skippedPaths host paths that new pods leave out of their root: kubelet waits for them, and one that was made before never starts */
export function allocationView(pod: Pod, now: number, skippedPaths: readonly string[] = []): AllocationView {
  const record = allocationRecord(pod, now);
  const problem = problemOf(pod, record);
  return {
    name: pod.metadata.name,
    uid: pod.metadata.uid ?? "",
    ...placeOfPod(pod.metadata.name),
    specHash: pod.metadata.annotations?.[ANNOTATION.specHash] ?? "",
    reschedules: reschedulesOf(pod),
    state: record.state,
    ...(record.readySince === undefined ? {} : { readySince: record.readySince }),
    ...(record.readyFrom === undefined ? {} : { readyFrom: record.readyFrom }),
    ...(record.endedAt === undefined ? {} : { endedAt: record.endedAt }),
    createdAt: epochMs(pod.metadata.creationTimestamp) ?? 0,
    restarts: record.tasks.reduce((sum, task) => sum + task.restarts, 0),
    ...(problem === undefined ? {} : { problem }),
    ...(record.state === "pending" && waitsForPath(pod, record, skippedPaths) ? { cannotStart: true } : {}),
  };
}

function waitsForPath(pod: Pod, { tasks, setup }: AllocationRecord, paths: readonly string[]): boolean {
  const hasRun = [...tasks, ...setup].some(({ startedAt }) => startedAt !== undefined) || tasks.some(({ lastEnd }) => lastEnd !== undefined);
  return !hasRun && (pod.spec.volumes ?? []).some(({ name, hostPath }) => name.startsWith(CHROOT_VOLUME) && hostPath !== undefined && paths.includes(hostPath.path));
}
