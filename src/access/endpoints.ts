/**
 * @module Which endpoint needs which capability, as data. A route without a row here is closed to all but management tokens.
 * Used by authorize-request.ts. Source: developer.hashicorp.com/nomad/api-docs, "ACL Required" of each endpoint
 */
import type { NamespaceCapability } from "../nomad/acl/capabilities.ts";

/**
 * `none`: not even a look at the token. `valid-token`: any token, the anonymous one included.
 * `namespace`: one of the capabilities, either in the namespace of the query at once (`query`; "*" admits whoever has it anywhere, and
 * rows are filtered after), or in the namespace of the object that the path names, once it is found (`object`), or in both, one after the
 * other (`both`): then nobody learns without a right whether there is such an object.
 * `orAll`: these together are as good as one of `anyOf`. `pool-read`: to read the node pool that the path names; `pool-nodes`: and nodes, too.
 * `own-token`: management, or the accessor in the path is the caller's. `own-policy`: management, or the policy in the path may be read.
 */
export type Need =
  | { readonly kind: "none" | "valid-token" | "management" | "agent-read" | "node-read" | "node-write" | "operator-read" | "plugin-read" | "own-token" | "own-policy" | "pool-read" | "pool-nodes" }
  | { readonly kind: "namespace"; readonly anyOf: readonly NamespaceCapability[]; readonly in: "query" | "object" | "both"; readonly orAll?: readonly NamespaceCapability[] };

export type Method = "GET" | "PUT" | "DELETE";

/**
 * In a pattern, `:name` stands for one segment and `:name*` for one or more.
 */
export type Endpoint = {
  readonly method: Method;
  readonly pattern: string;
  readonly needs: Need;
};

const NONE: Need = { kind: "none" };
const MANAGEMENT: Need = { kind: "management" };
const VALID_TOKEN: Need = { kind: "valid-token" };
const NODE_READ: Need = { kind: "node-read" };
const POOL_READ: Need = { kind: "pool-read" };
const POOL_NODES: Need = { kind: "pool-nodes" };
const NODE_WRITE: Need = { kind: "node-write" };
const OPERATOR_READ: Need = { kind: "operator-read" };
const OWN_TOKEN: Need = { kind: "own-token" };
const inQuery = (...anyOf: readonly NamespaceCapability[]): Need => ({ kind: "namespace", anyOf, in: "query" });
const inBoth = (...anyOf: readonly NamespaceCapability[]): Need => ({ kind: "namespace", anyOf, in: "both" });
const inObject = (...anyOf: readonly NamespaceCapability[]): Need => ({ kind: "namespace", anyOf, in: "object" });

