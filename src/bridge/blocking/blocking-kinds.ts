/** @module Which changes each read endpoint waits for, as data: a pattern that is not here answers at once, whatever `index` says. */
import type { ClusterState } from "../bridge-deps.ts";
import type { ChangeKind, Interest } from "./feed-state.ts";

/**
 * By the pattern of the endpoint's row in access/endpoints.ts. A job's status and summary follow its allocations, so a query of jobs wakes for
 * those, too.
 */
export const BLOCKING_KINDS: Readonly<Record<string, readonly ChangeKind[]>> = {
  "/v1/jobs": ["job", "allocation"],
  "/v1/jobs/statuses": ["job", "allocation", "deployment"],
  "/v1/job/:jobId*": ["job", "allocation"],
  "/v1/job/:jobId*/allocations": ["allocation"],
  "/v1/job/:jobId*/evaluations": ["evaluation"],
  "/v1/job/:jobId*/deployments": ["deployment"],
  "/v1/job/:jobId*/deployment": ["deployment"],
  "/v1/job/:jobId*/summary": ["job", "allocation"],
  "/v1/job/:jobId*/versions": ["job"],
  "/v1/job/:jobId*/submission": ["job"],
  "/v1/job/:jobId*/scale": ["job", "allocation"],
  "/v1/job/:jobId*/services": ["service"],
  "/v1/allocations": ["allocation"],
  "/v1/allocation/:allocId": ["allocation"],
  "/v1/allocation/:allocId/services": ["service"],
  "/v1/evaluations": ["evaluation"],
  "/v1/evaluations/count": ["evaluation"],
  "/v1/evaluation/:evalId": ["evaluation"],
  "/v1/evaluation/:evalId/allocations": ["allocation"],
  "/v1/deployments": ["deployment"],
  "/v1/deployment/:deploymentId": ["deployment"],
  "/v1/deployment/allocations/:deploymentId": ["allocation"],
  "/v1/nodes": ["node", "config"],
  "/v1/node/:nodeId": ["node", "config"],
  "/v1/node/:nodeId/allocations": ["allocation"],
  "/v1/namespaces": ["namespace", "config"],
  "/v1/namespace/:namespace": ["namespace", "config"],
  "/v1/services": ["service"],
  "/v1/node/pool/:pool/jobs": ["job", "allocation"],
  "/v1/service/:service": ["service"],
  "/v1/scaling/policies": ["scaling-policy", "job"],
  "/v1/scaling/policy/:policyId": ["scaling-policy", "job"],
  "/v1/acl/tokens": ["acl-token"],
  "/v1/acl/token/self": ["acl-token"],
  "/v1/acl/token/:accessorId": ["acl-token"],
  "/v1/acl/policies": ["acl-policy"],
  "/v1/acl/policy/self": ["acl-policy", "acl-token"],
  "/v1/acl/policy/:policy": ["acl-policy"],
  "/v1/acl/roles": ["acl-role"],
  "/v1/acl/role/:roleId": ["acl-role"],
};

type Params = Readonly<Record<string, string>>;

/** Of an endpoint about one object alone, the key of that object's changes; undefined while there is none. */
const OWN_KEYS: Readonly<Record<string, (cluster: Pick<ClusterState, "node" | "jobOfDeployment">, params: Params) => string | undefined>> = {
  "/v1/node/:nodeId": ({ node }, { nodeId = "" }) => node(nodeId.toLowerCase())?.metadata.name,
  // A client that follows a deployment prints it each time that it is woken.
  "/v1/deployment/:deploymentId": ({ jobOfDeployment }, { deploymentId = "" }) => jobOfDeployment(deploymentId.toLowerCase())?.object.metadata.name,
};

/** What a read of that pattern waits for; undefined for one that is answered at once. Of the first of its kinds it waits for its object's own changes. */
export function interestOf(cluster: Pick<ClusterState, "node" | "jobOfDeployment">, pattern: string, params: Params): Interest | undefined {
  const kinds = BLOCKING_KINDS[pattern];
  const [kind] = kinds ?? [];
  if (kinds === undefined || kind === undefined) return undefined;
  const key = OWN_KEYS[pattern]?.(cluster, params);
  return key === undefined ? { kinds } : { kinds, wants: (change) => change.key === key || !change.kinds.includes(kind) };
}
