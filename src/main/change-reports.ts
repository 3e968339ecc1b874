/** @module Every change that the caches see, reported to the feed that blocking queries wait on. What is computed of an object changes with it. */
import type { ChangeFeed } from "../bridge/blocking/change-feed.ts";
import type { ChangeKind } from "../bridge/blocking/feed-state.ts";
import type { ClusterState } from "../bridge/bridge-deps.ts";
import type { NomadEvent } from "../bridge/events/event.ts";
import type { EventBroker } from "../bridge/events/event-stream.ts";
import { allocationEvent, jobEvent, nodeEvent, type ObjectChange } from "../bridge/events/object-events.ts";
import type { KubeObject } from "../api/meta.ts";
import type { Cache } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";

/** Evaluations and deployments are read off jobs and their allocations. */
const OF_JOB: readonly ChangeKind[] = ["job", "evaluation", "deployment", "scaling-policy", "service"];
const OF_POD: readonly ChangeKind[] = ["allocation", "evaluation", "deployment", "service"];

export type ChangeSinks = { readonly feed: ChangeFeed; readonly events: EventBroker; readonly cluster: ClusterState; /** Epoch ms. */ readonly now: () => number };

/** Returns what ends the reports. Until then every change wakes whoever waits for its kinds, and becomes an event where clients would see it. */
export function reportChanges(sinks: ChangeSinks, caches: BridgeCaches): () => void {
  const { feed } = sinks;
  const stops = [
    report(sinks, caches.tasks, OF_JOB, (change) => jobEvent(sinks, change)),
    report(sinks, caches.jobs, OF_JOB, (change) => jobEvent(sinks, change)),
    report(sinks, caches.pods, OF_POD, (change) => allocationEvent(sinks, change)),
    report(sinks, caches.nodes, ["node"], (change) => nodeEvent(sinks, change)),
    report(sinks, caches.revisions, ["job"]),
    report(sinks, caches.namespaces, ["namespace"]),
    report(sinks, caches.configs, ["config"]),
    report(sinks, caches.tokens, ["acl-token"]),
    report(sinks, caches.policies, ["acl-policy"]),
    report(sinks, caches.roles, ["acl-role"]),
  ];
  return () => {
    stops.forEach((stop) => stop());
    feed.close();
    sinks.events.close();
  };
}

/** What was there before counts as one change, so that indexes go on from where an earlier server's were. */
function report<T extends KubeObject>({ feed, events }: ChangeSinks, cache: Cache<T>, kinds: readonly ChangeKind[], eventOf?: (change: ObjectChange<T>) => NomadEvent | undefined): () => void {
  for (const kind of kinds) feed.report({ kind, namespace: "", key: "", version: cache.version() });
  return cache.onChange((change) => {
    const { name, namespace = "", resourceVersion } = change.object.metadata;
    const indexes = kinds.map((kind) => feed.report({ kind, namespace, key: name, version: Number(resourceVersion ?? 0) }));
    const event = eventOf?.({ ...change, index: Math.max(...indexes) });
    if (event !== undefined) events.publish(event);
  });
}
