import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../../src/access/authenticate.ts";
import { findEndpoint } from "../../../src/access/endpoints.ts";
import { authorizeRequest } from "../../../src/access/authorize-request.ts";
import { NOW, secretOf, storeOf } from "./access-fixtures.ts";
import { allowed, ask, DENIED, inDefault, NO_RULES, outcome } from "./requests.ts";

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
    expect(outcome(authorizeRequest(authenticate, { match: findEndpoint(method, path), path, namespace: "default", now: NOW, secret: undefined }))).toBe(expected);
  });
});
