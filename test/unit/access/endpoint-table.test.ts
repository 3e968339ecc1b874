import { describe, expect, it } from "vitest";
import { ENDPOINTS, findEndpoint } from "../../../src/access/endpoints.ts";
import { ask, DENIED, inDefault, NO_RULES, outcome } from "./requests.ts";

/** One concrete path for each row of the table, and the least rules that open it; undefined: management alone. */
const CASES: readonly { readonly method: string; readonly path: string; readonly pattern: string; readonly rules: string | undefined }[] = [
  { method: "PUT", path: "/v1/jobs", pattern: "/v1/jobs", rules: NO_RULES },
  { method: "PUT", path: "/v1/jobs/parse", pattern: "/v1/jobs/parse", rules: inDefault("parse-job") },
  { method: "PUT", path: "/v1/validate/job", pattern: "/v1/validate/job", rules: inDefault("read-job") },
  { method: "PUT", path: "/v1/job/a/b", pattern: "/v1/job/:jobId*", rules: NO_RULES },
  { method: "DELETE", path: "/v1/job/a/b", pattern: "/v1/job/:jobId*", rules: inDefault("deregister-job") },
  { method: "PUT", path: "/v1/job/a/plan", pattern: "/v1/job/:jobId*/plan", rules: NO_RULES },
  { method: "GET", path: "/v1/job/a/evaluations", pattern: "/v1/job/:jobId*/evaluations", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/deployments", pattern: "/v1/job/:jobId*/deployments", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/deployment", pattern: "/v1/job/:jobId*/deployment", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/summary", pattern: "/v1/job/:jobId*/summary", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/versions", pattern: "/v1/job/:jobId*/versions", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/submission", pattern: "/v1/job/:jobId*/submission", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/actions", pattern: "/v1/job/:jobId*/actions", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/services", pattern: "/v1/job/:jobId*/services", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/scale", pattern: "/v1/job/:jobId*/scale", rules: inDefault("read-job-scaling") },
  { method: "PUT", path: "/v1/job/a/scale", pattern: "/v1/job/:jobId*/scale", rules: inDefault("scale-job") },
  { method: "PUT", path: "/v1/job/a/dispatch", pattern: "/v1/job/:jobId*/dispatch", rules: inDefault("dispatch-job") },
  { method: "PUT", path: "/v1/job/a/periodic/force", pattern: "/v1/job/:jobId*/periodic/force", rules: inDefault("force-periodic-job") },
  { method: "PUT", path: "/v1/job/a/evaluate", pattern: "/v1/job/:jobId*/evaluate", rules: inDefault("evaluate-job") },
  { method: "PUT", path: "/v1/job/a/revert", pattern: "/v1/job/:jobId*/revert", rules: inDefault("revert-job") },
  { method: "PUT", path: "/v1/job/a/stable", pattern: "/v1/job/:jobId*/stable", rules: inDefault("stable-job") },
  { method: "PUT", path: "/v1/job/a/b/versions/t/tag", pattern: "/v1/job/:jobId*/versions/:tag/tag", rules: inDefault("tag-job-version") },
  { method: "DELETE", path: "/v1/job/a/versions/t/tag", pattern: "/v1/job/:jobId*/versions/:tag/tag", rules: inDefault("tag-job-version") },
  { method: "GET", path: "/v1/evaluations", pattern: "/v1/evaluations", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/evaluations/count", pattern: "/v1/evaluations/count", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/evaluation/x", pattern: "/v1/evaluation/:evalId", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/evaluation/x/allocations", pattern: "/v1/evaluation/:evalId/allocations", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/deployments", pattern: "/v1/deployments", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/deployment/x", pattern: "/v1/deployment/:deploymentId", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/deployment/allocations/x", pattern: "/v1/deployment/allocations/:deploymentId", rules: inDefault("read-job") },
  { method: "PUT", path: "/v1/deployment/fail/x", pattern: "/v1/deployment/fail/:deploymentId", rules: NO_RULES },
  { method: "PUT", path: "/v1/deployment/pause/x", pattern: "/v1/deployment/pause/:deploymentId", rules: NO_RULES },
  { method: "PUT", path: "/v1/deployment/promote/x", pattern: "/v1/deployment/promote/:deploymentId", rules: NO_RULES },
  { method: "PUT", path: "/v1/deployment/unblock/x", pattern: "/v1/deployment/unblock/:deploymentId", rules: NO_RULES },
  { method: "PUT", path: "/v1/deployment/allocation-health/x", pattern: "/v1/deployment/allocation-health/:deploymentId", rules: NO_RULES },
  { method: "PUT", path: "/v1/allocation/x/stop", pattern: "/v1/allocation/:allocId/stop", rules: NO_RULES },
  { method: "PUT", path: "/v1/system/gc", pattern: "/v1/system/gc", rules: undefined },
  { method: "GET", path: "/v1/status/leader", pattern: "/v1/status/leader", rules: NO_RULES },
  { method: "GET", path: "/v1/status/peers", pattern: "/v1/status/peers", rules: NO_RULES },
  { method: "GET", path: "/v1/regions", pattern: "/v1/regions", rules: NO_RULES },
  { method: "GET", path: "/v1/metrics", pattern: "/v1/metrics", rules: NO_RULES },
  { method: "GET", path: "/v1/agent/health", pattern: "/v1/agent/health", rules: NO_RULES },
  { method: "GET", path: "/v1/agent/self", pattern: "/v1/agent/self", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/nodes", pattern: "/v1/nodes", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/agent/members", pattern: "/v1/agent/members", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/agent/servers", pattern: "/v1/agent/servers", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/agent/schedulers", pattern: "/v1/agent/schedulers", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/agent/schedulers/config", pattern: "/v1/agent/schedulers/config", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/operator/raft/configuration", pattern: "/v1/operator/raft/configuration", rules: undefined },
  { method: "GET", path: "/v1/operator/scheduler/configuration", pattern: "/v1/operator/scheduler/configuration", rules: 'operator { policy = "read" }' },
  { method: "GET", path: "/v1/operator/autopilot/configuration", pattern: "/v1/operator/autopilot/configuration", rules: 'operator { policy = "read" }' },
  { method: "GET", path: "/v1/operator/autopilot/health", pattern: "/v1/operator/autopilot/health", rules: 'operator { policy = "read" }' },
  { method: "PUT", path: "/v1/system/reconcile/summaries", pattern: "/v1/system/reconcile/summaries", rules: undefined },
  { method: "GET", path: "/v1/namespaces", pattern: "/v1/namespaces", rules: NO_RULES },
  { method: "GET", path: "/v1/namespace/x", pattern: "/v1/namespace/:namespace", rules: NO_RULES },
  { method: "PUT", path: "/v1/namespace", pattern: "/v1/namespace", rules: undefined },
  { method: "PUT", path: "/v1/namespaces", pattern: "/v1/namespaces", rules: undefined },
  { method: "PUT", path: "/v1/namespace/x", pattern: "/v1/namespace/:namespace", rules: undefined },
  { method: "DELETE", path: "/v1/namespace/x", pattern: "/v1/namespace/:namespace", rules: undefined },
  { method: "GET", path: "/v1/node/pools", pattern: "/v1/node/pools", rules: NO_RULES },
  { method: "GET", path: "/v1/node/pool/all", pattern: "/v1/node/pool/:pool", rules: 'node_pool "all" { policy = "read" }' },
  { method: "GET", path: "/v1/node/pool/all/nodes", pattern: "/v1/node/pool/:pool/nodes", rules: 'node { policy = "read" }\nnode_pool "all" { policy = "read" }' },
  { method: "GET", path: "/v1/node/n1/allocations", pattern: "/v1/node/:nodeId/allocations", rules: 'node { policy = "read" }' },
  { method: "PUT", path: "/v1/node/n/drain", pattern: "/v1/node/:nodeId/drain", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/eligibility", pattern: "/v1/node/:nodeId/eligibility", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/evaluate", pattern: "/v1/node/:nodeId/evaluate", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/purge", pattern: "/v1/node/:nodeId/purge", rules: 'node { policy = "write" }' },
  { method: "GET", path: "/v1/client/metadata", pattern: "/v1/client/metadata", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/vars", pattern: "/v1/vars", rules: NO_RULES },
  { method: "GET", path: "/v1/var/a/b", pattern: "/v1/var/:path*", rules: NO_RULES },
  { method: "GET", path: "/v1/operator/license", pattern: "/v1/operator/license", rules: NO_RULES },
  { method: "GET", path: "/v1/jobs/statuses", pattern: "/v1/jobs/statuses", rules: inDefault("read-job") },
  { method: "PUT", path: "/v1/jobs/statuses", pattern: "/v1/jobs/statuses", rules: NO_RULES },
  { method: "GET", path: "/v1/client/stats", pattern: "/v1/client/stats", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/agent/monitor", pattern: "/v1/agent/monitor", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/services", pattern: "/v1/services", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/service/x", pattern: "/v1/service/:service", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/allocation/x/services", pattern: "/v1/allocation/:allocId/services", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/volumes", pattern: "/v1/volumes", rules: inDefault("csi-list-volume") },
  { method: "GET", path: "/v1/volume/csi/x", pattern: "/v1/volume/csi/:volumeId", rules: inDefault("csi-read-volume") },
  { method: "GET", path: "/v1/plugins", pattern: "/v1/plugins", rules: 'plugin { policy = "list" }' },
  { method: "GET", path: "/v1/plugin/csi/x", pattern: "/v1/plugin/csi/:plugin", rules: 'plugin { policy = "list" }' },
  { method: "GET", path: "/v1/node/pool/x/jobs", pattern: "/v1/node/pool/:pool/jobs", rules: 'node_pool "x" { policy = "read" }' },
  { method: "GET", path: "/v1/scaling/policies", pattern: "/v1/scaling/policies", rules: inDefault("list-scaling-policies") },
  { method: "GET", path: "/v1/scaling/policy/x", pattern: "/v1/scaling/policy/:policyId", rules: inDefault("read-scaling-policy") },
  { method: "GET", path: "/v1/event/stream", pattern: "/v1/event/stream", rules: NO_RULES },
  { method: "PUT", path: "/v1/search", pattern: "/v1/search", rules: NO_RULES },
  { method: "PUT", path: "/v1/search/fuzzy", pattern: "/v1/search/fuzzy", rules: NO_RULES },
  { method: "GET", path: "/v1/node/n1", pattern: "/v1/node/:nodeId", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/jobs", pattern: "/v1/jobs", rules: inDefault("list-jobs") },
  { method: "GET", path: "/v1/job/a/b", pattern: "/v1/job/:jobId*", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/job/a/b/allocations", pattern: "/v1/job/:jobId*/allocations", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/allocations", pattern: "/v1/allocations", rules: inDefault("read-job") },
  { method: "GET", path: "/v1/allocation/x", pattern: "/v1/allocation/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/job/a/b/action", pattern: "/v1/job/:jobId*/action", rules: NO_RULES },
  { method: "GET", path: "/v1/client/allocation/x/exec", pattern: "/v1/client/allocation/:allocId/exec", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/ls/x", pattern: "/v1/client/fs/ls/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/stat/x", pattern: "/v1/client/fs/stat/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/cat/x", pattern: "/v1/client/fs/cat/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/readat/x", pattern: "/v1/client/fs/readat/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/stream/x", pattern: "/v1/client/fs/stream/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/fs/logs/x", pattern: "/v1/client/fs/logs/:allocId", rules: NO_RULES },
  { method: "GET", path: "/v1/client/allocation/x/stats", pattern: "/v1/client/allocation/:allocId/stats", rules: NO_RULES },
  { method: "GET", path: "/v1/client/allocation/x/checks", pattern: "/v1/client/allocation/:allocId/checks", rules: NO_RULES },
  { method: "PUT", path: "/v1/client/allocation/x/restart", pattern: "/v1/client/allocation/:allocId/restart", rules: NO_RULES },
  { method: "PUT", path: "/v1/client/allocation/x/signal", pattern: "/v1/client/allocation/:allocId/signal", rules: NO_RULES },
  { method: "PUT", path: "/v1/client/allocation/x/gc", pattern: "/v1/client/allocation/:allocId/gc", rules: NO_RULES },
  { method: "GET", path: "/v1/client/allocation/x/gc", pattern: "/v1/client/allocation/:allocId/gc", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/bootstrap", pattern: "/v1/acl/bootstrap", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/policies", pattern: "/v1/acl/policies", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/policy/self", pattern: "/v1/acl/policy/self", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/policy/other", pattern: "/v1/acl/policy/:policy", rules: undefined },
  { method: "PUT", path: "/v1/acl/policy/p", pattern: "/v1/acl/policy/:policy", rules: undefined },
  { method: "DELETE", path: "/v1/acl/policy/p", pattern: "/v1/acl/policy/:policy", rules: undefined },
  { method: "GET", path: "/v1/acl/roles", pattern: "/v1/acl/roles", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/role", pattern: "/v1/acl/role", rules: undefined },
  { method: "GET", path: "/v1/acl/role/name/x", pattern: "/v1/acl/role/name/:roleName", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/role/x", pattern: "/v1/acl/role/:roleId", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/role/x", pattern: "/v1/acl/role/:roleId", rules: undefined },
  { method: "DELETE", path: "/v1/acl/role/x", pattern: "/v1/acl/role/:roleId", rules: undefined },
  { method: "GET", path: "/v1/acl/auth-methods", pattern: "/v1/acl/auth-methods", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/auth-method", pattern: "/v1/acl/auth-method", rules: undefined },
  { method: "GET", path: "/v1/acl/auth-method/x", pattern: "/v1/acl/auth-method/:method", rules: undefined },
  { method: "PUT", path: "/v1/acl/auth-method/x", pattern: "/v1/acl/auth-method/:method", rules: undefined },
  { method: "DELETE", path: "/v1/acl/auth-method/x", pattern: "/v1/acl/auth-method/:method", rules: undefined },
  { method: "GET", path: "/v1/acl/binding-rules", pattern: "/v1/acl/binding-rules", rules: undefined },
  { method: "PUT", path: "/v1/acl/binding-rule", pattern: "/v1/acl/binding-rule", rules: undefined },
  { method: "GET", path: "/v1/acl/binding-rule/x", pattern: "/v1/acl/binding-rule/:ruleId", rules: undefined },
  { method: "PUT", path: "/v1/acl/binding-rule/x", pattern: "/v1/acl/binding-rule/:ruleId", rules: undefined },
  { method: "DELETE", path: "/v1/acl/binding-rule/x", pattern: "/v1/acl/binding-rule/:ruleId", rules: undefined },
  { method: "PUT", path: "/v1/acl/login", pattern: "/v1/acl/login", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/oidc/auth-url", pattern: "/v1/acl/oidc/auth-url", rules: NO_RULES },
  { method: "PUT", path: "/v1/acl/oidc/complete-auth", pattern: "/v1/acl/oidc/complete-auth", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/tokens", pattern: "/v1/acl/tokens", rules: undefined },
  { method: "PUT", path: "/v1/acl/token", pattern: "/v1/acl/token", rules: undefined },
  { method: "PUT", path: "/v1/acl/token/onetime", pattern: "/v1/acl/token/onetime", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/token/self", pattern: "/v1/acl/token/self", rules: NO_RULES },
  { method: "GET", path: "/v1/acl/token/accessor-2", pattern: "/v1/acl/token/:accessorId", rules: undefined },
  { method: "PUT", path: "/v1/acl/token/accessor-1", pattern: "/v1/acl/token/:accessorId", rules: undefined },
  { method: "DELETE", path: "/v1/acl/token/accessor-1", pattern: "/v1/acl/token/:accessorId", rules: undefined },
];

const EVERYTHING_BUT = (kept: string): string =>
  [
    kept.startsWith("agent") ? "" : 'agent { policy = "write" }',
    kept.startsWith("node") ? "" : 'node { policy = "write" }',
    kept.startsWith("operator") ? "" : 'operator { policy = "write" }',
    'namespace "elsewhere" { policy = "write" }',
  ].join("\n");

describe("the endpoint table", () => {
  it("has a case above for every row", () => {
    expect(CASES.map(({ method, pattern }) => `${method} ${pattern}`).toSorted()).toEqual(ENDPOINTS.map(({ method, pattern }) => `${method} ${pattern}`).toSorted());
  });

  it.each(CASES)("$method $path is decided by $pattern", ({ method, path, pattern }) => {
    expect(findEndpoint(method, path)).toMatchObject({ kind: "found", endpoint: { method, pattern } });
  });

  it.each(CASES)("$method $path is open to management", ({ method, path }) => {
    expect(outcome(ask("management", { method, path }))).toBe("allowed");
  });

  it.each(CASES.filter(({ rules }) => rules !== undefined))("$method $path is open to $rules", ({ method, path, rules = "" }) => {
    expect(outcome(ask(rules, { method, path }))).toBe("allowed");
  });

  it.each(CASES.filter(({ rules }) => rules !== NO_RULES))("$method $path is closed to everything but its need", ({ method, path, rules = "" }) => {
    expect(outcome(ask(EVERYTHING_BUT(rules), { method, path }))).toBe(DENIED);
  });

  it.each(CASES.filter(({ rules }) => rules?.includes('"default"')))("$method $path is closed in another namespace", ({ method, path, rules = "" }) => {
    expect(outcome(ask(rules, { method, path, namespace: "other" }))).toBe(DENIED);
  });

  it.each(CASES.filter(({ rules }) => rules?.includes('"default"')))("$method $path is closed where the namespace is denied", ({ method, path, rules = "" }) => {
    expect(outcome(ask(`${rules}\nnamespace "default" { policy = "deny" }`, { method, path }))).toBe(DENIED);
  });
});
