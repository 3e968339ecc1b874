/**
 * @module Every route of Nomad's HTTP API, as data, with what is refused for good and why. What is served is said by endpoints.ts alone: a
 * route that is in neither way is not there yet. Used by the HTTP app and by tools/route-table.ts.
 * Source: developer.hashicorp.com/nomad/api-docs
 */
import type { Endpoint, Method } from "./endpoints.ts";

/** Patterns as in endpoints.ts; PUT stands for POST, too. */
export type NomadRoute = { readonly method: Method; readonly pattern: string; readonly refused?: string };

type Group = { readonly title: string; readonly routes: readonly NomadRoute[] };

const of = (methods: string, pattern: string, refused?: string): readonly NomadRoute[] =>
  methods.split(" ").map((method) => ({ method: method as Method, pattern, ...(refused === undefined ? {} : { refused }) }));

const NO_VARIABLES = "variables are not served: put what tasks need into a Kubernetes Secret";
const NO_RAFT = "there is no Raft here: Kubernetes keeps the state; back up its etcd instead";
const NO_SERVERS = "servers do not join each other here: Kubernetes runs them, and their number is set there";
const NO_GOSSIP = "there is no gossip here, and so no key for it";
const NO_CSI = "CSI volumes are not served: make a PersistentVolumeClaim, and grant it to the namespace in the BridgeConfig";
const NO_HOST_VOLUMES = "dynamic host volumes are not served: make a PersistentVolumeClaim, and grant it to the namespace in the BridgeConfig";
const NO_ENTERPRISE = "Nomad Enterprise only endpoint";
const NO_CLIENTS = "nodes are Kubernetes nodes: change their labels and annotations there";
const NO_PROFILES = "profiles and reports of the agent's own process are not served; ask the process by Node's tools";
const NO_PAGES = "one-time tokens open Nomad's web pages, which are not here";
const NO_IDENTITIES = "workload identities are not issued: a task's identity is its Kubernetes ServiceAccount token";

const JOBS: Group = {
  title: "Jobs",
  routes: [
    ...of("GET PUT", "/v1/jobs"), ...of("PUT", "/v1/jobs/parse"), ...of("GET PUT", "/v1/jobs/statuses"), ...of("PUT", "/v1/validate/job"),
    ...of("GET PUT DELETE", "/v1/job/:jobId*"), ...of("GET", "/v1/job/:jobId*/allocations"), ...of("GET", "/v1/job/:jobId*/evaluations"),
    ...of("GET", "/v1/job/:jobId*/deployments"), ...of("GET", "/v1/job/:jobId*/deployment"), ...of("GET", "/v1/job/:jobId*/summary"),
    ...of("GET", "/v1/job/:jobId*/versions"), ...of("GET", "/v1/job/:jobId*/submission"), ...of("GET", "/v1/job/:jobId*/services"),
    ...of("PUT", "/v1/job/:jobId*/evaluate"), ...of("PUT", "/v1/job/:jobId*/plan"), ...of("PUT", "/v1/job/:jobId*/dispatch"),
    ...of("PUT", "/v1/job/:jobId*/periodic/force"), ...of("PUT", "/v1/job/:jobId*/revert"), ...of("PUT", "/v1/job/:jobId*/stable"),
    ...of("GET PUT", "/v1/job/:jobId*/scale"), ...of("PUT DELETE", "/v1/job/:jobId*/versions/:tag/tag"),
    ...of("GET", "/v1/job/:jobId*/actions"), ...of("GET", "/v1/job/:jobId*/action"),
  ],
};

const ALLOCATIONS: Group = {
  title: "Allocations",
  routes: [
    ...of("GET", "/v1/allocations"), ...of("GET", "/v1/allocation/:allocId"), ...of("PUT", "/v1/allocation/:allocId/stop"),
    ...of("GET", "/v1/allocation/:allocId/services"), ...of("GET", "/v1/allocation/:allocId/checks", "checks are asked of the client: /v1/client/allocation/:allocId/checks"),
    ...["exec", "stats", "checks"].flatMap((part) => of("GET", `/v1/client/allocation/:allocId/${part}`)),
    ...["restart", "signal"].flatMap((part) => of("PUT", `/v1/client/allocation/:allocId/${part}`)),
    ...of("GET PUT", "/v1/client/allocation/:allocId/gc"),
    ...of("GET", "/v1/client/allocation/:allocId/snapshot", "snapshots of allocations are not served: Kubernetes moves no directory from one pod to the next"),
    ...of("GET PUT", "/v1/client/allocation/:allocId/pause", NO_ENTERPRISE),
    ...["ls", "stat", "cat", "readat", "stream", "logs"].flatMap((part) => of("GET", `/v1/client/fs/${part}/:allocId`)),
  ],
};

