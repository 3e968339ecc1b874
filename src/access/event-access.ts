/** @module Who may see which events. Used by the event stream, at its beginning and at each event. Source: developer.hashicorp.com/nomad/api-docs/events */
import { type Acl, allowNamespaceOperation, allowNodeRead, isManagement } from "../nomad/acl/acl.ts";
import type { EventTopic, TopicFilter } from "../nomad/event-topics.ts";

/** @param namespace of the event, or of the request, where "*" is any */
export function mayReadTopic(acl: Acl, topic: EventTopic, namespace: string): boolean {
  switch (topic) {
    case "Allocation":
    case "Deployment":
    case "Evaluation":
    case "Job":
    case "Service":
      return allowNamespaceOperation(acl, namespace, "read-job");
    case "Node":
    case "NodePool":
      return allowNodeRead(acl);
    case "ACLPolicy":
    case "ACLRole":
    case "ACLToken":
      return isManagement(acl);
  }
}

/** All topics at once are for management alone, as they hold those of the ACL; so are those that nobody knows. */
export function maySubscribe(acl: Acl, topics: readonly TopicFilter[], namespace: string): boolean {
  return topics.every(({ topic }) => (topic === "*" || topic === "unknown" ? isManagement(acl) : mayReadTopic(acl, topic, namespace)));
}
