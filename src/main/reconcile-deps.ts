/** @module What `reconcile` needs of Kubernetes: reads from the caches, writes by the client. */
import type { BridgeConfigSpec } from "../api/bridge-config.ts";
import type { ExecTask } from "../api/exec-task.ts";
import type { Condition, KubeObject } from "../api/meta.ts";
import { NOMAD_SERVICE_POLICY } from "../controller/plan/exec-task.ts";
import type { PodIdentity } from "../controller/plan/types.ts";
import type { ReconcileDeps, WriteError } from "../controller/reconcile.ts";
import type { ConditionIntent, StatusIntent } from "../controller/status.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { KubeClient, KubeError } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { apiServerNetworks } from "../mapping/api-server.ts";
import { missingPaths } from "../mapping/probe.ts";
import { profileFor } from "../mapping/task-checks.ts";
import { configReader, isManaged, type ControllerCaches } from "./caches.ts";
import { controllerOf } from "./owner.ts";
import type { ProbeBook } from "./probe-book.ts";
import { RESOURCES } from "./resources.ts";
import { sha256 } from "../access/sha256.ts";

export type ControllerContext = {
  readonly client: KubeClient;
  readonly caches: ControllerCaches;
  /** The API server's URL. */
  readonly server: string;
  readonly clock: Clock;
  readonly images: ReconcileDeps["images"];
  readonly event: ReconcileDeps["event"];
  readonly probes: Pick<ProbeBook, "of">;
  /** Asked before every write: a process that was held up may have lost the lease without having heard of it. */
  readonly mayWrite: () => boolean;
};

const STATUS_MANAGER = "nomad-bridge-controller-status";

export function reconcileDeps(context: ControllerContext): ReconcileDeps {
  const { caches, clock } = context;
  return {
    task: (namespace, name) => caches.tasks.get(namespace, name),
    jobsOfId: (namespace, id) => caches.jobs.byIndex("job", `${namespace}/${id}`),
    podsOf: (uid) => caches.pods.byIndex("owner", uid),
    isManaged: (namespace) => isManaged(caches, namespace),
    config: configReader(caches),
    missingPaths: (task, config) => missingPathsOf(context, { namespace: task.metadata.namespace ?? "default", profile: task.spec.profile, config }),
    denyNetworks: () => denyNetworksOf(context),
    ...podWrites(context),
    endPod: leaderOnly(context, async (namespace: string, pod: PodIdentity) => endPod(context, namespace, pod)),
    writeStatus: leaderOnly(context, async (task: ExecTask, intent: StatusIntent) => writeStatus(context, task, intent)),
    event: context.event,
    sha256,
    images: context.images,
    policy: NOMAD_SERVICE_POLICY,
    now: () => clock.now(),
  };
}

type ProfileQuestion = { readonly namespace: string; readonly profile: string | undefined; readonly config: BridgeConfigSpec };

export function missingPathsOf({ caches, probes }: Pick<ControllerContext, "caches" | "probes">, { namespace, profile, config }: ProfileQuestion): ReadonlySet<string> {
  const granted = profileFor(namespace, profile, config);
  return granted.ok ? missingPaths(granted.value, caches.nodes.all(), probes.of) : new Set();
}

export const denyNetworksOf = ({ caches, server }: Pick<ControllerContext, "caches" | "server">): readonly string[] =>
  apiServerNetworks({ server, services: caches.apiService.all(), endpoints: caches.apiEndpoints.all() });

/** Making and deleting pods, of tasks and of probes. */
export function podWrites(context: Pick<ControllerContext, "client" | "mayWrite">): Pick<ReconcileDeps, "createPod" | "deletePod"> {
  const { client } = context;
  return {
    createPod: leaderOnly(context, async (pod: KubeObject) => createPod(client, pod)),
    deletePod: leaderOnly(context, async (namespace: string, pod: PodIdentity) => written(await client.remove(podRef(namespace, pod), { uid: pod.uid }))),
  };
}

export type Write = Promise<Result<undefined, WriteError>>;

export function leaderOnly<Args extends readonly unknown[]>({ mayWrite }: Pick<ControllerContext, "mayWrite">, write: (...args: Args) => Write): (...args: Args) => Write {
  return async (...args) => (mayWrite() ? write(...args) : err({ retry: true, reason: "NotLeader", message: "another replica leads now" }));
}

