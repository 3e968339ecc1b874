/** @module The queue of NomadJobs: which changes concern which job, and what comes of a look at one. One part of the controller. */
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node, Pod } from "../api/pod.ts";
import { DRAIN_ANNOTATION } from "../contract/node-drain.ts";
import { ANNOTATION } from "../contract/pod-metadata.ts";
import { isDrainedFirst } from "../controller/nomad-job/nodes.ts";
import { reconcileJob } from "../controller/nomad-job/reconcile.ts";
import { createWorkQueue, type WorkQueue } from "../kubernetes/work-queue.ts";
import { isReady } from "../mapping/node-facts.ts";
import type { TaskImages } from "../mapping/pod-for-task.ts";
import type { ControllerCaches } from "./caches.ts";
import type { KnowledgeTerm } from "./node-records.ts";
import { nomadJobDeps } from "./nomad-job-deps.ts";
import { jobOwner } from "./owner.ts";

export type JobsTerm = KnowledgeTerm & {
  readonly caches: ControllerCaches;
  readonly images: TaskImages;
  /** The API server. */
  readonly access: { readonly server: string };
};

const WORKERS = 8;
/** Of a line in the log: a job can be wrong at a million places. */
const MAX_DETAIL_CHARS = 1024;

/** Resolves when the term is over. */
export async function workOnJobs(term: JobsTerm): Promise<void> {
  const queue = createWorkQueue({ name: "nomadjobs", workers: WORKERS, process: processor(term), log: term.log, clock: term.clock });
  const stop = watchForWork(term, queue);
  await queue.start(term.leading);
  for (const each of stop) each();
}

function processor(term: JobsTerm) {
  const { log, recorder, access } = term;
  const deps = nomadJobDeps({
    ...term,
    server: access.server,
    event: (job, { type, reason, note }) => recorder.record({ regarding: job, type, reason, action: "Reconcile", note }),
  });
  return async (key: string) => {
    const [namespace = "", name = ""] = key.split("/");
    const outcome = await reconcileJob(deps, { namespace, name });
    if (outcome.kind === "stalled") log.info({ namespace, name, reason: outcome.reason, detail: outcome.message.slice(0, MAX_DETAIL_CHARS) }, "job waits for a change");
    return outcome;
  };
}

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? "default";

function watchForWork({ caches, probes }: JobsTerm, queue: WorkQueue): readonly (() => void)[] {
  const add = (job: NomadJob) => queue.add(`${namespaceOf(job)}/${job.metadata.name}`);
  const addAll = () => {
    for (const job of caches.jobs.all()) add(job);
  };
  const stop = [
    caches.jobs.onChange(({ type, object, previous }) => {
      add(object);
      addParent(object, previous, queue);
      // Its ID may be another's now.
      if (type === "deleted") for (const other of caches.jobs.byIndex("job", `${namespaceOf(object)}/${object.spec.id}`)) add(other);
    }),
    caches.tasks.onChange(({ type, object }) => {
      if (type === "deleted") for (const job of caches.jobs.byIndex("job", `${namespaceOf(object)}/${object.metadata.name}`)) add(job);
    }),
    caches.pods.onChange(({ object }) => {
      addOwner(object, queue);
      addDrainedLast(caches, object, queue);
    }),
    caches.nodes.onChange(({ type, object, previous }) => {
      if (type !== "updated" || previous === undefined || nodeQuestion(object) !== nodeQuestion(previous)) addConcerned(caches, object, queue);
    }),
    caches.services.onChange(({ object }) => addOwner(object, queue)),
    caches.configs.onChange(addAll),
    caches.namespaces.onChange(({ object, previous }) => {
      if (JSON.stringify(object.metadata.labels) !== JSON.stringify(previous?.metadata.labels)) addAll();
    }),
  ];
  probes.onChange(addAll);
  addAll();
  return stop;
}

/** A parent counts its children, and only their state matters to it. */
function addParent(job: NomadJob, previous: NomadJob | undefined, queue: WorkQueue): void {
  if (job.metadata.annotations?.[ANNOTATION.parent] === undefined) return;
  const owner = jobOwner(job);
  if (owner !== undefined && job.status?.state !== previous?.status?.state) queue.add(`${namespaceOf(job)}/${owner.name}`);
  if (owner !== undefined && previous === undefined) queue.add(`${namespaceOf(job)}/${owner.name}`);
}

function addOwner(pod: KubeObject, queue: WorkQueue): void {
  const owner = jobOwner(pod);
  if (owner?.kind === "NomadJob") queue.add(`${namespaceOf(pod)}/${owner.name}`);
}

/** System jobs that leave a drained node when others have left it. */
function addDrainedLast(caches: ControllerCaches, pod: Pod, queue: WorkQueue): void {
  const { nodeName } = pod.spec;
  const node = nodeName === undefined || !isDrainedFirst(pod) ? undefined : caches.nodes.get(undefined, nodeName);
  if (node?.metadata.annotations?.[DRAIN_ANNOTATION] === undefined) return;
  for (const other of caches.pods.byIndex("node", node.metadata.name)) if (!isDrainedFirst(other)) addOwner(other, queue);
}

/** Heartbeats are no news. */
const nodeQuestion = (node: Node): string =>
  JSON.stringify([
    node.metadata.uid,
    node.metadata.labels,
    node.metadata.annotations?.[DRAIN_ANNOTATION],
    node.spec?.unschedulable,
    isReady(node),
    node.status?.conditions?.find(({ type }) => type === "Ready")?.status,
  ]);

/** Jobs that have something on the node or wait for one, and those that belong on every node. */
function addConcerned(caches: ControllerCaches, node: Node, queue: WorkQueue): void {
  for (const pod of caches.pods.all()) if (pod.spec.nodeName === undefined || pod.spec.nodeName === node.metadata.name) addOwner(pod, queue);
  for (const job of caches.jobs.all()) if (job.spec.type === "system" || job.spec.type === "sysbatch") queue.add(`${namespaceOf(job)}/${job.metadata.name}`);
}
