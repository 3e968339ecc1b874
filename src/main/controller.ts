/** @module The controller: leader election, caches, the queue, and reconcile on top of them. One of `server`'s two halves. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Pod } from "../api/pod.ts";
import type { ExecTask } from "../api/exec-task.ts";
import { reconcile } from "../controller/reconcile.ts";
import { type ConnectedKubeClient, createKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { ClusterAccess } from "../kubernetes/credentials.ts";
import { createEventRecorder, type EventRecorder } from "../kubernetes/events.ts";
import { electLeader } from "../kubernetes/lease.ts";
import type { Log } from "../kubernetes/types.ts";
import { createWorkQueue, type WorkQueue } from "../kubernetes/work-queue.ts";
import type { TaskImages } from "../mapping/pod-for-task.ts";
import { cachesSynced, controllerCaches, type ControllerCaches } from "./caches.ts";
import { SYSTEM_NAMESPACE } from "./identity.ts";
import { configMapStore } from "./config-maps.ts";
import { lookAtNodes } from "./node-probes.ts";
import { keepRecords } from "./node-records.ts";
import type { CachedObjects } from "./memory/cached-objects.ts";
import { workOnJobs } from "./nomad-jobs.ts";
import { jobOwner } from "./owner.ts";
import { openProbeBook, type ProbeBook } from "./probe-book.ts";
import { reconcileDeps } from "./reconcile-deps.ts";

export type ControllerOptions = {
  readonly access: ClusterAccess;
  /** Images that new pods are made with. */
  readonly images: TaskImages;
  /** Those of the process. */
  readonly pool: CachedObjects;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** Between losing the lease and standing for election again. */
const RETRY_MS = 1_000;

const WORKERS = 8;

/** Until the signal is aborted. Losing the lease ends nothing else: it stands for election again, with new caches. */
export async function runController(options: ControllerOptions): Promise<void> {
  while (!options.signal.aborted) {
    const campaign = new AbortController();
    await runCampaign({ ...options, signal: AbortSignal.any([options.signal, campaign.signal]) });
    campaign.abort();
    await options.clock.sleep(RETRY_MS, options.signal);
  }
}

/** Caches are warm on every replica; only the leader works. Resolves when stopped, or when the lease was lost. */
async function runCampaign(options: ControllerOptions): Promise<void> {
  const { access, log, clock, signal, pool } = options;
  const client = createKubeClient(access, { clock });
  const caches = controllerCaches({ client, log, clock, signal, pool });
  const ready = cachesSynced(caches);
  const leadership = electLeader(client, {
    namespace: SYSTEM_NAMESPACE,
    name: "nomad-bridge-controller",
    identity: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
    onLeading: (leading) => {
      log.info({}, "leading");
      void lead({ ...options, client, caches, ready, leading, mayWrite: () => leadership.isLeader() });
    },
    onLost: (reason) => log.warn({ reason }, "leadership lost"),
    log,
    clock,
    signal,
  });
  await leadership.over;
  await client.close();
}

type Term = ControllerOptions & {
  readonly client: ConnectedKubeClient;
  readonly caches: ControllerCaches;
  readonly ready: Promise<void>;
  readonly leading: AbortSignal;
  readonly mayWrite: () => boolean;
};

async function lead(term: Term): Promise<void> {
  await term.ready;
  const { client, log, clock, leading } = term;
  const recorder = createEventRecorder(client, { log, clock, signal: leading, controller: "nomad-bridge.dev/controller", instance: hostname() });
  const probes = await openProbeBook(configMapStore(client, term.mayWrite), log);
  const known = { ...term, recorder, probes };
  await Promise.all([workOnTasks(known), workOnJobs(known), keepRecords(known), lookAtNodes({ ...known, image: term.images.launcher })]);
}

type KnowingTerm = Term & { readonly recorder: EventRecorder; readonly probes: ProbeBook };

async function workOnTasks(term: KnowingTerm): Promise<void> {
  const queue = createWorkQueue({ name: "exectasks", workers: WORKERS, process: processor(term), log: term.log, clock: term.clock });
  const stop = watchForWork(term, queue);
  await queue.start(term.leading);
  for (const each of stop) each();
}

function processor(term: KnowingTerm) {
  const { client, caches, clock, images, log, recorder, probes } = term;
  const deps = reconcileDeps({
    client,
    caches,
    clock,
    images,
    probes,
    mayWrite: term.mayWrite,
    server: term.access.server,
    event: (task, { type, reason, note }) => recorder.record({ regarding: task, type, reason, action: "Reconcile", note }),
  });
  return async (key: string) => {
    const [namespace = "", name = ""] = key.split("/");
    const outcome = await reconcile(deps, { namespace, name });
    if (outcome.kind === "stalled") log.info({ namespace, name, reason: outcome.reason, detail: outcome.message.slice(0, 1024) }, "task waits for a change");
    return outcome;
  };
}

/** A change of a task or of one of its pods concerns that task; a change of configuration, or of what nodes have, concerns every task. */
function watchForWork({ caches, probes }: KnowingTerm, queue: WorkQueue): readonly (() => void)[] {
  const addTask = (task: ExecTask) => queue.add(`${task.metadata.namespace ?? "default"}/${task.metadata.name}`);
  const addAll = () => {
    for (const task of caches.tasks.all()) addTask(task);
  };
  const stop = [
    caches.tasks.onChange(({ object }) => addTask(object)),
    // A job that goes may leave its ID to a task that waits for it.
    caches.jobs.onChange(({ type, object: { metadata, spec } }) => {
      if (type === "deleted") queue.add(`${metadata.namespace ?? "default"}/${spec.id}`);
    }),
    caches.pods.onChange(({ object }) => addOwner(object, queue)),
    caches.configs.onChange(addAll),
    caches.namespaces.onChange(({ object, previous }) => {
      if (JSON.stringify(object.metadata.labels) !== JSON.stringify(previous?.metadata.labels)) addAll();
    }),
  ];
  probes.onChange(addAll);
  addAll();
  return stop;
}

function addOwner(pod: Pod, queue: WorkQueue): void {
  const owner = jobOwner(pod);
  if (owner?.kind === "ExecTask") queue.add(`${pod.metadata.namespace ?? "default"}/${owner.name}`);
}