export const podRef = (namespace: string, pod: PodIdentity) => ({ resource: RESOURCES.pods, namespace, name: pod.name });

/**
 * The name is the allocation: when it is there already and is ours, an earlier try has made it, and the cache is behind. A pod that
 * an earlier ExecTask of the same name has left is in the way until it is gone.
 */
async function createPod(client: KubeClient, pod: KubeObject): Write {
  const created = await client.create(RESOURCES.pods, pod);
  if (created.ok || created.error.kind !== "status" || created.error.reason !== "AlreadyExists") return written(created);
  const { name, namespace = "default" } = pod.metadata;
  const there = await client.get(podRef(namespace, { name, uid: "" }));
  if (!there.ok) return err(writeError(there.error));
  if (controllerOf(there.value)?.uid === controllerOf(pod)?.uid) return ok(undefined);
  return err({ retry: true, reason: "PodNameTaken", message: `pod "${name}" is left from another job of this name and in the way until it is gone; delete it if it stays` });
}

export function written(result: Result<unknown, KubeError>): Result<undefined, WriteError> {
  if (result.ok || (result.error.kind === "status" && result.error.code === 404)) return ok(undefined);
  return err(writeError(result.error));
}

/** Forbidden and Invalid stay as they are until a person changes something, but rights may come back without our being told. */
export function writeError(error: KubeError): WriteError {
  if (error.kind === "network") return { retry: true, reason: "ApiServerUnreachable", message: error.message };
  const permanent = error.code === 422;
  return { retry: !permanent, reason: error.reason === "" ? "WriteFailed" : error.reason, message: error.message };
}

/** A deadline of one second makes the pod fail within two, and keeps it with its last exit codes and messages. */
export async function endPod({ client, caches }: Pick<ControllerContext, "client" | "caches">, namespace: string, pod: PodIdentity): Promise<Result<undefined, WriteError>> {
  const known = caches.pods.get(namespace, pod.name);
  if (known?.metadata.uid !== pod.uid || known.spec.activeDeadlineSeconds === 1) return ok(undefined);
  return written(await client.mergePatch(podRef(namespace, pod), { metadata: { uid: pod.uid }, spec: { activeDeadlineSeconds: 1 } }));
}

/** Nothing is written when nothing would change: our own write must not wake us for ever. */
async function writeStatus({ client, clock }: ControllerContext, task: ExecTask, intent: StatusIntent): Promise<Result<undefined, WriteError>> {
  const conditions = conditionsOf(task, intent.conditions, clock.now());
  const status = { ...intent, conditions };
  if (isSubset(status, task.status)) return ok(undefined);
  const { name, namespace = "default" } = task.metadata;
  const object = { apiVersion: task.apiVersion, kind: task.kind, metadata: { name, namespace }, status };
  return written(await client.apply(RESOURCES.execTasks, object, { fieldManager: STATUS_MANAGER, force: true, subresource: "status", namespace }));
}

type Conditioned = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

/** A condition keeps the time at which its status became what it is. */
export function conditionsOf(object: Conditioned, intents: readonly ConditionIntent[], now: number): readonly Condition[] {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
  return intents.map((each) => condition(object, each, time));
}

function condition(task: Conditioned, intent: ConditionIntent, now: string): Condition {
  const before = task.status?.conditions?.find((each) => each.type === intent.type);
  const lastTransitionTime = before?.status === intent.status ? before.lastTransitionTime : now;
  return { ...intent, observedGeneration: task.metadata.generation ?? 0, lastTransitionTime };
}

/** Whether every field of `wanted` is in `present` with the same value; lists must be equal. */
export function isSubset(wanted: unknown, present: unknown): boolean {
  if (Array.isArray(wanted)) {
    const there = Array.isArray(present) ? present : [];
    return wanted.length === there.length && wanted.every((each, i) => isSubset(each, there[i]));
  }
  if (typeof wanted === "object" && wanted !== null) {
    if (typeof present !== "object" || present === null) return false;
    return Object.entries(wanted).every(([key, value]) => isSubset(value, (present as Record<string, unknown>)[key]));
  }
  return wanted === present || (wanted === "" && present === undefined);
}
