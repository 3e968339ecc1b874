/** @module Where the bench plays: a managed namespace with one task, an unmanaged one with the task's twin as a plain pod, and watches over both. */
import { systemClock } from "../src/kubernetes/clock.ts";
import { type ConnectedKubeClient, createKubeClient } from "../src/kubernetes/client.ts";
import { clusterAccess, type ClusterAccess } from "../src/kubernetes/credentials.ts";
import type { Cache, KubeResult } from "../src/kubernetes/types.ts";
import { createCache } from "../src/kubernetes/watch.ts";
import type { ExecTask } from "../src/api/exec-task.ts";
import type { KubeObject } from "../src/api/meta.ts";
import type { Pod } from "../src/api/pod.ts";
import { LAUNCHER_PATH } from "../src/contract/launcher-document.ts";
import { bringUp, type Running } from "../src/main/dev/bring-up.ts";
import { homePaths, readUpState } from "../src/main/dev/home.ts";
import { RESOURCES } from "../src/main/resources.ts";
import type { BridgeTarget } from "./bridge-exec.ts";
import type { DirectTarget } from "./direct-exec.ts";

export const MANAGED = "nomad-bridge-bench";
export const UNMANAGED = "nomad-bridge-bench-direct";

const TASK = "bench";

export type Stage = {
  readonly up: Running;
  readonly client: ConnectedKubeClient;
  readonly serverPid: number;
  /** Where programs are looked for. */
  readonly searchPath: string;
  /** ExecTasks of MANAGED. */
  readonly tasks: Cache<ExecTask>;
  /** Pods of UNMANAGED. */
  readonly pods: Cache<Pod>;
  readonly bridge: BridgeTarget;
  readonly direct: DirectTarget;
  /** Removes both namespaces and waits until they are gone. */
  readonly clear: () => Promise<void>;
};

export type StageOptions = { readonly home: string; readonly env: Readonly<Record<string, string | undefined>>; readonly log: (line: string) => void; readonly signal: AbortSignal };

/** Throws, with the reason, when the cluster or the task does not come up. */
export async function setStage(options: StageOptions): Promise<Stage> {
  const up = await cleanStart(options);
  const access = must(await clusterAccess(up.kubeconfig, {}), "kubeconfig");
  const client = createKubeClient(access);
  await done(client.apply(namespaceResource, namespace(UNMANAGED), { fieldManager: "bench", force: true }));
  const watching = new AbortController();
  const tasks = watchAll<ExecTask>(client, { resource: RESOURCES.execTasks, namespace: MANAGED }, watching.signal);
  const pods = watchAll<Pod>(client, { resource: RESOURCES.pods, namespace: UNMANAGED }, watching.signal);
  options.log("starting one task, and its twin as a plain pod");
  const targets = await startTwins({ client, access, tasks, pods });
  return {
    up,
    client,
    tasks,
    pods,
    serverPid: serverPid(options.home),
    searchPath: options.env["PATH"] ?? "",
    bridge: { address: up.address, ca: up.ca, token: up.token, allocId: targets.allocId, task: TASK },
    direct: targets.direct,
    clear: async () => {
      watching.abort();
      await removeNamespaces(client);
      await client.close();
    },
  };
}

/** A bench that was interrupted has left its namespaces behind. */
async function cleanStart(options: StageOptions): Promise<Running> {
  const before = must(await bringUp({ ...options, namespaces: ["default"] }), "bring up");
  const client = createKubeClient(must(await clusterAccess(before.kubeconfig, {}), "kubeconfig"));
  await removeNamespaces(client);
  await client.close();
  return must(await bringUp({ ...options, namespaces: ["default", MANAGED] }), "bring up");
}

const namespaceResource = RESOURCES.namespaces;
const namespace = (name: string): KubeObject => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

function serverPid(home: string): number {
  const pid = readUpState(homePaths(home))?.server?.process.pid;
  if (pid === undefined) throw new Error(`no server is recorded in ${home}`);
  return pid;
}

