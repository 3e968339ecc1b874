import { describe, expect, it } from "vitest";
import { httpStatusOf } from "../../../src/access/access-error.ts";
import { createAuthenticator } from "../../../src/access/authenticate.ts";
import { ENDPOINTS, findEndpoint } from "../../../src/access/endpoints.ts";
import { type AuthorizedRequest, authorizeRequest } from "../../../src/access/authorize-request.ts";
import { authenticatorWith, NOW, secretOf, storeOf } from "./access-fixtures.ts";

type Asked = { readonly method: string; readonly path: string; readonly namespace?: string; readonly secret?: string | undefined };

function ask(rules: string, { method, path, namespace = "default", secret }: Asked): ReturnType<typeof authorizeRequest> {
  const ownSecret = secretOf(rules === "management" ? 2 : 1);
  return authorizeRequest(authenticatorWith(rules), { method, path, namespace, now: NOW, secret: secret ?? ownSecret });
}

function outcome(result: ReturnType<typeof authorizeRequest>): string {
  return result.ok ? "allowed" : `${httpStatusOf(result.error)} ${result.error.message}`;
}

function allowed(result: ReturnType<typeof authorizeRequest>): AuthorizedRequest {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const DENIED = "403 Permission denied";
const NO_RULES = 'namespace "elsewhere" { policy = "write" }';
const inDefault = (capability: string): string => `namespace "default" { capabilities = ["${capability}"] }`;

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
  it("has a case below for every row", () => {
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

describe("an endpoint that lists", () => {
  const rules = 'namespace "a" { policy = "read" }\nnamespace "b" { capabilities = ["alloc-exec"] }\nnamespace "c" { policy = "deny" }';
  it.each(["/v1/jobs", "/v1/allocations"])("%s admits whoever may see a row anywhere, and filters the rows", (path) => {
    const { allowsNamespace } = allowed(ask(rules, { method: "GET", path, namespace: "*" }));
    expect(["a", "b", "c", "d", "*"].map(allowsNamespace)).toEqual([true, false, false, false, false]);
  });
  it("is closed to who may see no row", () => {
    expect(outcome(ask(inDefault("alloc-exec"), { method: "GET", path: "/v1/jobs", namespace: "*" }))).toBe(DENIED);
  });
});

describe("an endpoint that looks for an object", () => {
  it.each(["/v1/evaluation/x", "/v1/evaluation/x/allocations", "/v1/deployment/x", "/v1/deployment/allocations/x", "/v1/allocation/x/services"])(
    "%s tells nobody without a right in the query's namespace whether there is one, and looks at that of the object after",
    (path) => {
      const rules = 'namespace "a" { policy = "read" }';
      expect(outcome(ask(rules, { method: "GET", path, secret: "" }))).toBe(DENIED);
      expect(outcome(ask(rules, { method: "GET", path, namespace: "default" }))).toBe(DENIED);
      expect(["a", "b"].map(allowed(ask(rules, { method: "GET", path, namespace: "a" })).allowsNamespace)).toEqual([true, false]);
      expect(["a", "b"].map(allowed(ask(rules, { method: "GET", path, namespace: "*" })).allowsNamespace)).toEqual([true, false]);
    },
  );
});

describe("scaling policies", () => {
  const both = 'namespace "default" { capabilities = ["list-jobs", "read-job"] }';
  it.each([
    ["/v1/scaling/policies", both, "allowed"],
    ["/v1/scaling/policies", inDefault("read-job"), DENIED],
    ["/v1/scaling/policies", inDefault("list-jobs"), DENIED],
    ["/v1/scaling/policies", inDefault("read-scaling-policy"), DENIED],
    ["/v1/scaling/policy/x", both, "allowed"],
    ["/v1/scaling/policy/x", inDefault("read-job"), DENIED],
  ])("%s with %s: %s", (path, rules, expected) => {
    expect(outcome(ask(rules, { method: "GET", path }))).toBe(expected);
  });
});

describe("node pools", () => {
  const node = 'node { policy = "read" }';
  const pool = (name: string, policy = "read") => `node_pool "${name}" { policy = "${policy}" }`;
  it.each([
    ["/v1/node/pool/gpu", node, DENIED],
    ["/v1/node/pool/gpu", pool("gpu"), "allowed"],
    ["/v1/node/pool/gpu", pool("g*"), "allowed"],
    ["/v1/node/pool/gpu", pool("default"), DENIED],
    ["/v1/node/pool/gpu", `${pool("*")}\n${pool("gpu", "deny")}`, DENIED],
    ["/v1/node/pool/gpu/nodes", pool("gpu"), DENIED],
    ["/v1/node/pool/gpu/nodes", node, DENIED],
    ["/v1/node/pool/gpu/nodes", `${node}\n${pool("gpu")}`, "allowed"],
    ["/v1/node/pool/gpu/jobs", node, DENIED],
  ])("%s with %s: %s", (path, rules, expected) => {
    expect(outcome(ask(rules, { method: "GET", path }))).toBe(expected);
  });

  it("show the jobs of namespaces where the caller may list them", () => {
    const rules = `${pool("gpu")}\nnamespace "a" { capabilities = ["list-jobs"] }\nnamespace "b" { capabilities = ["read-job"] }`;
    expect(["a", "b"].map(allowed(ask(rules, { method: "GET", path: "/v1/node/pool/gpu/jobs" })).allowsNamespace)).toEqual([true, false]);
  });
});

describe("CSI volumes", () => {
  it.each([
    ["csi-list-volume", "allowed"],
    ["csi-read-volume", "allowed"],
    ["list-jobs", "allowed"],
    ["read-job", DENIED],
  ])("are listed with %s: %s", (capability, expected) => {
    expect(outcome(ask(inDefault(capability), { method: "GET", path: "/v1/volumes" }))).toBe(expected);
  });
});

describe("an endpoint that names an object", () => {
  it.each([
    ["/v1/allocation/x", [true, false]],
    ["/v1/client/allocation/x/exec", [false, true]],
  ])("%s leaves the object's namespace to be asked, whatever the query says", (path, answers) => {
    const rules = 'namespace "a" { policy = "read" }\nnamespace "b" { capabilities = ["alloc-exec"] }';
    const { allowsNamespace } = allowed(ask(rules, { method: "GET", path, namespace: "nowhere" }));
    expect(["a", "b"].map(allowsNamespace)).toEqual(answers);
  });
});

describe("an endpoint that writes to an object", () => {
  it.each([
    ["PUT", "/v1/jobs", "register-job"],
    ["PUT", "/v1/job/a", "register-job"],
    ["PUT", "/v1/job/a/plan", "plan-job"],
    ["PUT", "/v1/deployment/fail/x", "fail-deployment"],
    ["PUT", "/v1/deployment/pause/x", "pause-deployment"],
    ["PUT", "/v1/deployment/promote/x", "promote-deployment"],
    ["PUT", "/v1/deployment/unblock/x", "unblock-deployment"],
    ["PUT", "/v1/deployment/allocation-health/x", "set-alloc-health-deployment"],
  ])("%s %s needs submit-job or %s where the object is", (method, path, finer) => {
    const rules = `namespace "a" { capabilities = ["submit-job"] }\nnamespace "b" { capabilities = ["${finer}"] }\nnamespace "c" { capabilities = ["read-job", "dispatch-job", "scale-job"] }`;
    const { allowsNamespace } = allowed(ask(rules, { method, path, namespace: "nowhere" }));
    expect(["a", "b", "c", "*"].map(allowsNamespace)).toEqual([true, true, false, false]);
  });

  it("the stop of an allocation needs alloc-lifecycle", () => {
    const rules = 'namespace "a" { capabilities = ["submit-job"] }\nnamespace "b" { capabilities = ["alloc-lifecycle"] }';
    const { allowsNamespace } = allowed(ask(rules, { method: "PUT", path: "/v1/allocation/x/stop" }));
    expect(["a", "b"].map(allowsNamespace)).toEqual([false, true]);
  });
});

describe("an endpoint without namespaces", () => {
  it("shows rows that belong to one to whoever may read jobs there", () => {
    const ofNode = allowed(ask('node { policy = "read" }\nnamespace "a" { policy = "write" }', { method: "GET", path: "/v1/node/n/allocations" }));
    expect(["a", "b", "*"].map(ofNode.allowsNamespace)).toEqual([true, false, false]);
    expect(allowed(ask("management", { method: "GET", path: "/v1/node/n/allocations" })).allowsNamespace("a")).toBe(true);
  });
});

describe("what belongs to the caller", () => {
  it.each([
    ["its own token", "/v1/acl/token/accessor-1", "allowed"],
    ["another token", "/v1/acl/token/accessor-2", DENIED],
    ["its own policy", "/v1/acl/policy/p", "allowed"],
    ["another policy", "/v1/acl/policy/q", DENIED],
    ["the anonymous policy", "/v1/acl/policy/anonymous", "allowed"],
  ])("%s", (_name, path, expected) => {
    expect(outcome(ask(NO_RULES, { method: "GET", path }))).toBe(expected);
  });

  it("the anonymous one owns no token", () => {
    expect(outcome(ask(NO_RULES, { method: "GET", path: "/v1/acl/token/anonymous", secret: "" }))).toBe(DENIED);
  });
});

describe("a path without a row", () => {
  it.each(["/v1/quotas", "/v1/job/a/dispatch/payload", "/v1/client/metadata/x", "/v1/jobs/", "/v2/jobs", "", "/V1/jobs"])("%j is closed to all but management", (path) => {
    expect(outcome(ask('namespace "*" { policy = "write" }\nagent { policy = "write" }', { method: "GET", path }))).toBe(DENIED);
    expect(allowed(ask("management", { method: "GET", path })).allowsNamespace("a")).toBe(true);
  });
});

describe("findEndpoint", () => {
  it.each([
    ["/v1/job/a", "a"],
    ["/v1/job/a/b c/ä", "a/b c/ä"],
    ["/v1/job/allocations", "allocations"],
    ["/v1/job/a\nb", "a\nb"],
    ["/v1/job/a/b/allocations", "a/b"],
    ["/v1/job/allocations/allocations", "allocations"],
  ])("reads from %j the job ID %j", (path, jobId) => {
    expect(findEndpoint("GET", path)).toMatchObject({ kind: "found", params: { jobId } });
  });

  it.each([
    ["POST", "/v1/acl/token", "found"],
    ["HEAD", "/v1/jobs", "found"],
    ["DELETE", "/v1/jobs", "wrong-method"],
    ["PATCH", "/v1/acl/token", "wrong-method"],
    ["get", "/v1/jobs", "wrong-method"],
    ["POST", "/v1/client/allocation/x/exec", "wrong-method"],
  ])("%s %s is %s", (method, path, kind) => {
    expect(findEndpoint(method, path).kind).toBe(kind);
  });
});

describe("a bad token", () => {
  it.each([
    ["/v1/jobs", secretOf(9), DENIED],
    ["/v1/agent/self", secretOf(9), DENIED],
    ["/v1/agent/self", "jwt", DENIED],
    ["/v1/jobs", "jwt", DENIED],
    ["/v1/acl/token/self", secretOf(9), DENIED],
    ["/v1/status/leader", secretOf(9), "allowed"],
    ["/v1/nothing", secretOf(9), DENIED],
  ])("on %s: %s gives %s", (path, secret, expected) => {
    expect(outcome(ask(NO_RULES, { method: "GET", path, secret }))).toBe(expected);
  });
});

describe("a wrong method", () => {
  it("is told to anyone", () => {
    expect(outcome(ask(NO_RULES, { method: "DELETE", path: "/v1/jobs" }))).toBe("405 Invalid method");
  });
});

describe("with ACLs off", () => {
  const authenticate = createAuthenticator({ store: storeOf([]), aclEnabled: false });
  it.each([
    ["GET", "/v1/jobs", "allowed"],
    ["GET", "/v1/agent/self", "allowed"],
    ["GET", "/v1/acl/tokens", "400 ACL support disabled"],
    ["PUT", "/v1/acl/bootstrap", "400 ACL support disabled"],
  ])("%s %s gives %s", (method, path, expected) => {
    expect(outcome(authorizeRequest(authenticate, { method, path, namespace: "default", now: NOW, secret: undefined }))).toBe(expected);
  });
});
