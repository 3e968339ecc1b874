/** @module The queue that keeps node records in managed namespaces, and what it needs of Kubernetes. One part of the controller. */
import { type ExecTask, execTaskSpec } from "../api/exec-task.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node } from "../api/pod.ts";
import { keepNodeRecords, type NodeRecordsDeps } from "../controller/node-records.ts";
import type { ConnectedKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import type { EventRecorder } from "../kubernetes/events.ts";
import type { Log } from "../kubernetes/types.ts";
import { createWorkQueue, type WorkQueue } from "../kubernetes/work-queue.ts";
import { nodeRecord } from "../mapping/node-facts.ts";
import { jobNeedsNodeValues, needsNodeValues } from "../mapping/node-values.ts";
import type { OperatingSystem } from "../mapping/operating-system.ts";
import { operatingSystemOf } from "../mapping/probe.ts";
import { configReader, isManaged, type WorkCaches } from "./caches.ts";
import { configMapStore } from "./config-maps.ts";
import { createMemo } from "./memo.ts";
import type { ProbeBook } from "./probe-book.ts";

export type KnowledgeTerm = {
  readonly client: ConnectedKubeClient;
  readonly caches: WorkCaches;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly probes: ProbeBook;
  readonly leading: AbortSignal;
  readonly mayWrite: () => boolean;
};

/** A namespace's records are read and written whole: more workers would only keep more of them in memory. */
const WORKERS = 2;
/** A namespace may have many dispatched jobs, and each of their texts is looked at once. */
const REMEMBERED_JOBS = 20_000;

/** Resolves when the term is over. */
export async function keepRecords(term: KnowledgeTerm): Promise<void> {
  const remember = createMemo(REMEMBERED_JOBS);
  const hasRecords = ({ metadata, spec }: NomadJob) => remember(`${metadata.uid}/${metadata.generation}`, () => jobNeedsNodeValues(spec.job));
  const deps = recordsDeps(term, hasRecords);
  const queue = createWorkQueue({ name: "node-records", workers: WORKERS, process: async (namespace) => await keepNodeRecords(deps, namespace), log: term.log, clock: term.clock });
  const stop = watchForRecords(term, queue, hasRecords);
  await queue.start(term.leading);
  for (const each of stop) each();
}

function recordsDeps(term: KnowledgeTerm, hasRecords: (job: NomadJob) => boolean): NodeRecordsDeps {
  const { client, caches, log, recorder, mayWrite } = term;
  return {
    ...configMapStore(client, mayWrite),
    isManaged: (namespace) => isManaged(caches, namespace),
    isNeeded: (namespace) => caches.tasks.byIndex("namespace", namespace).some(mountsRecords) || caches.jobs.byIndex("namespace", namespace).some(hasRecords),
    config: configReader(caches),
    nodes: () => caches.nodes.all(),
    osOf: (node) => osOf(term, node),
    onDropped: (namespace, nodes) => {
      const note = `no room for what tasks may know of ${nodes.length} nodes, ${nodes[0] ?? ""} among them: tasks there that name node values fail; shorten annotations of nodes, or give the namespace a profile with fewer nodes`;
      log.warn({ namespace, dropped: nodes.length }, "node records left out for their size");
      const regarding = caches.namespaces.get(undefined, namespace);
      if (regarding !== undefined) recorder.record({ regarding, type: "Warning", reason: "NodeRecordsTooLarge", action: "KeepNodeRecords", note });
    },
  };
}

function mountsRecords({ spec }: ExecTask): boolean {
  const parsed = execTaskSpec.safeParse(spec);
  return parsed.success && [parsed.data, ...parsed.data.tasks].some(needsNodeValues);
}

function osOf({ caches, probes }: KnowledgeTerm, name: string): OperatingSystem | undefined {
  const node = caches.nodes.get(undefined, name);
  return node === undefined ? undefined : operatingSystemOf(node, probes.byName(name));
}

/** Of tasks only coming and going and the spec count, and of nodes only what a record says: heartbeats are no news. */
function watchForRecords({ caches, probes }: KnowledgeTerm, queue: WorkQueue, hasRecords: (job: NomadJob) => boolean): readonly (() => void)[] {
  const config = configReader(caches);
  const namespaceOf = ({ metadata }: ExecTask | NomadJob) => metadata.namespace ?? "default";
  const addAll = () => {
    for (const namespace of new Set([...caches.tasks.all(), ...caches.jobs.all()].map(namespaceOf))) queue.add(namespace);
  };
  const recordText = (node: Node | undefined): string => {
    const now = config();
    return node === undefined || now === undefined ? "" : JSON.stringify(nodeRecord({ node, config: now }));
  };
  addAll();
  probes.onChange(addAll);
  return [
    caches.nodes.onChange(({ type, object, previous }) => {
      if (type !== "updated" || recordText(object) !== recordText(previous)) addAll();
    }),
    caches.configs.onChange(addAll),
    caches.tasks.onChange(({ type, object, previous }) => {
      if (type === "added" || object.metadata.generation !== previous?.metadata.generation) queue.add(namespaceOf(object));
    }),
    caches.jobs.onChange(({ type, object, previous }) => {
      const isNew = type === "added" || (type === "updated" && object.metadata.generation !== previous?.metadata.generation);
      if (isNew && hasRecords(object)) queue.add(namespaceOf(object));
    }),
    caches.namespaces.onChange(({ object, previous }) => {
      if (JSON.stringify(object.metadata.labels) !== JSON.stringify(previous?.metadata.labels)) queue.add(object.metadata.name);
    }),
  ];
}
