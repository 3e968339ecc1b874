/** @module What was asked of a job's deployment through the HTTP API, applied to the state that the plan takes up. Idempotent. Pure. */
import type { DeploymentRequest as Asked } from "../../contract/job-requests.ts";
import { deploymentId } from "../../mapping/nomad-ids.ts";
import type { Sha256 } from "../../mapping/object-names.ts";
import { applyDeploymentRequest, type DeploymentRequest, type RequestContext } from "../plan/deployment-request.ts";
import type { DeploymentState } from "../plan/deployment-state.ts";

export type RequestedDeployment = { readonly sha256: Sha256; readonly jobUid: string; readonly asked: Asked | undefined; /** UIDs of the job's pods. */ readonly pods: ReadonlySet<string>; readonly context: RequestContext };

/** What cannot be done (any more) changes nothing: the bridge has said so to who asked. */
export function withRequests(state: DeploymentState | undefined, { sha256, jobUid, asked, pods, context }: RequestedDeployment): DeploymentState | undefined {
  if (state === undefined || asked === undefined || asked.id !== deploymentId(sha256, jobUid, state.jobVersion)) return state;
  // The plan forgets the health of pods that are gone. Told of it anew at each look, it would write a new state each time, which brings the next look.
  const healthy = asked.healthy?.filter((uid) => pods.has(uid)) ?? [];
  return requestsOf({ ...asked, healthy }).reduce((before, request) => {
    const after = applyDeploymentRequest(before, request, context);
    return after.ok ? after.value : before;
  }, state);
}

/** The end comes last: nothing can follow it. */
function requestsOf({ promote, paused, failed, healthy = [], unhealthy = [] }: Asked): readonly DeploymentRequest[] {
  return [
    ...(paused === undefined ? [] : [{ kind: "pause", pause: paused } as const]),
    ...(healthy.length === 0 ? [] : [{ kind: "alloc-health", healthy, unhealthy: [] } as const]),
    ...(promote === undefined || promote.length === 0 ? [] : [{ kind: "promote", ...(promote.includes("*") ? {} : { groups: promote }) } as const]),
    ...(unhealthy.length === 0 ? [] : [{ kind: "alloc-health", healthy: [], unhealthy } as const]),
    ...(failed === true ? [{ kind: "fail" } as const] : []),
  ];
}