const EVALUATIONS: Group = {
  title: "Evaluations and deployments",
  routes: [
    ...of("GET", "/v1/evaluations"), ...of("DELETE", "/v1/evaluations", "evaluations are not deleted by hand: they go with what they were made for"),
    ...of("GET", "/v1/evaluations/count"), ...of("GET", "/v1/evaluation/:evalId"), ...of("GET", "/v1/evaluation/:evalId/allocations"),
    ...of("GET", "/v1/deployments"), ...of("GET", "/v1/deployment/:deploymentId"), ...of("GET", "/v1/deployment/allocations/:deploymentId"),
    ...["fail", "pause", "promote", "allocation-health", "unblock"].flatMap((part) => of("PUT", `/v1/deployment/${part}/:deploymentId`)),
  ],
};

const NODES: Group = {
  title: "Nodes",
  routes: [
    ...of("GET", "/v1/nodes"), ...of("GET", "/v1/node/:nodeId"), ...of("GET", "/v1/node/:nodeId/allocations"),
    ...["evaluate", "drain", "eligibility", "purge"].flatMap((part) => of("PUT", `/v1/node/:nodeId/${part}`)),
    ...of("GET", "/v1/node/pools"), ...of("GET", "/v1/node/pool/:pool"), ...of("PUT DELETE", "/v1/node/pool/:pool", NO_CLIENTS),
    ...of("PUT", "/v1/node/pools", NO_CLIENTS), ...of("GET", "/v1/node/pool/:pool/nodes"), ...of("GET", "/v1/node/pool/:pool/jobs"),
    ...of("GET", "/v1/client/stats"), ...of("PUT", "/v1/client/gc", "ended allocations are collected by the controller; run: nomad system gc"), ...of("GET", "/v1/client/metadata"), ...of("PUT", "/v1/client/metadata", NO_CLIENTS),
    ...of("GET", "/v1/client/identity", NO_IDENTITIES), ...of("PUT", "/v1/client/identity/renew", NO_IDENTITIES),
  ],
};

const CLUSTER: Group = {
  title: "Cluster",
  routes: [
    ...of("GET", "/v1/status/leader"), ...of("GET", "/v1/status/peers"), ...of("GET", "/v1/regions"), ...of("GET", "/v1/agent/health"),
    ...of("GET", "/v1/agent/self"), ...of("GET", "/v1/agent/members"), ...of("GET", "/v1/agent/servers"), ...of("PUT", "/v1/agent/servers", NO_SERVERS),
    ...of("PUT", "/v1/agent/join", NO_SERVERS), ...of("PUT", "/v1/agent/force-leave", NO_SERVERS), ...of("GET", "/v1/agent/schedulers"),
    ...of("GET", "/v1/agent/schedulers/config"), ...of("PUT", "/v1/agent/schedulers/config", "scheduler workers are Kubernetes' own"),
    ...of("GET PUT DELETE", "/v1/agent/keyring/:operation", NO_GOSSIP), ...of("GET", "/v1/agent/host", NO_PROFILES), ...of("PUT", "/v1/agent/reload", NO_SERVERS),
    ...of("GET", "/v1/agent/monitor"), ...of("GET", "/v1/agent/monitor/export", NO_PROFILES), ...of("GET", "/v1/agent/pprof/:profile", NO_PROFILES),
    ...of("GET", "/v1/metrics"), ...of("PUT", "/v1/search"), ...of("PUT", "/v1/search/fuzzy"), ...of("PUT", "/v1/system/gc"), ...of("PUT", "/v1/system/reconcile/summaries"),
    ...of("GET", "/v1/event/stream"), ...of("GET", "/v1/namespaces"), ...of("PUT", "/v1/namespaces"), ...of("PUT", "/v1/namespace"),
    ...of("GET PUT DELETE", "/v1/namespace/:namespace"), ...of("GET", "/v1/services"), ...of("GET", "/v1/service/:service"),
    ...of("DELETE", "/v1/service/:service/:serviceId", "registrations of services follow their allocations, and are not deleted by hand"),
    ...of("GET", "/v1/scaling/policies"), ...of("GET", "/v1/scaling/policy/:policyId"),
  ],
};

const OPERATOR: Group = {
  title: "Operator",
  routes: [
    ...of("GET", "/v1/operator/raft/configuration"), ...of("DELETE", "/v1/operator/raft/peer", NO_RAFT), ...of("PUT", "/v1/operator/raft/transfer-leadership", NO_RAFT),
    ...of("GET PUT", "/v1/operator/snapshot", NO_RAFT), ...of("GET", "/v1/operator/autopilot/configuration"), ...of("PUT", "/v1/operator/autopilot/configuration", NO_RAFT),
    ...of("GET", "/v1/operator/autopilot/health"), ...of("GET", "/v1/operator/scheduler/configuration"),
    ...of("PUT", "/v1/operator/scheduler/configuration", "the scheduler is Kubernetes' own, and is configured there"),
    ...of("GET", "/v1/operator/license"), ...of("PUT", "/v1/operator/license", NO_ENTERPRISE), ...of("PUT", "/v1/operator/utilization", NO_ENTERPRISE),
    ...of("GET", "/v1/operator/keyring/keys", NO_IDENTITIES), ...of("PUT", "/v1/operator/keyring/rotate", NO_IDENTITIES), ...of("DELETE", "/v1/operator/keyring/key/:keyId", NO_IDENTITIES),
    ...of("GET", "/v1/operator/upgrade-check/:check", "an upgrade is a new image of the server: there is nothing to check of Nomad's"),
    ...of("GET", "/.well-known/jwks.json", NO_IDENTITIES), ...of("GET", "/.well-known/openid-configuration", NO_IDENTITIES),
  ],
};

