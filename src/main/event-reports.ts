/** @module The changes that the caches see, as events of Nomad's event stream. */
import type { KubeObject } from "../api/meta.ts";
import type { ClusterState } from "../bridge/bridge-deps.ts";
import type { ChangeFeed } from "../bridge/blocking/change-feed.ts";
import type { ChangeKind } from "../bridge/blocking/feed-state.ts";
import { allocationEvents, type EventContext, jobEvents, nodeEvents, type ObjectChange } from "../bridge/events/cluster-events.ts";
import type { NomadEvent } from "../bridge/events/event.ts";
import type { EventBroker } from "../bridge/events/event-stream.ts";
import type { Cache } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";
import { allocationOf } from "./cluster-state.ts";

export type EventReports = { readonly broker: EventBroker; readonly feed: ChangeFeed; readonly cluster: ClusterState; readonly now: () => number };

/** To be called after `reportChanges`, whose indexes the events have. Returns what ends the reports. */
export function reportEvents(reports: EventReports, caches: BridgeCaches): () => void {
  const stops = [
    report(reports, caches.tasks, "job", jobEvents),
    report(reports, caches.jobs, "job", jobEvents),
    report(reports, caches.pods, "allocation", (context, change) => allocationEvents(context, change, allocationOf(caches, change.object))),
    report(reports, caches.nodes, "node", nodeEvents),
  ];
  return () => stops.forEach((stop) => stop());
}

type Events<T> = (context: EventContext, change: ObjectChange<T>) => readonly NomadEvent[];

function report<T extends KubeObject>({ broker, feed, cluster, now }: EventReports, cache: Cache<T>, kind: ChangeKind, eventsOf: Events<T>): () => void {
  return cache.onChange((change) => {
    for (const event of eventsOf({ cluster, now, index: feed.index([kind]) }, change)) broker.publish(event);
  });
}
