/** @module Stopping one allocation, which its job then replaces. */
import { withStop } from "../../contract/job-requests.ts";
import { parseGoBool } from "../../lib/go-bool.ts";
import { ok } from "../../lib/result.ts";
import { requestsOf } from "../../mapping/job-record.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { ALLOCATION_NOT_FOUND, PERMISSION_DENIED } from "../../nomad/texts.ts";
import { uuidError } from "../../nomad/uuid.ts";
import { skipShutdownDelay } from "../client/skip-shutdown-delay.ts";
import { type Reply, text } from "../reply.ts";
import type { RequestContext } from "../request-context.ts";
import { changeRequests } from "./annotate-job.ts";
import { requested } from "./write-reply.ts";

type StopContext = Pick<RequestContext, "cluster" | "jobs" | "params" | "search" | "allowsNamespace" | "now" | "client" | "identity" | "identityNow" | "source">;

/** Asking again for the same changes nothing, and names the same evaluation. */
export async function stopAllocation(context: StopContext): Promise<Reply> {
  const { cluster, params, search, allowsNamespace, now } = context;
  const allocId = (params["allocId"] ?? "").toLowerCase();
  const malformed = uuidError(params["allocId"] ?? "");
  if (malformed !== undefined) return text(500, `alloc lookup failed: ${malformed}`);
  const allocation = cluster.allocation(allocId);
  if (allocation === undefined) return text(404, ALLOCATION_NOT_FOUND);
  if (!allowsNamespace(allocation.job.namespace)) return text(403, PERMISSION_DENIED);
  const isSet = (name: string) => parseGoBool(search.get(name) ?? "") === true;
  // Before the stop, so that none of them begins with its delay.
  if (isSet("no_shutdown_delay")) await skipShutdownDelay(context, [allocation]);
  const changed = await changeRequests(context, allocation.job, (job) => {
    const requests = requestsOf(job);
    if (Object.hasOwn(requests.stop ?? {}, allocId)) return ok(requests);
    const stop = { at: now, index: indexOf(job.object), ...(isSet("no_shutdown_delay") ? { noShutdownDelay: true } : {}), ...(isSet("reschedule") ? { reschedule: true } : {}) };
    return ok(withStop(requests, allocId, stop));
  });
  if (!changed.ok) return changed.error;
  return requested(changed.value, { kind: "stop", allocId, at: requestsOf(changed.value).stop?.[allocId]?.at ?? now });
}
