import { describe, expect, it } from "vitest";
import { createAuthenticator, secretHash } from "../../../src/access/authenticate.ts";
import { ENDPOINTS } from "../../../src/access/endpoints.ts";
import { storedPolicy, storedToken } from "../../../src/access/store.ts";
import type { AclAuthMethodObject, AclBindingRuleObject, AclPolicyObject, AclRoleObject, AclTokenObject } from "../../../src/api/acl.ts";
import { bridgeConfigSpec } from "../../../src/api/bridge-config.ts";
import type { ExecTask } from "../../../src/api/exec-task.ts";
import type { Node, Pod } from "../../../src/api/pod.ts";
import type { AclObjects, ClusterState, JobObjects } from "../../../src/bridge/bridge-deps.ts";
import { NO_LOGINS, namedObjects } from "./acl/named-objects.ts";
import { createChangeFeed } from "../../../src/bridge/blocking/change-feed.ts";
import { createEventBroker } from "../../../src/bridge/events/event-stream.ts";
import { createLogLines } from "../../../src/bridge/monitor/log-lines.ts";
import { createHttpApp, SERVED } from "../../../src/bridge/http-app.ts";
import { ok } from "../../../src/lib/result.ts";
import { ANNOTATION } from "../../../src/contract/pod-metadata.ts";
import { type JobObject, jobRecord } from "../../../src/mapping/job-record.ts";
import { nomadJob } from "../../../src/mapping/nomad-job.ts";
import { fakeLaunchers } from "./client/fake-launcher.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const MANAGEMENT = "11111111-1111-4111-8111-111111111111";

type World = { tokens: AclTokenObject[]; policies: AclPolicyObject[]; index: number; named: Pick<AclObjects, "roles" | "authMethods" | "bindingRules"> };

const uid = (n: number) => `0000000${n}-0000-4000-8000-000000000000`;

function task(name: string, namespace: string, n: number): ExecTask {
  return {
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ExecTask",
    metadata: { name, namespace, uid: `task-${n}`, generation: 1, resourceVersion: String(n), creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { command: "/bin/true" },
  };
}

function pod(owner: JobObject, n: number): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `nb-${owner.metadata.name}-00000000-0-${n}`, namespace: owner.metadata.namespace ?? "", uid: uid(n), resourceVersion: String(10 + n), creationTimestamp: "2026-01-01T00:00:00Z", annotations: { [ANNOTATION.group]: owner.metadata.name } },
    spec: { nodeName: "node-1", containers: [{ name: owner.metadata.name }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }] },
  };
}

const NODE: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: uid(9), resourceVersion: "3" }, status: { conditions: [{ type: "Ready", status: "True" }] } };
const TASKS = [task("web", "default", 1), task("api", "default", 2), task("web", "team-a", 3)];
const JOBS = TASKS.map(jobRecord);
const PODS = JOBS.map((job, i) => ({ pod: pod(job.object, i + 1), job }));

const CLUSTER: ClusterState = {
  config: () => bridgeConfigSpec.parse({}),
  isManaged: () => true,
  jobs: () => JOBS,
  job: (namespace, jobId) => JOBS.find((job) => job.namespace === namespace && job.jobId === jobId),
  nomadJob: ({ object }) => nomadJob(object as ExecTask, { region: "global", datacenter: "dc1" }, true),
  childrenOf: () => [],
  jobVersion: () => undefined,
  versionsOf: () => [],
  jobOfEvaluation: () => undefined,
  jobOfDeployment: () => undefined,
  desiredUpdates: () => undefined,
  filteredNodes: () => ({}),
  allocationsOf: (owner) => PODS.filter((each) => each.job === owner),
  allocationsOn: (nodeName) => PODS.filter((each) => each.pod.spec.nodeName === nodeName),
  allocation: (allocId) => PODS.find((each) => each.pod.metadata.uid === allocId),
  namespaces: () => [],
  nodes: () => [NODE],
  node: (nodeId) => (nodeId === NODE.metadata.uid ? NODE : undefined),
  nodeByName: () => NODE,
  osOf: () => ({ name: "debian", version: "13" }),
  index: () => 77,
};

