/** @module A managed namespace of its own on the test cluster, and what tests do with the tasks and pods in it. Used by the integration tests. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { inject } from "vitest";
import type { BridgeConfig } from "../../../src/api/bridge-config.ts";
import { API_VERSION, type ExecTask, type ExecTaskStatus } from "../../../src/api/exec-task.ts";
import type { Condition, KubeObject } from "../../../src/api/meta.ts";
import type { Pod } from "../../../src/api/pod.ts";
import { type ConnectedKubeClient, createKubeClient } from "../../../src/kubernetes/client.ts";
import { type ClusterAccess, clusterAccess } from "../../../src/kubernetes/credentials.ts";
import { jsonLines } from "../../../src/kubernetes/json-lines.ts";
import { installerClient, manageNamespace } from "../../../src/main/install.ts";
import { RESOURCES } from "../../../src/main/resources.ts";
import { eventually, must } from "../kubernetes/real-cluster.ts";

export type World = {
  readonly access: ClusterAccess;
  /** An administrator's, with no right beyond what the admission policies leave one. */
  readonly client: ConnectedKubeClient;
  /** Acts as break-glass. */
  readonly breakGlass: ConnectedKubeClient;
  readonly namespace: string;
  readonly leave: () => Promise<void>;
};

export const unique = (prefix: string): string => `${prefix}-${randomBytes(3).toString("hex")}`;

/** @param about begins the namespace's name */
export async function enterWorld(about: string): Promise<World> {
  const access = await clusterAccess(inject("bridge").kubeconfig, {});
  if (!access.ok) throw new Error(access.error);
  const client = createKubeClient(access.value);
  const breakGlass = installerClient(access.value);
  const namespace = unique(about);
  const managed = await manageNamespace(breakGlass, join(inject("bridge").checkout, "manifests"), namespace);
  if (!managed.ok) throw new Error(managed.error);
  const leave = async () => {
    // Before the namespace, whose end takes the controller's rights at once and the pods only one by one.
    const tasks = await must(client.list({ resource: RESOURCES.execTasks, namespace }));
    await Promise.all(tasks.items.map((task) => must(client.remove({ resource: RESOURCES.execTasks, namespace, name: task.metadata.name }))));
    const jobs = await must(client.list({ resource: RESOURCES.nomadJobs, namespace }));
    await Promise.all(jobs.items.map((job) => must(client.remove({ resource: RESOURCES.nomadJobs, namespace, name: job.metadata.name }))));
    await must(client.remove({ resource: RESOURCES.namespaces, name: namespace }));
    await Promise.all([client.close(), breakGlass.close()]);
  };
  return { access: access.value, client, breakGlass, namespace, leave };
}