/** The first row that fits decides. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: "GET", pattern: "/v1/status/leader", needs: NONE },
  { method: "GET", pattern: "/v1/status/peers", needs: NONE },
  { method: "GET", pattern: "/v1/regions", needs: NONE },
  { method: "GET", pattern: "/v1/metrics", needs: NONE },
  { method: "GET", pattern: "/v1/agent/health", needs: NONE },
  { method: "GET", pattern: "/v1/agent/self", needs: { kind: "agent-read" } },
  { method: "GET", pattern: "/v1/agent/members", needs: NODE_READ },
  { method: "GET", pattern: "/v1/agent/monitor", needs: { kind: "agent-read" } },
  { method: "GET", pattern: "/v1/agent/servers", needs: { kind: "agent-read" } },
  { method: "GET", pattern: "/v1/agent/schedulers", needs: { kind: "agent-read" } },
  { method: "GET", pattern: "/v1/agent/schedulers/config", needs: { kind: "agent-read" } },
  { method: "GET", pattern: "/v1/operator/raft/configuration", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/operator/scheduler/configuration", needs: OPERATOR_READ },
  { method: "GET", pattern: "/v1/operator/autopilot/configuration", needs: OPERATOR_READ },
  { method: "GET", pattern: "/v1/operator/autopilot/health", needs: OPERATOR_READ },
  { method: "PUT", pattern: "/v1/system/reconcile/summaries", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/namespaces", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/namespace/:namespace", needs: VALID_TOKEN },
  { method: "PUT", pattern: "/v1/namespace", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/namespaces", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/namespace/:namespace", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/namespace/:namespace", needs: MANAGEMENT },
  // Rows, and the pool that a path names, need a rule for the pool: bridge/cluster/node-pools.ts.
  { method: "GET", pattern: "/v1/node/pools", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/node/pool/:pool", needs: POOL_READ },
  { method: "GET", pattern: "/v1/node/pool/:pool/nodes", needs: POOL_NODES },
  { method: "GET", pattern: "/v1/nodes", needs: NODE_READ },
  { method: "GET", pattern: "/v1/node/:nodeId", needs: NODE_READ },
  { method: "GET", pattern: "/v1/node/:nodeId/allocations", needs: NODE_READ },
  { method: "PUT", pattern: "/v1/node/:nodeId/drain", needs: NODE_WRITE },
  { method: "PUT", pattern: "/v1/node/:nodeId/eligibility", needs: NODE_WRITE },
  { method: "PUT", pattern: "/v1/node/:nodeId/evaluate", needs: NODE_WRITE },
  { method: "PUT", pattern: "/v1/node/:nodeId/purge", needs: NODE_WRITE },
  { method: "GET", pattern: "/v1/client/stats", needs: NODE_READ },
  { method: "GET", pattern: "/v1/client/metadata", needs: NODE_READ },
  { method: "GET", pattern: "/v1/vars", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/var/:path*", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/operator/license", needs: NONE },
  { method: "GET", pattern: "/v1/services", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/service/:service", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/allocation/:allocId/services", needs: inBoth("read-job") },
  { method: "GET", pattern: "/v1/volumes", needs: inQuery("csi-list-volume", "csi-read-volume", "list-jobs") },
  { method: "GET", pattern: "/v1/volume/csi/:volumeId", needs: inQuery("csi-read-volume", "read-job") },
  { method: "GET", pattern: "/v1/plugins", needs: { kind: "plugin-read" } },
  { method: "GET", pattern: "/v1/plugin/csi/:plugin", needs: { kind: "plugin-read" } },
  { method: "GET", pattern: "/v1/node/pool/:pool/jobs", needs: POOL_READ },
  { method: "GET", pattern: "/v1/scaling/policies", needs: { kind: "namespace", anyOf: ["list-scaling-policies"], orAll: ["list-jobs", "read-job"], in: "query" } },
  { method: "GET", pattern: "/v1/scaling/policy/:policyId", needs: { kind: "namespace", anyOf: ["read-scaling-policy"], orAll: ["list-jobs", "read-job"], in: "both" } },
  // Each topic needs a right of its own: access/event-access.ts.
  { method: "GET", pattern: "/v1/event/stream", needs: VALID_TOKEN },
  { method: "PUT", pattern: "/v1/search", needs: VALID_TOKEN },
  { method: "PUT", pattern: "/v1/search/fuzzy", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/jobs/statuses", needs: inQuery("read-job") },
  { method: "PUT", pattern: "/v1/jobs/statuses", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/jobs", needs: inQuery("list-jobs") },
  { method: "PUT", pattern: "/v1/jobs/parse", needs: inQuery("parse-job", "submit-job") },
  { method: "PUT", pattern: "/v1/validate/job", needs: inQuery("read-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/plan", needs: inObject("submit-job", "plan-job") },
  { method: "PUT", pattern: "/v1/jobs", needs: inObject("submit-job", "register-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/action", needs: inObject("alloc-exec") },
  { method: "GET", pattern: "/v1/job/:jobId*/allocations", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/evaluations", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/deployments", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/deployment", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/summary", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/versions", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/submission", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/actions", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/services", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/job/:jobId*/scale", needs: inQuery("read-job", "read-job-scaling") },
  { method: "PUT", pattern: "/v1/job/:jobId*/scale", needs: inQuery("scale-job", "submit-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/dispatch", needs: inQuery("dispatch-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/periodic/force", needs: inQuery("dispatch-job", "submit-job", "force-periodic-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/evaluate", needs: inQuery("submit-job", "evaluate-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/revert", needs: inQuery("submit-job", "revert-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/stable", needs: inQuery("submit-job", "stable-job") },
  { method: "PUT", pattern: "/v1/job/:jobId*/versions/:tag/tag", needs: inQuery("submit-job", "tag-job-version") },
  { method: "DELETE", pattern: "/v1/job/:jobId*/versions/:tag/tag", needs: inQuery("submit-job", "tag-job-version") },
  { method: "PUT", pattern: "/v1/job/:jobId*", needs: inObject("submit-job", "register-job") },
  // Which of the two finer rights it takes, the handler says: a purge is another right than a stop.
  { method: "DELETE", pattern: "/v1/job/:jobId*", needs: inQuery("submit-job", "deregister-job", "purge-job") },
  { method: "GET", pattern: "/v1/job/:jobId*", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/evaluations", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/evaluations/count", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/evaluation/:evalId", needs: inBoth("read-job") },
  { method: "GET", pattern: "/v1/evaluation/:evalId/allocations", needs: inBoth("read-job") },
  { method: "GET", pattern: "/v1/deployments", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/deployment/allocations/:deploymentId", needs: inBoth("read-job") },
  { method: "PUT", pattern: "/v1/deployment/fail/:deploymentId", needs: inObject("submit-job", "fail-deployment") },
  { method: "PUT", pattern: "/v1/deployment/pause/:deploymentId", needs: inObject("submit-job", "pause-deployment") },
  { method: "PUT", pattern: "/v1/deployment/promote/:deploymentId", needs: inObject("submit-job", "promote-deployment") },
  { method: "PUT", pattern: "/v1/deployment/unblock/:deploymentId", needs: inObject("submit-job", "unblock-deployment") },
  { method: "PUT", pattern: "/v1/deployment/allocation-health/:deploymentId", needs: inObject("submit-job", "set-alloc-health-deployment") },
  { method: "GET", pattern: "/v1/deployment/:deploymentId", needs: inBoth("read-job") },
  { method: "PUT", pattern: "/v1/allocation/:allocId/stop", needs: inObject("alloc-lifecycle") },
  { method: "PUT", pattern: "/v1/system/gc", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/allocations", needs: inQuery("read-job") },
  { method: "GET", pattern: "/v1/allocation/:allocId", needs: inObject("read-job") },
  { method: "GET", pattern: "/v1/client/allocation/:allocId/exec", needs: inObject("alloc-exec") },
  { method: "GET", pattern: "/v1/client/fs/ls/:allocId", needs: inObject("read-fs") },
  { method: "GET", pattern: "/v1/client/fs/stat/:allocId", needs: inObject("read-fs") },
  { method: "GET", pattern: "/v1/client/fs/cat/:allocId", needs: inObject("read-fs") },
  { method: "GET", pattern: "/v1/client/fs/readat/:allocId", needs: inObject("read-fs") },
  { method: "GET", pattern: "/v1/client/fs/stream/:allocId", needs: inObject("read-fs") },
  { method: "GET", pattern: "/v1/client/fs/logs/:allocId", needs: inObject("read-logs", "read-fs") },
  { method: "GET", pattern: "/v1/client/allocation/:allocId/stats", needs: inObject("read-job") },
  { method: "GET", pattern: "/v1/client/allocation/:allocId/checks", needs: inObject("read-job") },
  { method: "PUT", pattern: "/v1/client/allocation/:allocId/restart", needs: inObject("alloc-lifecycle") },
  { method: "PUT", pattern: "/v1/client/allocation/:allocId/signal", needs: inObject("alloc-lifecycle") },
  { method: "GET", pattern: "/v1/client/allocation/:allocId/gc", needs: inObject("submit-job", "gc-allocation") },
  { method: "PUT", pattern: "/v1/client/allocation/:allocId/gc", needs: inObject("submit-job", "gc-allocation") },
  { method: "PUT", pattern: "/v1/acl/bootstrap", needs: NONE },
  { method: "GET", pattern: "/v1/acl/policies", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/acl/policy/self", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/acl/policy/:policy", needs: { kind: "own-policy" } },
  { method: "PUT", pattern: "/v1/acl/policy/:policy", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/acl/policy/:policy", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/roles", needs: VALID_TOKEN },
  { method: "PUT", pattern: "/v1/acl/role", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/role/name/:roleName", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/acl/role/:roleId", needs: VALID_TOKEN },
  { method: "PUT", pattern: "/v1/acl/role/:roleId", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/acl/role/:roleId", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/auth-methods", needs: NONE },
  { method: "PUT", pattern: "/v1/acl/auth-method", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/auth-method/:method", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/auth-method/:method", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/acl/auth-method/:method", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/binding-rules", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/binding-rule", needs: MANAGEMENT },
  { method: "GET", pattern: "/v1/acl/binding-rule/:ruleId", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/binding-rule/:ruleId", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/acl/binding-rule/:ruleId", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/login", needs: NONE },
  { method: "PUT", pattern: "/v1/acl/oidc/auth-url", needs: NONE },
  { method: "PUT", pattern: "/v1/acl/oidc/complete-auth", needs: NONE },
  { method: "GET", pattern: "/v1/acl/tokens", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/token", needs: MANAGEMENT },
  { method: "PUT", pattern: "/v1/acl/token/onetime", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/acl/token/self", needs: VALID_TOKEN },
  { method: "GET", pattern: "/v1/acl/token/:accessorId", needs: OWN_TOKEN },
  { method: "PUT", pattern: "/v1/acl/token/:accessorId", needs: MANAGEMENT },
  { method: "DELETE", pattern: "/v1/acl/token/:accessorId", needs: MANAGEMENT },
];

/** What ends a path below /v1/job/ without being part of the job's ID, which may hold slashes itself. */
const JOB_SUFFIXES = [
  "evaluate", "allocations", "evaluations", "periodic/force", "plan", "summary", "dispatch", "dispatch/payload", "versions", "revert",
  "deployments", "deployment", "stable", "scale", "services", "submission", "actions", "action", "tag",
] as const;

export type EndpointMatch =
  | { readonly kind: "found"; readonly endpoint: Endpoint; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "wrong-method" }
  | { readonly kind: "unknown" };

/**
 * The row for a request.
 * @param method as sent; POST counts as PUT and HEAD as GET, as on Nomad
 * @param path decoded, without the query
 */
export function findEndpoint(method: string, path: string): EndpointMatch {
  const wanted = method === "POST" ? "PUT" : method === "HEAD" ? "GET" : method;
  const fitting = (COMPILED.get(areaOf(path)) ?? []).flatMap(({ endpoint, expression }) => {
    const params = matchPath(expression, path);
    return params === undefined ? [] : [{ endpoint, params }];
  });
  const found = fitting.find(({ endpoint }) => endpoint.method === wanted);
  if (found !== undefined) return { kind: "found", ...found };
  return { kind: fitting.length > 0 ? "wrong-method" : "unknown" };
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/:(\w+)(\*?)/g, (_all, name: string, rest: string) => `(?<${name}>${rest === "" ? "[^/]+" : ".+"})`);
  return new RegExp(`^${source}$`, "s");
}

/** What comes after /v1/, which every pattern spells out. */
const areaOf = (path: string): string => path.split("/", 3)[2] ?? "";

/** Every request looks at every row of its area. */
const COMPILED = Map.groupBy(
  ENDPOINTS.map((endpoint) => ({ endpoint, expression: expressionOf(endpoint.pattern) })),
  ({ endpoint }) => areaOf(endpoint.pattern),
);

function matchPath(expression: RegExp, path: string): Readonly<Record<string, string>> | undefined {
  const groups = expression.exec(path);
  if (groups === null) return undefined;
  const params = { ...groups.groups };
  return JOB_SUFFIXES.some((suffix) => params["jobId"]?.endsWith(`/${suffix}`)) ? undefined : params;
}
