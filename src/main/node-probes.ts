/** @module The queue that looks at nodes: which changes make it look, and what it needs of Kubernetes. One part of the controller. */
import { type ProbeDeps, probeNode } from "../controller/probe-node.ts";
import { createWorkQueue, type WorkQueue } from "../kubernetes/work-queue.ts";
import { isReady } from "../mapping/node-facts.ts";
import { probedNode } from "../mapping/probe.ts";
import { configReader, type WorkCaches } from "./caches.ts";
import type { KnowledgeTerm } from "./node-records.ts";
import { podWrites } from "./reconcile-deps.ts";
import { sha256 } from "../access/sha256.ts";

/** One, as each write of what was found rewrites the whole of it. No worker waits for a pod. */
const WORKERS = 1;

/** Resolves when the term is over. */
export async function lookAtNodes(term: KnowledgeTerm & { readonly image: string }): Promise<void> {
  const deps = probeDeps(term);
  const queue = createWorkQueue({ name: "node-probes", workers: WORKERS, process: async (node) => await probeNode(deps, node), log: term.log, clock: term.clock });
  const stop = watchForProbes(term.caches, queue);
  await queue.start(term.leading);
  for (const each of stop) each();
}

function probeDeps({ client, caches, clock, probes, mayWrite, image }: KnowledgeTerm & { readonly image: string }): ProbeDeps {
  return {
    ...podWrites({ client, mayWrite }),
    node: (name) => caches.nodes.get(undefined, name),
    config: configReader(caches),
    podsOn: (node) => caches.pods.byIndex("probe", node),
    probeOf: probes.byName,
    keep: probes.keep,
    sha256,
    image,
    now: () => clock.now(),
  };
}

function watchForProbes(caches: WorkCaches, queue: WorkQueue): readonly (() => void)[] {
  const addAll = () => {
    for (const { metadata } of caches.nodes.all()) queue.add(metadata.name);
  };
  addAll();
  for (const pod of caches.pods.all()) addProbed(pod, queue);
  return [
    caches.nodes.onChange(({ type, object, previous }) => {
      const isNews = type !== "updated" || previous === undefined || probeQuestion(object) !== probeQuestion(previous);
      if (isNews) queue.add(object.metadata.name);
    }),
    caches.pods.onChange(({ object }) => addProbed(object, queue)),
    caches.configs.onChange(addAll),
  ];
}

type CachedNode = Parameters<typeof isReady>[0];

/** Heartbeats are no news. */
const probeQuestion = (node: CachedNode): string => JSON.stringify([node.metadata.uid, node.metadata.labels, node.status?.nodeInfo?.bootID, isReady(node)]);

function addProbed(pod: Parameters<typeof probedNode>[0], queue: WorkQueue): void {
  const node = probedNode(pod);
  if (node !== undefined) queue.add(node);
}
