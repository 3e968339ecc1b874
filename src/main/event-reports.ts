/** @module The changes that the caches see, as events of Nomad's event stream. */
import type { KubeObject } from "../api/meta.ts";
import type { AclObjects, ClusterState } from "../bridge/bridge-deps.ts";
import type { ChangeFeed } from "../bridge/blocking/change-feed.ts";
import type { ChangeKind } from "../bridge/blocking/feed-state.ts";
import { policyEvent, roleEvent, tokenEvent } from "../bridge/events/acl-events.ts";
import { deploymentEvents, evaluationEvents } from "../bridge/events/derived-events.ts";
import { serviceEvents } from "../bridge/events/service-events.ts";
import { allocationEvents, type EventContext, jobEvents, nodeEvents, type ObjectChange } from "../bridge/events/cluster-events.ts";
import type { NomadEvent } from "../bridge/events/event.ts";
import type { EventBroker } from "../bridge/events/event-stream.ts";
import type { JobObject } from "../mapping/job-record.ts";
import type { Cache } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";
import { allocationOf } from "./cluster-state.ts";

export type EventReports = { readonly broker: EventBroker; readonly feed: ChangeFeed; readonly cluster: ClusterState; readonly acl: Pick<AclObjects, "roles">; readonly now: () => number };

/** To be called after `reportChanges`, whose indexes the events have. Returns what ends the reports. */
export function reportEvents(reports: EventReports, caches: BridgeCaches): () => void {
  const evaluations = evaluationEvents();
  const ofJob: Events<JobObject> = (context, change) => [...jobEvents(context, change), ...evaluations.ofJob(context, change), ...deploymentEvents(context, change)];
  const stops = [
    report(reports, caches.tasks, "job", ofJob),
    report(reports, caches.jobs, "job", ofJob),
    report(reports, caches.pods, "allocation", (context, change) => {
      const allocation = allocationOf(caches, change.object);
      const ofEvaluations = allocation === undefined ? [] : evaluations.ofPod(context, allocation.job.object, change);
      return [...allocationEvents(context, change, allocation), ...serviceEvents(context, change, allocation), ...ofEvaluations];
    }),
    report(reports, caches.nodes, "node", nodeEvents),
    report(reports, caches.policies, "acl-policy", ({ index }, change) => [policyEvent(index, change)]),
    report(reports, caches.roles, "acl-role", ({ index }, change) => [roleEvent(index, change)]),
    report(reports, caches.tokens, "acl-token", ({ index }, change) => [tokenEvent(index, change, reports.acl)]),
  ];
  return () => stops.forEach((stop) => stop());
}

type Events<T> = (context: EventContext, change: ObjectChange<T>) => readonly NomadEvent[];

function report<T extends KubeObject>({ broker, feed, cluster, now }: EventReports, cache: Cache<T>, kind: ChangeKind, eventsOf: Events<T>): () => void {
  return cache.onChange((change) => {
    for (const event of eventsOf({ cluster, now, index: feed.index([kind]) }, change)) broker.publish(event);
  });
}
