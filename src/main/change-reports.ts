/** @module Every change that the caches see, reported to the feed that blocking queries wait on. What is computed of an object changes with it. */
import type { ChangeFeed } from "../bridge/blocking/change-feed.ts";
import type { ChangeKind } from "../bridge/blocking/feed-state.ts";
import type { KubeObject } from "../api/meta.ts";
import type { NomadJob } from "../api/nomad-job.ts";
import type { Node } from "../api/pod.ts";
import type { Cache, Change } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";

/** Evaluations and deployments are read off jobs, and evaluations off their allocations too. */
const OF_JOB: readonly ChangeKind[] = ["job", "evaluation", "scaling-policy", "service"];
const OF_POD: readonly ChangeKind[] = ["allocation", "evaluation", "service"];

/** Of a deployment much less changes than of its job, and a client that follows it prints it each time that it is woken. */
function ofJob({ type, object, previous }: Change<NomadJob>): readonly ChangeKind[] {
  const isSame = type === "updated" && previous !== undefined && deploymentOf(previous) === deploymentOf(object);
  return isSame ? OF_JOB : [...OF_JOB, "deployment"];
}

const deploymentOf = ({ metadata, status }: NomadJob): string => JSON.stringify([metadata.generation, status?.deployment]);

/**
 * Returns what ends the reports. Until then every change wakes whoever waits for its kinds.
 * @param isDraining as nodes are shown at that moment
 */
export function reportChanges(feed: ChangeFeed, caches: BridgeCaches, isDraining: (node: Node) => boolean): () => void {
  const stops = [
    report(feed, caches.tasks, OF_JOB),
    report(feed, caches.jobs, [...OF_JOB, "deployment"], ofJob),
    report(feed, caches.revisions, ["job"]),
    report(feed, caches.pods, OF_POD),
    report(feed, caches.nodes, ["node"]),
    report(feed, caches.namespaces, ["namespace"]),
    report(feed, caches.configs, ["config"]),
    report(feed, caches.tokens, ["acl-token"]),
    report(feed, caches.policies, ["acl-policy"]),
    report(feed, caches.roles, ["acl-role"]),
    ...reportDrains(feed, caches, isDraining),
  ];
  return () => stops.forEach((stop) => stop());
}

/** What was there before counts as one change, so that indexes go on from where an earlier server's were. */
function report<T extends KubeObject>(feed: ChangeFeed, cache: Cache<T>, kinds: readonly ChangeKind[], ofChange: (change: Change<T>) => readonly ChangeKind[] = () => kinds): () => void {
  feed.report({ kinds, namespace: "", key: "", version: cache.version() });
  return cache.onChange((change) => {
    const { object } = change;
    const { name, namespace = "", resourceVersion } = object.metadata;
    feed.report({ kinds: ofChange(change), namespace, key: name, version: Number(resourceVersion ?? 0) });
  });
}

/** A drain is over with the last allocation that it moves, which its node's object does not tell: for who reads the node it is a change of the node. */
function reportDrains(feed: ChangeFeed, { nodes, pods }: BridgeCaches, isDraining: (node: Node) => boolean): readonly (() => void)[] {
  const draining = new Set<string>();
  /** Whether the node is shown otherwise than before. */
  const note = (node: Node): boolean => {
    const { name } = node.metadata;
    const wasDraining = draining.delete(name);
    if (isDraining(node)) draining.add(name);
    return wasDraining !== draining.has(name);
  };
  for (const node of nodes.all()) note(node);
  return [
    nodes.onChange(({ type, object }) => void (type === "deleted" ? draining.delete(object.metadata.name) : note(object))),
    pods.onChange(({ object: { spec } }) => {
      const node = spec.nodeName === undefined ? undefined : nodes.get(undefined, spec.nodeName);
      if (node !== undefined && note(node)) feed.report({ kinds: ["node"], namespace: "", key: node.metadata.name });
    }),
  ];
}