function aclIn(world: World): AclObjects {
  const stamped = <T extends AclTokenObject | AclPolicyObject>(object: T): T => ({ ...object, metadata: { ...object.metadata, resourceVersion: String(++world.index) } });
  return {
    tokens: () => world.tokens,
    tokenByAccessor: (accessor) => world.tokens.find(({ spec }) => spec.accessorId === accessor),
    policies: () => world.policies,
    policy: (name) => world.policies.find(({ spec }) => spec.name === name),
    createToken: async (name, spec) => {
      if (world.tokens.some(({ metadata }) => metadata.name === name)) return { ok: false, error: { kind: "conflict", message: "already exists" } };
      const object = stamped({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ACLToken" as const, metadata: { name }, spec });
      world.tokens.push(object);
      return { ok: true, value: object };
    },
    replaceToken: async (object) => {
      world.tokens = [...world.tokens.filter(({ metadata }) => metadata.name !== object.metadata.name), object];
      return { ok: true, value: object };
    },
    deleteToken: async (object) => {
      world.tokens = world.tokens.filter((each) => each !== object);
      return { ok: true, value: undefined };
    },
    putPolicy: async (name, spec) => {
      const object = stamped({ apiVersion: "nomad-bridge.dev/v1alpha1", kind: "ACLPolicy" as const, metadata: { name }, spec });
      world.policies = [...world.policies.filter((each) => each.spec.name !== name), object];
      return { ok: true, value: object };
    },
    deletePolicy: async (object) => {
      world.policies = world.policies.filter((each) => each !== object);
      return { ok: true, value: undefined };
    },
    ...world.named,
  };
}

function bridge(logins = NO_LOGINS) {
  const named = { roles: namedObjects<AclRoleObject>("ACLRole"), authMethods: namedObjects<AclAuthMethodObject>("ACLAuthMethod"), bindingRules: namedObjects<AclBindingRuleObject>("ACLBindingRule") };
  const world: World = { tokens: [], policies: [], index: 100, named };
  world.tokens.push({
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ACLToken",
    metadata: { name: "bootstrap", resourceVersion: "42" },
    spec: { accessorId: uid(8), secretHash: secretHash(MANAGEMENT), type: "management", createTime: "2026-01-01T00:00:00Z" },
  });
  const store = {
    tokenBySecretHash: (hash: string) => world.tokens.filter(({ spec }) => spec.secretHash === hash).map(storedToken)[0],
    policy: (name: string) => world.policies.filter(({ spec }) => spec.name === name).map(storedPolicy)[0],
    rolePolicies: (id: string) => world.named.roles.byKey(id)?.spec.policies,
  };
  const logged: unknown[] = [];
  const log = { error: (fields: object) => void logged.push(fields), info: (fields: object) => void logged.push(fields) };
  const events = createEventBroker({ startTimer: () => () => undefined });
  const feed = createChangeFeed({ random: () => 0, startTimer: () => () => undefined });
  const app = createHttpApp({ cluster: CLUSTER, acl: aclIn(world), logins, nodes: { mark: async (node) => ok(node) }, jobs: {} as JobObjects, client: fakeLaunchers(() => undefined).deps, logLines: createLogLines(), feed, events, authenticate: createAuthenticator({ store, aclEnabled: true }), address: () => "127.0.0.1:4646", log, now: () => NOW });
  const call = async (method: string, path: string, options: { token?: string | undefined; body?: unknown } = {}) => {
    const token = "token" in options ? options.token : MANAGEMENT;
    const response = await app.request(`https://bridge${path}`, {
      method,
      headers: token === undefined ? {} : { "X-Nomad-Token": token },
      ...(options.body === undefined ? {} : { body: typeof options.body === "string" ? options.body : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, text, json: isJson ? (JSON.parse(text) as unknown) : undefined };
  };
  return { call, world, logged, feed, events, app };
}

const ids = (value: unknown) => (value as { ID: string }[]).map(({ ID }) => ID);

describe("the HTTP app", () => {
  it("has a handler for every row of the access table but exec, and none without a row", () => {
    const rows = ENDPOINTS.map(({ method, pattern }) => `${method} ${pattern}`).filter((row) => !row.endsWith("/exec") && !row.endsWith("/action"));
    expect([...SERVED].sort()).toEqual(rows.sort());
  });

  it.each([
    { path: "/v1/jobs", ids: ["api", "web"] },
    { path: "/v1/jobs?namespace=*", ids: ["api", "web", "web"] },
    { path: "/v1/jobs?namespace=team-a", ids: ["web"] },
    { path: "/v1/jobs?prefix=w", ids: ["web"] },
    { path: "/v1/jobs?reverse=true", ids: ["web", "api"] },
    { path: "/v1/job/web/allocations", ids: [uid(1)] },
    { path: "/v1/job/nothing/allocations", ids: [] },
    { path: "/v1/allocations?namespace=*", ids: [uid(1), uid(2), uid(3)] },
    { path: `/v1/allocations?prefix=${uid(2)}`, ids: [uid(2)] },
    { path: `/v1/allocations?prefix=${uid(3)}`, ids: [] },
    { path: `/v1/allocations?prefix=${uid(3)}&namespace=*`, ids: [uid(3)] },
    { path: "/v1/allocations?prefix=00000002", ids: [uid(2)] },
    { path: "/v1/nodes", ids: [uid(9)] },
  ])("$path lists $ids", async ({ path, ids: expected }) => {
    const { json, status } = await bridge().call("GET", path);
    expect([status, ids(json)]).toEqual([200, expected]);
  });

  it.each([
    { path: "/v1/job/nothing", status: 404, text: "job not found" },
    { path: `/v1/job/${encodeURIComponent(`${"a/b".repeat(42)}ü`)}`, status: 404, text: "job not found" },
    { path: `/v1/allocation/${uid(7)}`, status: 404, text: "alloc not found" },
    { path: `/v1/node/${uid(7)}`, status: 404, text: "node not found" },
    { path: "/v1/acl/token/7d2be05a-a2ce-80aa-b186-fef3e5165ea8", status: 404, text: "ACL token not found" },
    { path: "/v1/acl/token/nobody", status: 500, text: "acl token lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/allocation/short", status: 500, text: "alloc lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/acl/policy/nothing", status: 404, text: "ACL policy not found" },
    { path: "/v1/no/such/route", status: 404, text: "" },
    { path: "/v1/var/nomad/jobs", status: 404, text: "variable not found" },
    { path: "/v1/vars", status: 200, text: "[]" },
    { path: "/v1/quotas", status: 501, text: "Nomad Enterprise only endpoint" },
    { path: "/v1/operator/license", status: 204, text: "" },
    { path: "/v1/allocation/zz", status: 500, text: "alloc lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/node/zz", status: 500, text: "node lookup failed: index error: UUID must be 36 characters" },
    { path: `/v1/node/${uid(7)}/allocations`, status: 200, text: "[]" },
    { path: "/v1/nodes?prefix=abc", status: 500, text: "node lookup failed: index error: Input (without hyphens) must be even length" },
    { path: "/v1/evaluation/zz", status: 500, text: "failed to lookup eval: eval lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/evaluation/zz/allocations", status: 500, text: "index error: UUID must be 36 characters" },
    { path: "/v1/evaluations?prefix=zz", status: 500, text: "eval lookup failed: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'" },
    { path: "/v1/deployment/zz", status: 500, text: "deployment lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/deployments?prefix=z", status: 500, text: "index error: Input (without hyphens) must be even length" },
    { path: `/v1/deployment/allocations/${uid(7)}`, status: 200, text: "[]" },
    { path: "/v1/job/nothing/deployment", status: 200, text: "null" },
    { path: "/v1/job/nothing/actions", status: 500, text: 'Unknown job "nothing"' },
    { path: "/v1/job/nothing/submission", status: 400, text: "Unable to parse job submission version parameter" },
    { path: "/v1/job/nothing/submission?version=0", status: 404, text: "job source not found" },
    { path: "/v1/node/pool/nothing/jobs", status: 200, text: "[]" },
    { path: "/v1/volumes?type=pods", status: 404, text: "resource not found" },
    { path: "/v1/jobs?meta=x", status: 500, text: 'Failed to parse value of "meta" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax' },
    { path: "/v1/allocations?task_states=x", status: 500, text: 'Failed to parse value of "task_states" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax' },
    { path: "/v1/nodes?os=x", status: 400, text: 'Failed to parse node list fields: Failed to parse value of "os" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax' },
    { path: "/v1/jobs/statuses?include_children=x", status: 500, text: 'Failed to parse value of "include_children" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax' },
    { path: "/v1/regions?region=mars", status: 200, text: '["global"]' },
    { path: "/v1/jobs?per_page=x", status: 400, text: "Expect a number for `per_page` query string parameter" },
    { path: "/v1/jobs?index=-1", status: 400, text: "Invalid index" },
    { path: "/v1/jobs?wait=soon", status: 400, text: "Invalid wait time" },
    { path: "/v1/jobs?stale=maybe", status: 400, text: "Expect `true` or `false` for `stale` query string parameter" },
    { path: "/v1/jobs?region=mars", status: 500, text: "No path to region" },
    { path: "/v1/allocations?prefix=abc", status: 500, text: "alloc lookup failed: index error: Input (without hyphens) must be even length" },
    { path: "/v1/allocations?prefix=zz", status: 500, text: "alloc lookup failed: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'" },
    { path: `/v1/client/allocation/${uid(1)}/exec?command=%5B%5D`, status: 400, text: "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header" },
    { path: "/v1/job/%zz", status: 400, text: "the path is not valid percent-encoding" },
    { path: "/v1/allocation/zz", status: 500, text: "alloc lookup failed: index error: UUID must be 36 characters" },
    { path: "/v1/client/fs/ls/zz", status: 500, text: "alloc lookup failed: index error: UUID must be 36 characters" },
  ])("answers $path with $status and Nomad's text", async ({ path, status, text }) => {
    const answer = await bridge().call("GET", path);
    expect([answer.status, answer.text]).toEqual([status, text]);
  });

  it("measures nothing of an allocation that runs nothing, which is no error, and does nothing to it, which is one", async () => {
    const [{ call }, path] = [bridge(), `/v1/client/allocation/${uid(1)}`];
    const { status, json } = await call("GET", `${path}/stats`);
    expect([status, json]).toEqual([200, { ResourceUsage: expect.objectContaining({ DeviceStats: [] }) as unknown, Tasks: {}, Timestamp: 0 }]);
    const put = async (what: string, body: object) => (await call("PUT", `${path}/${what}`, { body })).text;
    expect(await put("signal", { Signal: "SIGHUP" })).toBe("1 error occurred:\n\t* Failed to signal task: web, err: Task not running\n\n");
    expect(await put("signal", { Signal: "SIGHUP", Task: "web" })).toBe("Task not running");
    expect(await put("restart", { TaskName: "web", AllTasks: true })).toBe("task name cannot be set when restarting all tasks");
  });

  it("pages through a list without losing or repeating a row", async () => {
    const { call } = bridge();
    const seen: string[] = [];
    let next = "";
    do {
      const page = await call("GET", `/v1/jobs?namespace=*&per_page=1&next_token=${encodeURIComponent(next)}`);
      seen.push(...ids(page.json));
      next = page.headers.get("x-nomad-nexttoken") ?? "";
    } while (next !== "");
    expect(seen).toEqual(["api", "web", "web"]);
  });

  it("sends Nomad's headers, and indents when asked", async () => {
    const { headers, text } = await bridge().call("GET", "/v1/vars?pretty");
    expect([headers.get("x-nomad-index"), headers.get("x-nomad-knownleader"), text]).toEqual(["77", "true", "[]"]);
    expect((await bridge().call("GET", "/v1/regions?pretty")).text).toBe('[\n    "global"\n]');
  });

  it.each([
    { path: "/v1/jobs", index: true, type: "application/json" },
    { path: "/v1/job/nothing", index: true, type: "text/plain; charset=utf-8" },
    { path: "/v1/volumes?type=csi", index: true, type: "application/json" },
    { path: "/v1/volumes", index: false, type: "application/json" },
    { path: "/v1/agent/self", index: false, type: "application/json" },
    { path: "/v1/regions", index: false, type: "application/json" },
    { path: "/v1/jobs?per_page=x", index: false, type: "text/plain; charset=utf-8" },
    { path: "/v1/nothing", index: false, type: null },
  ])("says at which index $path was true: $index", async ({ path, index, type }) => {
    const { headers } = await bridge().call("GET", path);
    expect([headers.has("x-nomad-index"), headers.has("x-nomad-lastcontact"), headers.get("content-type"), headers.get("vary")]).toEqual([index, index, type, "Accept-Encoding"]);
  });

  it("lists jobs with their allocations for dashboards, and only those that a body names", async () => {
    const all = (await bridge().call("GET", "/v1/jobs/statuses?namespace=*")).json as readonly { readonly ID: string; readonly Namespace: string }[];
    expect(all.map(({ ID }) => ID).toSorted()).toEqual(["api", "web", "web"]);
    expect(all.find(({ ID }) => ID === "web")).toMatchObject({ GroupCountSum: expect.any(Number) as number, LatestDeployment: null, ChildStatuses: null, IsPack: false });
    const named = all.filter(({ ID }) => ID === "api").map(({ ID, Namespace }) => ({ ID, Namespace }));
    expect(ids((await bridge().call("PUT", "/v1/jobs/statuses", { body: { Jobs: named } })).json)).toEqual(["api"]);
    expect(await bridge().call("PUT", "/v1/jobs/statuses", { body: { Jobs: [] } })).toMatchObject({ status: 400, text: "no jobs in request" });
  });

  it.each(["POST", "DELETE"])("refuses %s where only GET is served", async (method) => {
    expect(await bridge().call(method, "/v1/regions", { body: method === "POST" ? {} : undefined })).toMatchObject({ status: 405, text: "Invalid method" });
  });

  it("says why it does not take a write that Nomad takes", async () => {
    expect(await bridge().call("PUT", "/v1/operator/scheduler/configuration", { body: {} })).toMatchObject({ status: 501, text: "the scheduler is Kubernetes' own, and is configured there" });
  });

  it("shows a node without an address, which clients would try first", async () => {
    expect((await bridge().call("GET", `/v1/node/${uid(9)}`)).json).toMatchObject({ HTTPAddr: "", Status: "ready" });
  });
});

describe("access over HTTP", () => {
  it.each([
    { path: "/v1/status/leader", status: 200 },
    { path: "/v1/regions", status: 200 },
    { path: "/v1/jobs", status: 403 },
    { path: "/v1/allocations", status: 403 },
    { path: "/v1/agent/self", status: 403 },
    { path: "/v1/acl/tokens", status: 403 },
    { path: "/v1/no/such/route", status: 403 },
  ])("without a token $path answers $status", async ({ path, status }) => {
    expect((await bridge().call("GET", path, { token: undefined })).status).toBe(status);
  });

  it("lets a client token see its namespace and nothing else", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/team", { body: { Name: "team", Rules: 'namespace "team-a" { policy = "read" }' } });
    const token = (await call("PUT", "/v1/acl/token", { body: { Type: "client", Policies: ["team"] } })).json as { SecretID: string };
    const list = async (query: string) => call("GET", `/v1/jobs${query}`, { token: token.SecretID });
    expect((await list("")).status).toBe(403);
    expect(ids((await list("?namespace=*")).json)).toEqual(["web"]);
    expect((await call("GET", `/v1/allocation/${uid(1)}`, { token: token.SecretID })).text).toBe(`Unknown allocation "${uid(1)}"`);
    expect((await call("GET", `/v1/allocation/${uid(3)}`, { token: token.SecretID })).status).toBe(200);
  });
});

describe("the ACL endpoints", () => {
  it("bootstrap once: also after the bootstrap token was deleted", async () => {
    const { call, world } = bridge();
    world.tokens = [];
    const first = (await call("PUT", "/v1/acl/bootstrap", { token: undefined })).json as { AccessorID: string; SecretID: string; Type: string };
    expect(first.Type).toBe("management");
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).text).toMatch(/^ACL bootstrap already done \(reset index: \d+\)$/);
    expect((await call("DELETE", `/v1/acl/token/${first.AccessorID}`, { token: first.SecretID })).status).toBe(200);
    expect((await call("GET", "/v1/jobs", { token: first.SecretID })).status).toBe(403);
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).status).toBe(400);
  });

  it("keep a bootstrap token in sight that was made a client token: listed, readable, deletable", async () => {
    const { call } = bridge();
    const other = (await call("PUT", "/v1/acl/token", { body: { Type: "management" } })).json as { SecretID: string };
    const token = other.SecretID;
    expect((await call("PUT", `/v1/acl/token/${uid(8)}`, { token, body: { AccessorID: uid(8), Type: "client", Policies: ["dev"] } })).status).toBe(200);
    expect((await call("GET", "/v1/acl/tokens", { token })).text).toContain(uid(8));
    expect((await call("GET", `/v1/acl/token/${uid(8)}`, { token })).json).toMatchObject({ Type: "client", Policies: ["dev"] });
    expect((await call("DELETE", `/v1/acl/token/${uid(8)}`, { token })).status).toBe(200);
    expect((await call("GET", "/v1/acl/tokens", { token })).text).not.toContain(uid(8));
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).status).toBe(400);
  });

  it("take a bootstrap secret that is a UUID, and no other", async () => {
    const { call, world } = bridge();
    world.tokens = [];
    expect(await call("PUT", "/v1/acl/bootstrap", { token: undefined, body: { BootstrapSecret: "easy" } })).toMatchObject({ status: 400, text: "invalid acl token" });
    const made = await call("PUT", "/v1/acl/bootstrap", { token: undefined, body: { bootstrapsecret: MANAGEMENT } });
    expect(made.json).toMatchObject({ SecretID: MANAGEMENT });
  });

  it("store a token's hash and give its secret once", async () => {
    const { call, world } = bridge();
    const made = (await call("PUT", "/v1/acl/token", { body: { Name: "ci", Type: "management", Global: true, ExpirationTTL: "1h" } })).json as { AccessorID: string; SecretID: string; ExpirationTime: string };
    expect(JSON.stringify(world.tokens)).not.toContain(made.SecretID);
    expect(made.ExpirationTime).toBe("2026-01-01T01:00:00.000Z");
    expect((await call("GET", `/v1/acl/token/${made.AccessorID}`)).json).toMatchObject({ SecretID: "", Name: "ci" });
    expect((await call("GET", "/v1/acl/token/self", { token: made.SecretID })).json).toMatchObject({ SecretID: made.SecretID });
    expect((await call("GET", "/v1/acl/tokens")).text).not.toContain("SecretID");
  });

  it.each([
    { body: { Type: "client" }, text: "token 0 invalid: 1 error occurred:\n\t* client token missing policies or roles\n\n" },
    { body: { Type: "root" }, text: "token 0 invalid: 1 error occurred:\n\t* token type must be client or management\n\n" },
    { body: { Type: "management", Policies: ["x"] }, text: "token 0 invalid: 1 error occurred:\n\t* management token cannot be associated with policies or roles\n\n" },
    { body: { Type: "client", Roles: [{ Name: "x" }] }, text: "cannot find role x" },
    { body: "{", text: "unexpected EOF" },
    { body: "", text: "Request body is empty" },
    { body: '{"Type" 1}', text: "invalid character '1' after object key" },
    { body: { AccessorID: "x", Type: "client", Policies: ["x"] }, status: 500, text: "token lookup failed: acl token lookup failed: index error: UUID must be 36 characters" },
    { body: { Type: "client", Policies: ["x"], ExpirationTime: "soon" }, text: 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"' },
    { body: "[]", text: "json: cannot unmarshal array into Go value of type struct { ExpirationTTL interface {}; Hash string; *structs.Alias }" },
    { body: { Type: "client", Policies: ["x"], ExpirationTTL: "5s" }, text: "token 0 invalid: 1 error occurred:\n\t* expiration time cannot be less than 1m0s in the future (was 5s)\n\n" },
  ])("refuse $body", async ({ body, text, status = 400 }) => {
    expect(await bridge().call("PUT", "/v1/acl/token", { body })).toMatchObject({ status, text });
  });

  it("show a management token all policies as its own, and nobody without a token any", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = "read" }' } });
    expect((await call("GET", "/v1/acl/policy/self")).json).toMatchObject([{ Name: "dev" }]);
    expect(await call("GET", "/v1/acl/policy/self", { token: undefined })).toMatchObject({ status: 403, text: "Permission denied" });
  });

  it.each<[string, string, object | undefined, [number, string]]>([
    ["DELETE", "/v1/acl/policy/nothing", undefined, [200, ""]],
    ["DELETE", "/v1/acl/token/short", undefined, [400, "token lookup failed: acl token lookup failed: index error: UUID must be 36 characters"]],
    ["PUT", `/v1/acl/token/${uid(99)}`, { Type: "management" }, [400, "ACL token accessor does not match request path"]],
    ["PUT", "/v1/acl/role/x", { Name: "a" }, [400, "ACL role ID does not match request path"]],
    ["DELETE", "/v1/acl/role/x", undefined, [500, "ACL role not found"]],
    ["DELETE", "/v1/acl/auth-method/x", undefined, [500, "ACL auth method not found"]],
    ["DELETE", "/v1/acl/binding-rule/x", undefined, [500, "ACL binding rule not found"]],
    ["PUT", "/v1/acl/binding-rule", {}, [400, "binding rule 0 invalid: 2 errors occurred:\n\t* auth method is missing\n\t* bind type is missing\n\n"]],
    ["PUT", "/v1/acl/auth-method", { Name: "a b" }, [400, "auth method 0 invalid: 4 errors occurred:\n\t* invalid name 'a b'\n\t* invalid token type ''\n\t* invalid config: missing auth method Config\n\t* invalid MaxTokenTTL value '0s' (should be between 1m0s and 24h0m0s)\n\n"]],
    ["PUT", "/v1/acl/login", {}, [400, "invalid login request: 2 errors occurred:\n\t* missing auth method name\n\t* missing login token\n\n"]],
    ["PUT", "/v1/acl/oidc/auth-url", {}, [400, "invalid OIDC auth-url request: 3 errors occurred:\n\t* missing auth method name\n\t* missing client nonce\n\t* missing redirect URI\n\n"]],
  ])("%s %s of %j: %j", async (method, path, body, [status, text]) => {
    expect(await bridge().call(method, path, body === undefined ? {} : { body })).toMatchObject({ status, text });
  });

  it("refuse a policy that cannot be read, and keep the one that was there", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = "read" }' } });
    const broken = await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = ' } });
    expect(broken.status).toBe(400);
    expect((await call("GET", "/v1/acl/policy/dev")).json).toMatchObject({ Rules: 'namespace "default" { policy = "read" }' });
  });

  it("leave an audit line for a write, without any secret", async () => {
    const { call, logged } = bridge();
    const made = (await call("PUT", "/v1/acl/token", { body: { Type: "management" } })).json as { SecretID: string };
    expect(logged).toEqual([expect.objectContaining({ event: "acl-write", accessor: uid(8), status: 200 })]);
    expect(JSON.stringify(logged)).not.toContain(made.SecretID);
  });
});