const ACL: Group = {
  title: "ACL",
  routes: [
    ...of("PUT", "/v1/acl/bootstrap"), ...of("GET", "/v1/acl/policies"), ...of("GET", "/v1/acl/policy/self"), ...of("GET PUT DELETE", "/v1/acl/policy/:policy"),
    ...of("GET", "/v1/acl/tokens"), ...of("PUT", "/v1/acl/token"), ...of("GET", "/v1/acl/token/self"), ...of("GET PUT DELETE", "/v1/acl/token/:accessorId"),
    ...of("PUT", "/v1/acl/token/onetime"), ...of("PUT", "/v1/acl/token/onetime/exchange", NO_PAGES), ...of("GET", "/v1/acl/roles"), ...of("PUT", "/v1/acl/role"),
    ...of("GET PUT DELETE", "/v1/acl/role/:roleId"), ...of("GET", "/v1/acl/role/name/:name"), ...of("GET", "/v1/acl/auth-methods"), ...of("PUT", "/v1/acl/auth-method"),
    ...of("GET PUT DELETE", "/v1/acl/auth-method/:method"), ...of("GET", "/v1/acl/binding-rules"), ...of("PUT", "/v1/acl/binding-rule"),
    ...of("GET PUT DELETE", "/v1/acl/binding-rule/:ruleId"), ...of("PUT", "/v1/acl/oidc/auth-url"), ...of("PUT", "/v1/acl/oidc/complete-auth"), ...of("PUT", "/v1/acl/login"),
    ...of("PUT", "/v1/acl/identity/client-introduction-token", NO_CLIENTS),
  ],
};

const STORAGE: Group = {
  title: "Volumes and variables",
  routes: [
    ...of("GET", "/v1/volumes"), ...of("PUT", "/v1/volumes", NO_CSI), ...of("GET", "/v1/plugins"), ...of("GET", "/v1/plugin/csi/:plugin"),
    ...of("GET PUT DELETE", "/v1/volumes/external", NO_CSI), ...of("GET PUT DELETE", "/v1/volumes/snapshot", NO_CSI), ...of("GET", "/v1/volume/csi/:volumeId"),
    ...of("PUT DELETE", "/v1/volume/csi/:volumeId", NO_CSI), ...of("PUT DELETE", "/v1/volume/csi/:volumeId/:operation", NO_CSI),
    ...of("GET PUT DELETE", "/v1/volume/host/:rest*", NO_HOST_VOLUMES),
    ...of("GET", "/v1/vars"), ...of("GET", "/v1/var/:path*"), ...of("PUT DELETE", "/v1/var/:path*", NO_VARIABLES),
  ],
};

const ENTERPRISE: Group = {
  title: "Enterprise",
  routes: [
    "/v1/quotas", "/v1/quota-usages", "/v1/quota", "/v1/quota/:name*", "/v1/sentinel/policies", "/v1/sentinel/policy/:policy",
    "/v1/recommendations", "/v1/recommendations/apply", "/v1/recommendation", "/v1/recommendation/:id",
  ].flatMap((pattern) => of("GET PUT DELETE", pattern, NO_ENTERPRISE)),
};

export const ROUTE_GROUPS: readonly Group[] = [JOBS, ALLOCATIONS, EVALUATIONS, NODES, CLUSTER, OPERATOR, ACL, STORAGE, ENTERPRISE];
export const NOMAD_ROUTES: readonly NomadRoute[] = ROUTE_GROUPS.flatMap(({ routes }) => routes);

/** Whether both say the same route, whatever they call its parameters. */
export const isSameRoute = (a: Pick<Endpoint, "method" | "pattern">, b: Pick<Endpoint, "method" | "pattern">): boolean =>
  a.method === b.method && withoutNames(a.pattern) === withoutNames(b.pattern);

const withoutNames = (pattern: string): string => pattern.replaceAll(/:\w+/g, ":");

/**
 * Why a route of Nomad's is not served, for the text of a 501; undefined where it is served, is not there yet, or is no route at all.
 * @param method as sent; POST counts as PUT and HEAD as GET
 * @param path decoded, without the query
 */
export function refusalOf(method: string, path: string): string | undefined {
  const wanted = method === "POST" ? "PUT" : method === "HEAD" ? "GET" : method;
  return NOMAD_ROUTES.find((route) => route.refused !== undefined && route.method === wanted && fits(route.pattern, path))?.refused;
}

const fits = (pattern: string, path: string): boolean => new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll(/:\w+(\*?)/g, (_all, rest: string) => (rest === "" ? "[^/]+" : ".+"))}$`, "s").test(path);
