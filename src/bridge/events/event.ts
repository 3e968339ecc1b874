/**
 * @module One event of /v1/event/stream, and which of them a request asks for. Used by event-log.ts and event-stream.ts.
 * Source: developer.hashicorp.com/nomad/api-docs/events
 */
import { err, ok, type Result } from "../../lib/result.ts";
import { EVENT_TOPICS, type EventTopic, type TopicFilter } from "../../nomad/event-topics.ts";

export type EventType =
  | "ACLPolicyDeleted"
  | "ACLPolicyUpserted"
  | "ACLRoleDeleted"
  | "ACLRoleUpserted"
  | "ACLTokenDeleted"
  | "ACLTokenUpserted"
  | "AllocationUpdated"
  | "AllocationUpdateDesiredStatus"
  | "DeploymentPromotion"
  | "DeploymentStatusUpdate"
  | "EvaluationUpdated"
  | "JobDeregistered"
  | "JobRegistered"
  | "NodeDeregistration"
  | "NodeDrain"
  | "NodeEligibility"
  | "NodeEvent"
  | "NodeRegistration"
  | "PlanResult"
  | "ServiceDeregistration"
  | "ServiceRegistration";

export type NomadEvent = {
  readonly topic: EventTopic;
  readonly type: EventType;
  /** The object's ID. */
  readonly key: string;
  /** "" for what has none, such as a node. */
  readonly namespace: string;
  /** What `topic=` may name beside the key: the job of an allocation, its deployment. */
  readonly filterKeys: readonly string[];
  readonly index: number;
  /** Under the topic's name, such as `{ Job: … }`. Made when somebody first reads it, of values that no longer change. */
  readonly payload: () => object;
};

export type EventRequest = {
  readonly topics: readonly TopicFilter[];
  /** "*" is all. */
  readonly namespace: string;
  /** The first index to send; 0 begins with what is still there. */
  readonly index: number;
};

const MAX_TOPICS = 100;

/** The error is the text of a 400. Without a `topic`, all are asked for. */
export function readEventRequest(params: URLSearchParams): Result<EventRequest, string> {
  const index = params.get("index") ?? "";
  if (!/^\d{0,18}$/.test(index)) return err(`Unable to parse index: strconv.Atoi: parsing ${JSON.stringify(index)}: invalid syntax`);
  const asked = params.getAll("topic");
  if (asked.length > MAX_TOPICS) return err(`${asked.length} topics are asked for, and ${MAX_TOPICS} are the most; ask for "*" instead`);
  const topics: TopicFilter[] = [];
  for (const text of asked) {
    const filter = readTopic(text);
    if (filter === undefined) return err(`Invalid topic query: error parsing topics: Invalid key value pair for topic, topic: ${text}`);
    topics.push(filter);
  }
  return ok({ topics: topics.length === 0 ? [{ topic: "*", key: "*" }] : topics, namespace: params.get("namespace") || "default", index: Number(index) });
}

/** `Job`, `Job:*`, `Job:web`, `*`; undefined where there is more than one colon. A topic that there is not has no events, and is no error. */
function readTopic(text: string): TopicFilter | undefined {
  const [name = "", key = "*", ...more] = text.split(":");
  if (more.length > 0) return undefined;
  return { topic: name === "*" ? "*" : (EVENT_TOPICS.find((known) => known === name) ?? "unknown"), key };
}

/** Whether the request asks for the event; whether its sender may see it is another question. */
export function isAskedFor({ topics, namespace }: EventRequest, event: NomadEvent): boolean {
  if (namespace !== "*" && event.namespace !== "" && event.namespace !== namespace) return false;
  return topics.some(({ topic, key }) => (topic === "*" || topic === event.topic) && (key === "*" || key === event.key || event.filterKeys.includes(key)));
}