function watchAll<T extends KubeObject>(client: ConnectedKubeClient, query: Parameters<typeof createCache<T>>[1], signal: AbortSignal): Cache<T> {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return createCache<T>(client, query, { log: quiet, clock: systemClock, signal });
}

/** An ExecTask of MANAGED that sleeps. */
export const sleeper = (name: string, count: number): KubeObject =>
  ({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ExecTask", metadata: { name, namespace: MANAGED }, spec: { command: "/bin/sleep", args: ["1000000"], count } }) as KubeObject;

type Making = { readonly client: ConnectedKubeClient; readonly access: ClusterAccess; readonly tasks: Cache<ExecTask>; readonly pods: Cache<Pod> };

async function startTwins({ client, access, tasks, pods }: Making): Promise<{ readonly allocId: string; readonly direct: DirectTarget }> {
  await done(client.apply(RESOURCES.execTasks, sleeper(TASK, 1), { fieldManager: "bench", force: true }));
  const task = await until(tasks, TASK, isReady);
  const allocId = task?.status?.allocations?.[0] ?? "";
  const listed = await done(client.list<Pod>({ resource: RESOURCES.pods, namespace: MANAGED }));
  const original = listed.items.find((pod) => pod.metadata.uid === allocId);
  if (original === undefined) throw new Error(`allocation ${allocId} has no pod`);
  await done(client.create(RESOURCES.pods, twinOf(original)));
  await until(pods, TASK, isReady);
  const container = original.spec.containers[0]?.name ?? "";
  return { allocId, direct: { access, namespace: UNMANAGED, pod: TASK, container } };
}

/** Same image, mounts and rights, under a name that the admission policy leaves alone. */
function twinOf({ apiVersion, kind, metadata, spec }: Pod): Pod {
  const containers = spec.containers.map((each) => ({ ...each, command: [LAUNCHER_PATH, "pause"] }));
  const { nodeName: _, ...rest } = spec;
  return { apiVersion, kind, metadata: { name: TASK, namespace: UNMANAGED, annotations: metadata.annotations ?? {} }, spec: { ...rest, containers } };
}

export type Conditioned = KubeObject & { readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } };

export const isReady = (object: Conditioned | undefined): boolean =>
  object?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;

const PATIENCE_MS = 60_000;

/** Resolves in the turn in which the watch shows it. Undefined stands for an object that is not there. */
export async function until<T extends KubeObject>(cache: Cache<T>, name: string, holds: (object: T | undefined) => boolean): Promise<T | undefined> {
  const find = (): T | undefined => [...cache.all()].find((object) => object.metadata.name === name);
  return await untilAll(cache, () => holds(find())).then(find);
}

/** The same for a condition on the whole list. */
export async function untilAll<T extends KubeObject>(cache: Cache<T>, holds: () => boolean): Promise<void> {
  await cache.synced;
  if (holds()) return;
  await new Promise<void>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      stop();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error(`nothing came of it within ${PATIENCE_MS / 1000} s`))), PATIENCE_MS);
    const stop = cache.onChange(() => {
      if (holds()) finish(resolve);
    });
  });
}

async function removeNamespaces(client: ConnectedKubeClient): Promise<void> {
  const names = [MANAGED, UNMANAGED];
  for (const name of names) await done(client.remove({ resource: namespaceResource, name }));
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const { items } = await done(client.list({ resource: namespaceResource }));
    if (!items.some(({ metadata }) => names.includes(metadata.name))) return;
    await systemClock.sleep(200);
  }
}

/** The value of a call that has to succeed here. */
export const done = async <T>(call: KubeResult<T>): Promise<T> => must(await call.then((result) => (result.ok ? result : { ok: false as const, error: result.error.message })), "Kubernetes");

function must<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }, what: string): T {
  if (!result.ok) throw new Error(`${what}: ${result.error}`);
  return result.value;
}
