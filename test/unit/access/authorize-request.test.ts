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
  { method: "GET", path: "/v1/status/leader", pattern: "/v1/status/leader", rules: NO_RULES },
  { method: "GET", path: "/v1/status/peers", pattern: "/v1/status/peers", rules: NO_RULES },
  { method: "GET", path: "/v1/regions", pattern: "/v1/regions", rules: NO_RULES },
  { method: "GET", path: "/v1/agent/health", pattern: "/v1/agent/health", rules: NO_RULES },
  { method: "GET", path: "/v1/agent/self", pattern: "/v1/agent/self", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/nodes", pattern: "/v1/nodes", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/agent/members", pattern: "/v1/agent/members", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/agent/servers", pattern: "/v1/agent/servers", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/agent/schedulers", pattern: "/v1/agent/schedulers", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/agent/schedulers/config", pattern: "/v1/agent/schedulers/config", rules: 'agent { policy = "read" }' },
  { method: "GET", path: "/v1/operator/raft/configuration", pattern: "/v1/operator/raft/configuration", rules: 'operator { policy = "read" }' },
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
  { method: "GET", path: "/v1/node/pools", pattern: "/v1/node/pools", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/node/pool/all", pattern: "/v1/node/pool/:pool", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/node/pool/all/nodes", pattern: "/v1/node/pool/:pool/nodes", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/node/n1/allocations", pattern: "/v1/node/:nodeId/allocations", rules: 'node { policy = "read" }' },
  { method: "PUT", path: "/v1/node/n/drain", pattern: "/v1/node/:nodeId/drain", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/eligibility", pattern: "/v1/node/:nodeId/eligibility", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/evaluate", pattern: "/v1/node/:nodeId/evaluate", rules: 'node { policy = "write" }' },
  { method: "PUT", path: "/v1/node/n/purge", pattern: "/v1/node/:nodeId/purge", rules: 'node { policy = "write" }' },
  { method: "GET", path: "/v1/client/stats", pattern: "/v1/client/stats", rules: 'node { policy = "read" }' },
  { method: "GET", path: "/v1/scaling/policies", pattern: "/v1/scaling/policies", rules: inDefault("list-scaling-policies") },
  { method: "GET", path: "/v1/scaling/policy/x", pattern: "/v1/scaling/policy/:policyId", rules: NO_RULES },
  { method: "GET", path: "/v1/event/stream", pattern: "/v1/event/stream", rules: NO_RULES },
  { method: "PUT", path: "/v1/search", pattern: "/v1/search", rules: NO_RULES },
  { method: "GET", path: "/v1/event/stream", pattern: "/v1/event/stream", rules: NO_RULES },
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
  it.each(["/v1/vars", "/v1/job/a/evaluations", "/v1/job/a/dispatch/payload", "/v1/allocation/x/stop", "/v1/client/metadata/x", "/v1/jobs/", "/v2/jobs", "", "/V1/jobs"])("%j is closed to all but management", (path) => {
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
    ["/v1/agent/self", secretOf(9), "403 ACL token not found"],
    ["/v1/agent/self", "jwt", "500 ACL token is invalid"],
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
