/** @module What the event stream has events of. Used by access and the bridge. Source: developer.hashicorp.com/nomad/api-docs/events#event-topics */

export const EVENT_TOPICS = ["ACLPolicy", "ACLRole", "ACLToken", "Allocation", "Deployment", "Evaluation", "Job", "Node", "NodePool", "Service"] as const;
export type EventTopic = (typeof EVENT_TOPICS)[number];

/** Every event where `topic` is "*", every one of the topic where `key` is; none where it is "unknown". */
export type TopicFilter = { readonly topic: EventTopic | "*" | "unknown"; readonly key: string };