describe("a blocking query", () => {
  const changed = (kind: "job" | "node") => ({ kinds: [kind], namespace: "default", key: "web", version: 500 });

  it("is held until something of its kind changes, and answers with the index of that", async () => {
    const { call, feed } = bridge();
    const before = (await call("GET", "/v1/jobs")).headers.get("x-nomad-index");
    const answer = call("GET", `/v1/jobs?index=${before}&wait=5m`);
    await expect.poll(() => feed.waiting()).toBe(1);
    feed.report(changed("node"));
    expect(feed.waiting()).toBe(1);
    const index = feed.report(changed("job"));
    expect((await answer).headers.get("x-nomad-index")).toBe(String(index));
    expect((await answer).json).toHaveLength(2);
  });

  it("of one node is held until that node changes, and by no allocation", async () => {
    const { call, feed } = bridge();
    const path = `/v1/node/${uid(9)}`;
    const before = (await call("GET", path)).headers.get("x-nomad-index");
    const answer = call("GET", `${path}?index=${before}&wait=5m`);
    await expect.poll(() => feed.waiting()).toBe(1);
    feed.report({ kinds: ["allocation"], namespace: "default", key: "node-1", version: 500 });
    feed.report({ ...changed("node"), key: "node-2" });
    expect(feed.waiting()).toBe(1);
    const index = feed.report({ kinds: ["node"], namespace: "", key: "node-1" });
    expect((await answer).headers.get("x-nomad-index")).toBe(String(index));
  });

  it("is answered at once when the index is an old one", async () => {
    const { call, feed } = bridge();
    feed.report(changed("job"));
    expect((await call("GET", "/v1/jobs?index=1")).status).toBe(200);
  });

  it("shows nothing more to a token that was deleted while it was held", async () => {
    const { call, feed, world } = bridge();
    const answer = call("GET", "/v1/jobs?index=1&wait=5m");
    await expect.poll(() => feed.waiting()).toBe(1);
    world.tokens = [];
    feed.report(changed("job"));
    expect((await answer).status).toBe(403);
  });

  it("is refused with what is wrong", async () => {
    expect((await bridge().call("GET", "/v1/jobs?index=1&wait=soon")).text).toBe("Invalid wait time");
    expect((await bridge().call("GET", "/v1/jobs?index=-1")).text).toBe("Invalid index");
  });
});