/** What a pod's container has written, from its beginning to its end. Resolves to a promise of it when the stream is open. */
export async function followLog({ client, namespace }: World, pod: Pod, container?: string): Promise<{ readonly whole: Promise<string> }> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log`;
  const query = { follow: "true", ...(container === undefined ? {} : { container }) };
  const stream = await must(client.stream({ method: "GET", path, query }, { idleTimeoutMs: 300_000 }, new AbortController().signal));
  return { whole: text(stream) };
}

/** Waits until it is told to stop, and then goes at once. */
export const WAITING = { command: "/bin/sh", args: ["-c", 'trap "exit 0" INT; while :; do sleep 60 & wait $!; done'] } as const;

export const shell = (script: string) => ({ command: "/bin/sh", args: ["-c", script] });

/** Any of the fields: what is left out is as in a task that waits. */
export type Spec = { readonly [Field in keyof ExecTask["spec"]]?: ExecTask["spec"][Field] | undefined };

export const execTask = (namespace: string, name: string, spec: Spec): KubeObject & { readonly spec: object } => ({
  apiVersion: API_VERSION,
  kind: "ExecTask",
  metadata: { name, namespace },
  spec: { ...WAITING, resources: { memory: 64 }, ...spec },
});

/** Says the whole spec again: what is left out falls back to its default. */
export async function applyTask({ client, namespace }: World, name: string, spec: Spec): Promise<ExecTask> {
  return await must(client.apply<ExecTask>(RESOURCES.execTasks, execTask(namespace, name, spec), { fieldManager: "test", force: true, namespace }));
}

/** Throws when it does not become Ready because it cannot: with the reason of its condition. */
export async function readyTask(world: World, name: string, spec: Spec): Promise<readonly Pod[]> {
  const { metadata } = await applyTask(world, name, spec);
  await eventually(async () => {
    const { status } = await taskNow(world, name);
    const accepted = conditionOf(status, "Accepted");
    if (accepted?.status === "False") throw new Error(`${name} was not accepted: ${accepted.message}`);
    const current = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
    return current && conditionOf(status, "Ready")?.status === "True" ? true : undefined;
  });
  return await livePods(world, name);
}

/** The one pod of a task with count 1, when it is Ready. */
export async function readyPod(world: World, name: string, spec: Spec): Promise<Pod> {
  const [pod, ...others] = await readyTask(world, name, spec);
  if (pod === undefined || others.length > 0) throw new Error(`${name} has ${others.length + (pod === undefined ? 0 : 1)} pods and not 1`);
  return pod;
}

export async function taskNow({ client, namespace }: World, name: string): Promise<ExecTask> {
  return await must(client.get<ExecTask>({ resource: RESOURCES.execTasks, namespace, name }));
}

export const conditionOf = (status: ExecTaskStatus | undefined, type: string): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

/** Once the controller has looked at the present generation and the condition is as wanted. */
export async function conditionBecomes(world: World, name: string, wanted: Pick<Condition, "type" | "status">): Promise<Condition> {
  return await eventually(async () => {
    const { metadata, status } = await taskNow(world, name);
    const condition = conditionOf(status, wanted.type);
    return condition?.status === wanted.status && condition.observedGeneration === metadata.generation ? condition : undefined;
  });
}

export async function removeTask({ client, namespace }: World, name: string): Promise<void> {
  await must(client.remove({ resource: RESOURCES.execTasks, namespace, name }));
}

/** Every pod whose owner is the task of that name, ordered by name; also ended and ending ones. */
export async function podsOf({ client, namespace }: World, name: string): Promise<readonly Pod[]> {
  const pods = await must(client.list<Pod>({ resource: RESOURCES.pods, namespace }));
  return pods.items.filter((pod) => isPodOf(pod, name)).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

const isPodOf = (pod: Pod, task: string) => pod.metadata.ownerReferences?.some((owner) => owner.kind === "ExecTask" && owner.name === task) === true;

export const isLive = (pod: Pod) => pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded";

export const livePods = async (world: World, name: string): Promise<readonly Pod[]> => (await podsOf(world, name)).filter(isLive);

export const isReady = (pod: Pod) => pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;

export const uidOf = (pod: Pod): string => pod.metadata.uid ?? "";

/** The allocation's index, as it is in the pod's name. */
export const indexOf = (pod: Pod): number => Number(/-(\d+)-\d+$/.exec(pod.metadata.name)?.[1]);

/** Each version of each pod of a task that the API server has from now on; `removed` once it is gone. */
export type PodHistory = { readonly seen: readonly { readonly pod: Pod; readonly removed: boolean }[]; readonly stop: () => void };

export async function watchPods({ client, namespace }: World, task: string): Promise<PodHistory> {
  const stop = new AbortController();
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const stream = await must(client.stream({ method: "GET", path, query: { watch: "1" } }, { idleTimeoutMs: 300_000 }, stop.signal));
  const seen: { readonly pod: Pod; readonly removed: boolean }[] = [];
  const read = async () => {
    for await (const events of jsonLines(stream)) {
      for (const { type, object } of events as readonly { readonly type: string; readonly object: Pod }[]) {
        if (isPodOf(object, task)) seen.push({ pod: object, removed: type === "DELETED" });
      }
    }
  };
  // A stream that was stopped ends by throwing; one that broke shows as events that a test waits for in vain.
  void read().catch(() => undefined);
  return { seen, stop: () => stop.abort() };
}

type Profile = NonNullable<BridgeConfig["spec"]["profiles"]>[number];

/** A controller that has not seen it yet would refuse a task of it. */
async function profileIsKnown(world: World, profile: string): Promise<void> {
  const name = unique("knows-profile");
  await applyTask(world, name, { count: 0, profile });
  await conditionBecomes(world, name, { type: "Accepted", status: "True" });
  await removeTask(world, name);
}

/** Adds profiles to the BridgeConfig under a field manager of their own, so that taking them away again touches no other's. Returns how. */
export async function grantProfiles(world: World, profiles: readonly (Partial<Profile> & { readonly name: string })[]): Promise<() => Promise<void>> {
  const manager = `test-${world.namespace}`;
  const apply = async (said: readonly object[]) => {
    const config = { apiVersion: API_VERSION, kind: "BridgeConfig", metadata: { name: "default" }, spec: { profiles: said } };
    await must(world.breakGlass.apply(RESOURCES.bridgeConfigs, config, { fieldManager: manager, force: true }));
  };
  const granted = profiles.map((profile) => ({ namespaces: [world.namespace], ...profile }));
  await apply(granted);
  // They come in one object.
  for (const { name, namespaces } of granted.slice(-1)) await profileIsKnown({ ...world, namespace: namespaces?.[0] ?? world.namespace }, name);
  return async () => await apply([]);
}
