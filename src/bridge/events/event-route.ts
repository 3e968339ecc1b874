/** @module GET /v1/event/stream. Used by http-app.ts. */
import { maySubscribe, mayReadTopic } from "../../access/event-access.ts";
import { PERMISSION_DENIED } from "../../nomad/texts.ts";
import { type Reply, stream, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { readEventRequest } from "./event.ts";
import type { EventAccess } from "./event-stream.ts";

const TOO_MANY_STREAMS = "too many event streams are open; close one, or ask again later";

function streamEvents({ events, search, identityNow, signal }: RequestContext): Reply {
  const request = readEventRequest(search);
  if (!request.ok) return text(400, request.error);
  const identity = identityNow();
  if (identity === undefined || !maySubscribe(identity.acl, request.value.topics, request.value.namespace)) return text(403, PERMISSION_DENIED);
  const access: EventAccess = {
    holder: identity.accessorId,
    allows: ({ topic, namespace }) => {
      const now = identityNow();
      return now !== undefined && mayReadTopic(now.acl, topic, namespace);
    },
    isValid: () => identityNow() !== undefined,
  };
  const body = events.subscribe(request.value, access, signal);
  return body === undefined ? text(429, TOO_MANY_STREAMS) : stream("application/json", body);
}

export const EVENT_ROUTES: Routes = { "GET /v1/event/stream": streamEvents };
