/** @module What a request asks for one allocation, as the plan takes it. Pure. Used for both kinds of job. */
import type { JobRequests } from "../contract/job-requests.ts";
import type { AllocationView, Transition } from "./plan/types.ts";

/** A request for a stop holds as long as the allocation is known; one to reschedule holds for failures before it. */
export function transitionOf({ uid, state, endedAt }: Pick<AllocationView, "uid" | "state" | "endedAt">, { stop, reschedule }: JobRequests): Transition | undefined {
  const asked = stop !== undefined && Object.hasOwn(stop, uid) ? stop[uid] : undefined;
  if (asked !== undefined && state !== "failed") return asked.reschedule === true ? "migrate" : "stop";
  return state === "failed" && reschedule !== undefined && (endedAt ?? 0) <= reschedule ? "force-reschedule" : undefined;
}