describe("roles", () => {
  const READ = 'namespace "default" { policy = "read" }';

  it("give a token their policies, and what is asked of the caller's own", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: READ } });
    const role = (await call("PUT", "/v1/acl/role", { body: { Name: "reader", Description: "may look", Policies: [{ Name: "reads" }] } })).json as { ID: string };
    expect(role).toMatchObject({ Name: "reader", Policies: [{ Name: "reads" }], CreateIndex: expect.any(Number) });
    const token = (await call("PUT", "/v1/acl/token", { body: { Name: "t", Type: "client", Roles: [{ Name: "reader" }] } })).json as { SecretID: string; Roles: unknown };
    expect(token.Roles).toEqual([{ ID: role.ID, Name: "reader" }]);
    expect(ids((await call("GET", "/v1/jobs", { token: token.SecretID })).json)).toEqual(["api", "web"]);
    expect((await call("GET", "/v1/acl/roles", { token: token.SecretID })).json).toMatchObject([{ ID: role.ID }]);
    await call("PUT", `/v1/acl/role/${role.ID}`, { body: { ID: role.ID, Name: "reader", Policies: [{ Name: "reads" }], Description: "new" } });
    expect((await call("GET", "/v1/acl/role/name/reader")).json).toMatchObject({ Description: "new" });
    await call("DELETE", `/v1/acl/role/${role.ID}`);
    expect((await call("GET", "/v1/jobs", { token: token.SecretID })).status).toBe(403);
    expect((await call("GET", `/v1/acl/role/${role.ID}`)).text).toBe("ACL role not found");
  });

  it.each([
    [{ Name: "a b", Policies: [{ Name: "reads" }] }, "role 0 invalid: 1 error occurred:\n\t* invalid name 'a b'\n\n"],
    [{ Name: "a", Policies: [] }, "role 0 invalid: 1 error occurred:\n\t* at least one policy should be specified\n\n"],
    [{}, "role 0 invalid: 2 errors occurred:\n\t* invalid name ''\n\t* at least one policy should be specified\n\n"],
    [{ Name: "a", Policies: [{ Name: "nothing" }] }, "cannot find policy nothing"],
    [{ ID: "x", Name: "a", Policies: [{ Name: "reads" }] }, "cannot find role x"],
  ])("%j is refused: %s", async (body, expected) => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: READ } });
    expect(await call("PUT", "/v1/acl/role", { body })).toMatchObject({ status: 400, text: expected });
  });
});

