/** @module The event stream's endpoint: who may ask for which topics, and the stream. Used by http-app.ts. */
import { allowNamespaceOperation, allowNodeRead, isManagement } from "../../nomad/acl/acl.ts";
import type { Acl } from "../../nomad/acl/acl.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { type Reply, stream, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { readEventRequest, type Topic } from "./event.ts";
import { mayAskFor } from "./event-stream.ts";

function eventStream({ search, events, identityNow, signal }: RequestContext): Reply {
  const request = readEventRequest(search);
  if (!request.ok) return text(400, request.error);
  const acl = identityNow()?.acl;
  if (acl === undefined) return text(403, PERMISSION_DENIED);
  const { topics, namespace } = request.value;
  if (!mayAskFor(topics, { isManagement: isManagement(acl), allows: (topic) => allows(acl, topic, namespace) })) return text(403, PERMISSION_DENIED);
  const isValid = () => identityNow() !== undefined;
  const body = events.subscribe(
    request.value,
    {
      allows: ({ topic, namespace: of }) => {
        const now = identityNow();
        return now !== undefined && allows(now.acl, topic, of);
      },
      isValid,
    },
    signal,
  );
  return body === undefined ? text(429, "too many event streams are open; close one, and subscribe again") : stream("application/json", body);
}

function allows(acl: Acl, topic: Topic, namespace: string): boolean {
  if (topic.startsWith("ACL")) return isManagement(acl);
  if (topic === "Node" || topic === "NodePool") return allowNodeRead(acl);
  return allowNamespaceOperation(acl, namespace, "read-job");
}

export const EVENT_ROUTES: Routes = { "GET /v1/event/stream": eventStream };