describe("a login", () => {
  const JWT_METHOD = { Name: "ci", Type: "JWT", TokenLocality: "local", MaxTokenTTL: "30m", Config: { JWKSURL: "https://issuer/keys", ClaimMappings: { sub: "who" }, ListClaimMappings: { groups: "groups" } } };
  const claims = { sub: "Reads", groups: ["dev"] };
  const withClaims = { ...NO_LOGINS, verifyJwt: async (_method: unknown, token: string) => (token === "good" ? ok(claims) : { ok: false as const, error: "signature verification failed" }) };

  async function bound(rule: object) {
    const { call, world } = bridge(withClaims);
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: 'namespace "default" { policy = "read" }' } });
    expect((await call("PUT", "/v1/acl/auth-method", { body: JWT_METHOD })).json).toMatchObject({ Name: "ci", MaxTokenTTL: "30m0s" });
    expect((await call("PUT", "/v1/acl/binding-rule", { body: { AuthMethod: "ci", ...rule } })).status).toBe(200);
    return Object.assign(call, { world });
  }

  const expiring = (n: number, expirationTime: string): AclTokenObject => ({
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ACLToken",
    metadata: { name: `made-${n}`, resourceVersion: "1" },
    spec: { accessorId: `made-${n}`, secretHash: "", type: "client", createTime: "2025-12-31T00:00:00Z", expirationTime },
  });

  it("takes tokens away that have been over for an hour, and never a bootstrap's tombstone", async () => {
    const call = await bound({ BindType: "management" });
    const tombstone = { ...expiring(9, "2025-12-31T00:00:00Z"), metadata: { name: "bootstrap", resourceVersion: "1" } };
    call.world.tokens.push(expiring(1, "2025-12-31T22:00:00Z"), expiring(2, "2025-12-31T23:30:00Z"), expiring(3, "2026-01-01T01:00:00Z"), tombstone);
    expect((await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).status).toBe(200);
    const left = call.world.tokens.map(({ spec }) => spec.accessorId);
    expect(left).toEqual(expect.arrayContaining(["made-2", "made-3", "made-9"]));
    expect(left).not.toContain("made-1");
  });

  it("is refused while ten thousand tokens are alive that expire", async () => {
    const call = await bound({ BindType: "management" });
    call.world.tokens.push(...Array.from({ length: 10_000 }, (_, n) => expiring(n, "2026-01-01T01:00:00Z")));
    const count = call.world.tokens.length;
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).toMatchObject({ status: 429, text: expect.stringContaining("10000 tokens that expire are alive") });
    expect(call.world.tokens).toHaveLength(count);
  });

  it("gives what the rules that fit give, for as long as the method says", async () => {
    const call = await bound({ Selector: '"dev" in list.groups and value.who == "Reads"', BindType: "policy", BindName: "${value.who}" });
    const token = (await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" }, token: undefined })).json as { SecretID: string };
    expect(token).toMatchObject({ Type: "client", Policies: ["reads"], Name: "JWT-ci", ExpirationTTL: "30m0s" });
    expect((await call("GET", "/v1/jobs", { token: token.SecretID })).status).toBe(200);
  });

  it.each([
    [{ Selector: '"ops" in list.groups', BindType: "policy", BindName: "reads" }, "no role or policy bindings matched"],
    [{ Selector: "", BindType: "policy", BindName: "nothing" }, "no role or policy bindings matched"],
    [{ Selector: "", BindType: "policy", BindName: "x-${value.unknown}" }, "no role or policy bindings matched"],
  ])("whose rules are %j is refused: %s", async (rule, expected) => {
    expect(await (await bound(rule))("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" }, token: undefined })).toMatchObject({ status: 400, text: expected });
  });

  it("with a proof that is none, or by a method that is none, is refused", async () => {
    const call = await bound({ BindType: "management" });
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "bad" } })).toMatchObject({ status: 401, text: "unable to validate provided token: unable to verify signature of JWT token: signature verification failed" });
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "x", LoginToken: "good" } })).toMatchObject({ status: 400, text: 'auth-method "x" not found' });
    expect((await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).json).toMatchObject({ Type: "management" });
  });

  it.each([
    [{ ...JWT_METHOD, Config: {} }, "invalid config: JWT auth method requires either OIDCDiscoveryURL, or JWKS URL, or JWTValidationPubKeys set"],
    [{ ...JWT_METHOD, Config: { JWKSURL: "http://issuer" } }, 'invalid config: the keys must come from an https address; got "http://issuer"'],
    [{ ...JWT_METHOD, MaxTokenTTL: "48h" }, "invalid MaxTokenTTL value '48h0m0s' (should be between 1m0s and 24h0m0s)"],
    [{ ...JWT_METHOD, Type: "SAML" }, "invalid token type 'SAML'"],
    [{ ...JWT_METHOD, Type: "OIDC", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c" } }, "invalid config: missing AllowedRedirectURIs"],
  ])("has no method %j: %s", async (body, expected) => expect(await bridge().call("PUT", "/v1/acl/auth-method", { body })).toMatchObject({ status: 400, text: `auth method 0 invalid: 1 error occurred:\n\t* ${expected}\n\n` }));

  it("never shows the client's secret, and keeps it where it is not sent again", async () => {
    const kept: string[] = [];
    const { call, world } = bridge({ ...NO_LOGINS, keepSecret: async (name, secret) => (kept.push(secret), ok(`nb-auth-${name}`)) });
    const method = { Name: "web", Type: "OIDC", MaxTokenTTL: "1h", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c", OIDCClientSecret: "s3cret", AllowedRedirectURIs: ["http://localhost:4649/oidc/callback"] } };
    const shown = await call("PUT", "/v1/acl/auth-method", { body: method });
    expect(shown.text).not.toContain("s3cret");
    expect(JSON.stringify(world.named.authMethods.byName("web"))).not.toContain("s3cret");
    await call("PUT", "/v1/acl/auth-method/web", { body: { ...method, Config: { ...method.Config, OIDCClientSecret: "redacted" } } });
    expect(kept).toEqual(["s3cret"]);
    expect((await call("GET", "/v1/acl/auth-methods", { token: undefined })).json).toMatchObject([{ Name: "web", Type: "OIDC" }]);
    expect((await call("DELETE", "/v1/acl/auth-method/web")).status).toBe(200);
  });

  it("is sent back to no address that is not allowed; a port of one's own machine may differ", async () => {
    const { call } = bridge({ ...NO_LOGINS, authUrl: async () => ok("https://i/authorize") });
    await call("PUT", "/v1/acl/auth-method", { body: { Name: "web", Type: "OIDC", MaxTokenTTL: "1h", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c", AllowedRedirectURIs: ["http://localhost:4649/oidc/callback"] } } });
    const ask = (RedirectURI: string) => call("PUT", "/v1/acl/oidc/auth-url", { body: { AuthMethodName: "web", ClientNonce: "n", RedirectURI }, token: undefined });
    expect((await ask("http://localhost:5000/oidc/callback")).json).toEqual({ AuthURL: "https://i/authorize" });
    expect((await ask("https://evil/oidc/callback")).text).toBe("unauthorized redirect_uri: https://evil/oidc/callback");
    expect((await ask("http://localhost:5000/other")).status).toBe(400);
  });
});

describe("the event stream", () => {
  const event = (namespace: string) => ({ topic: "Job" as const, type: "JobRegistered" as const, key: "web", namespace, filterKeys: [], index: 9, payload: () => ({ Job: { ID: "web" } }) });

  it("sends lines of events that the caller may read, and ends with the caller's token", async () => {
    const { call, app, events, world } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: 'namespace "default" { policy = "read" }' } });
    const { SecretID: token } = (await call("PUT", "/v1/acl/token", { body: { Type: "client", Policies: ["reads"] } })).json as { SecretID: string };
    const response = await app.request("https://bridge/v1/event/stream?topic=Job&namespace=default", { headers: { "X-Nomad-Token": token } });
    const lines = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await lines?.read())?.value).toBe("{}\n");
    events.publish(event("team-a"));
    events.publish(event("default"));
    expect(JSON.parse((await lines?.read())?.value ?? "")).toEqual({ Index: 9, Events: [{ Topic: "Job", Type: "JobRegistered", Key: "web", Namespace: "default", FilterKeys: null, Index: 9, Payload: { Job: { ID: "web" } } }] });
    world.tokens = [];
    events.publish(event("default"));
    expect((await lines?.read())?.done).toBe(true);
  });

  it("is refused to whom the topic is closed", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: 'namespace "default" { policy = "read" }' } });
    const { SecretID: token } = (await call("PUT", "/v1/acl/token", { body: { Type: "client", Policies: ["reads"] } })).json as { SecretID: string };
    for (const topic of ["ACLToken", "Node", "*", "Nothing"]) expect((await call("GET", `/v1/event/stream?topic=${topic}`, { token })).status).toBe(403);
    expect((await call("GET", "/v1/event/stream?topic=Job:a:b", { token })).status).toBe(400);
  });
});

describe("a large body", () => {
  const blanks = (bytes: number) => `{${" ".repeat(bytes)}}`;
  const TOO_LARGE = "the body is larger than 65536 bytes";

  it.each([
    ["a login", "PUT", "/v1/acl/login", undefined],
    ["bootstrap", "PUT", "/v1/acl/bootstrap", undefined],
    ["a job from nobody", "PUT", "/v1/jobs", undefined],
    ["a search by anyone", "PUT", "/v1/search", MANAGEMENT],
  ])("is not read of %s", async (_what, method, path, token) => {
    expect(await bridge().call(method, path, { token, body: blanks(70_000) })).toMatchObject({ status: 413, text: TOO_LARGE });
  });

  it("of a job is read of whoever may register one somewhere, and of nobody else", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/writer", { body: { Name: "writer", Rules: 'namespace "team-a" { capabilities = ["submit-job"] }' } });
    await call("PUT", "/v1/acl/policy/reader", { body: { Name: "reader", Rules: 'namespace "*" { policy = "read" }' } });
    const tokenOf = async (policy: string) => ((await call("PUT", "/v1/acl/token", { body: { Type: "client", Policies: [policy] } })).json as { SecretID: string }).SecretID;
    expect(await call("PUT", "/v1/jobs", { token: await tokenOf("reader"), body: blanks(70_000) })).toMatchObject({ status: 413, text: TOO_LARGE });
    expect(await call("PUT", "/v1/jobs", { token: await tokenOf("writer"), body: blanks(70_000) })).toMatchObject({ status: 400, text: "Job must be specified" });
    expect(await call("PUT", "/v1/jobs", { body: blanks(9_000_000) })).toMatchObject({ status: 413, text: "the body is larger than 8388608 bytes" });
  });

  it("of brackets or of members alone is not taken apart", async () => {
    const deep = `{"Job":${"[".repeat(300)}${"]".repeat(300)}}`;
    const wide = `{${Array.from({ length: 1001 }, (_none, i) => `"k${i}":0`).join(",")}}`;
    expect(await bridge().call("PUT", "/v1/jobs", { body: deep })).toMatchObject({ status: 400, text: "the body is nested deeper than 256 levels" });
    expect(await bridge().call("PUT", "/v1/jobs", { body: wide })).toMatchObject({ status: 400, text: "the body has 1001 members, and no request has more than 1000" });
  });
});
