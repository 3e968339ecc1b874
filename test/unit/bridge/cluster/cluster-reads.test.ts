import { rememberedGauges } from "../../../../src/bridge/cluster/remembered-gauges.ts";
import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../../../src/access/authenticate.ts";
import { type StoredPolicy, storedToken } from "../../../../src/access/store.ts";
import { secretHash } from "../../../../src/access/authenticate.ts";
import { bridgeConfigSpec } from "../../../../src/api/bridge-config.ts";
import type { Node } from "../../../../src/api/pod.ts";
import type { AclObjects, Allocation, ClusterState, JobObjects, NodeMark } from "../../../../src/bridge/bridge-deps.ts";
import { NO_LOGINS } from "../acl/named-objects.ts";
import { createChangeFeed } from "../../../../src/bridge/blocking/change-feed.ts";
import { createEventBroker } from "../../../../src/bridge/events/event-stream.ts";
import { createLogLines } from "../../../../src/bridge/monitor/log-lines.ts";
import { createHttpApp } from "../../../../src/bridge/http-app.ts";
import { ok } from "../../../../src/lib/result.ts";
import { jobRecord } from "../../../../src/mapping/job-record.ts";
import { nomadJob } from "../../../../src/mapping/nomad-job.ts";
import { taskOf } from "../../mapping/mapping-fixtures.ts";
import { fakeLaunchers } from "../client/fake-launcher.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const SECRET = "11111111-1111-4111-8111-111111111111";
const NODE_ID = "0abcdef0-0000-4000-8000-000000000000";

const NODE: Node = {
  apiVersion: "v1", kind: "Node",
  metadata: { name: "node-1", uid: NODE_ID, resourceVersion: "30", labels: { "nomad-bridge.dev/node-pool": "gpu" } },
  status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2025-12-31T00:00:00Z" }], capacity: { cpu: "2", memory: "4Gi", "ephemeral-storage": "10Gi" } },
};
const JOB = jobRecord(taskOf({}, { name: "web", namespace: "team", uid: "job-uid" }));

/** A bridge whose caller has the rules; undefined: management. */
function bridge(rules?: string, allocations: readonly Allocation[] = []) {
  let node = NODE;
  const cluster: ClusterState = {
    config: () => bridgeConfigSpec.parse({ region: "eu", datacenter: "fra1" }),
    isManaged: () => true,
    jobs: () => [JOB],
    job: () => JOB,
    nomadJob: ({ object }) => {
      const job = object.kind === "ExecTask" ? nomadJob(object, { region: "eu", datacenter: "fra1" }, true) : undefined;
      const scaling = { Min: 1, Max: 5, Policy: null, Enabled: true, Type: "horizontal", ID: "", Namespace: "", Target: {}, CreateIndex: 0, ModifyIndex: 0 };
      return job === undefined ? undefined : { ...job, TaskGroups: job.TaskGroups.map((group) => ({ ...group, Scaling: scaling })) };
    },
    childrenOf: () => [],
    liveChildren: () => 0,
    nomadJobObject: () => undefined,
    jobVersion: () => undefined,
    versionsOf: () => [{ version: 0, modifyIndex: 1, submittedAt: NOW, stop: false, spec: {} as never }],
    jobOfEvaluation: () => undefined,
    jobsOfEvaluations: () => [JOB],
    jobOfDeployment: () => undefined,
    desiredUpdates: () => undefined,
    filteredNodes: () => ({}),
    allocationsOf: () => allocations,
    allocationsOn: (nodeName) => allocations.filter(({ pod }) => pod.spec.nodeName === nodeName),
    allocation: () => undefined,
    namespaces: () => ["team", "web-team"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, resourceVersion: "5", labels: { owner: "x" } } })),
    nodes: () => [node],
    node: (id) => (id === NODE_ID ? node : undefined),
    nodeByName: () => node,
    osOf: () => undefined,
    index: () => 77,
  };
  const token = { accessorId: "accessor", secretHash: secretHash(SECRET), type: rules === undefined ? ("management" as const) : ("client" as const), policies: ["p"], createTime: "2026-01-01T00:00:00Z" };
  const store = {
    tokenBySecretHash: (hash: string) => (hash === token.secretHash ? storedToken({ apiVersion: "v", kind: "ACLToken", metadata: { name: "t", resourceVersion: "1" }, spec: token }) : undefined),
    rolePolicies: () => undefined,
    policy: (): StoredPolicy => ({ name: "p", description: "", rules: rules ?? "", version: "1" }),
  };
  const mark = async (_node: Node, { labels, annotations }: NodeMark) => {
    const merged = (before: object | undefined, change: object | undefined) => Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null)) as Record<string, string>;
    node = { ...node, metadata: { ...node.metadata, resourceVersion: "31", labels: merged(node.metadata.labels, labels), annotations: merged(node.metadata.annotations, annotations) } };
    return ok(node);
  };
  const log = { error: () => undefined, info: () => undefined };
  const app = createHttpApp({ cluster, acl: {} as AclObjects, logins: NO_LOGINS, nodes: { mark }, jobs: {} as JobObjects, client: fakeLaunchers(() => undefined).deps, events: createEventBroker({ startTimer: () => () => undefined }), logLines: createLogLines(), feed: createChangeFeed({ random: () => 0, startTimer: () => () => undefined, defer: setImmediate }), authenticate: createAuthenticator({ store, aclEnabled: true }), address: () => "10.0.0.1:4646", log, now: () => NOW });
  return async (method: string, path: string, body?: unknown) => {
    const response = await app.request(`https://bridge${path}`, { method, headers: { "X-Nomad-Token": SECRET }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, text, json: response.headers.get("content-type")?.startsWith("application/json") === true ? (JSON.parse(text) as never) : undefined };
  };
}

describe("what is said of the servers", () => {
  it.each([
    ["/v1/agent/members", { ServerRegion: "eu", Members: [{ Name: "nomad-bridge.eu", Addr: "10.0.0.1", Port: 4646, Status: "alive", Tags: { role: "nomad", build: "2.0.5", port: "4646" } }] }],
    ["/v1/agent/servers", ["10.0.0.1:4646"]],
    ["/v1/agent/health?type=client", { client: { ok: true } }],
    ["/v1/operator/raft/configuration", { Servers: [{ Address: "10.0.0.1:4646", Leader: true, Voter: true }] }],
    ["/v1/operator/autopilot/health", { Healthy: true, Servers: [{ Healthy: true }] }],
    ["/v1/operator/scheduler/configuration", { SchedulerConfig: { MemoryOversubscriptionEnabled: true } }],
    ["/v1/agent/schedulers/config", { enabled_schedulers: ["service", "batch", "system", "sysbatch"] }],
  ])("%s", async (path, expected) => expect((await bridge()("GET", path)).json).toMatchObject(expected));
});

describe("namespaces", () => {
  it("are the managed ones, by prefix, for whoever has a right in them", async () => {
    expect((await bridge()("GET", "/v1/namespaces?prefix=web")).json).toMatchObject([{ Name: "web-team", Meta: { owner: "x" } }]);
    expect((await bridge('namespace "team" { policy = "read" }')("GET", "/v1/namespaces")).json).toMatchObject([{ Name: "team" }]);
  });

  it.each([
    { what: "a new one", method: "PUT", path: "/v1/namespace", body: { Name: "new" }, says: /: run "kubectl create namespace new" and "kubectl label namespace new nomad-bridge\.dev\/managed=true"$/ },
    { what: "a change of one", method: "PUT", path: "/v1/namespace/team", body: { Name: "team", Description: "x" }, says: /: run "kubectl annotate --overwrite namespace team nomad-bridge\.dev\/description=TEXT" for its description, / },
    { what: "the end of one", method: "DELETE", path: "/v1/namespace/team", body: undefined, says: /: run "kubectl delete namespace team"$/ },
    { what: "one whose name would be more than a word to a shell", method: "PUT", path: "/v1/namespace", body: { Name: "$(reboot)" }, says: /create namespace NAME"/ },
  ])("are not written here: of $what it says what to run instead", async ({ method, path, body, says }) => {
    const { status, text } = await bridge()(method, path, body);
    expect([status, text]).toEqual([501, expect.stringMatching(says)]);
  });

  it("are read one by one, and hidden from others", async () => {
    expect((await bridge()("GET", "/v1/namespace/nowhere")).text).toBe("Namespace not found");
    expect((await bridge('namespace "team" { policy = "read" }')("GET", "/v1/namespace/web-team")).status).toBe(403);
  });
});

describe("nodes", () => {
  it("name their pools, Nomad's own among them", async () => {
    expect((await bridge()("GET", "/v1/node/pool/default")).json).toMatchObject({ NodeIdentityTTL: 86_400_000_000_000, Hash: null });
    expect((await bridge()("GET", "/v1/node/pools")).json).toMatchObject([{ Name: "all" }, { Name: "default" }, { Name: "gpu" }]);
    expect((await bridge()("GET", "/v1/node/pool/gpu/nodes")).json).toMatchObject([{ ID: NODE_ID }]);
    expect((await bridge()("GET", "/v1/node/pool/none")).status).toBe(404);
    expect((await bridge('node_pool "g*" { policy = "read" }')("GET", "/v1/node/pools")).json).toMatchObject([{ Name: "gpu" }]);
    expect((await bridge('node { policy = "write" }')("GET", "/v1/node/pools")).json).toEqual([]);
  });

  it("are made ineligible and eligible again", async () => {
    const call = bridge();
    expect((await call("PUT", `/v1/node/${NODE_ID}/eligibility`, { Eligibility: "ineligible" })).json).toMatchObject({ NodeModifyIndex: 31 });
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({ SchedulingEligibility: "ineligible", Drain: false });
    await call("PUT", `/v1/node/${NODE_ID}/eligibility`, { Eligibility: "eligible" });
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({ SchedulingEligibility: "eligible" });
    expect((await call("PUT", `/v1/node/${NODE_ID}/eligibility`, { Eligibility: "maybe" })).text).toBe('invalid scheduling eligibility "maybe"');
  });

  const left = (phase: string) => [{ job: { object: { kind: "NomadJob" } }, pod: { metadata: { name: "p", uid: "a1" }, spec: { nodeName: "node-1", containers: [{ name: "web" }] }, status: { phase } } } as unknown as Allocation];

  it("are no longer drained, but kept from new allocations, when the last one has ended", async () => {
    const call = bridge(undefined, left("Succeeded"));
    await call("PUT", `/v1/node/${NODE_ID}/drain`, { DrainSpec: { Deadline: 3.6e12 } });
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({ Drain: false, DrainStrategy: null, SchedulingEligibility: "ineligible", LastDrain: { Status: "complete" } });
    expect((await call("PUT", `/v1/node/${NODE_ID}/eligibility`, { Eligibility: "eligible" })).status).toBe(200);
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({ Drain: false, SchedulingEligibility: "eligible", LastDrain: { Status: "complete" } });
  });

  it("are drained with a deadline, and the drain is taken back", async () => {
    const call = bridge(undefined, left("Running"));
    await call("PUT", `/v1/node/${NODE_ID}/drain`, { drainSpec: { Deadline: 3.6e12, IgnoreSystemJobs: true }, Meta: { why: "kernel" } });
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({
      Drain: true, SchedulingEligibility: "ineligible", LastDrain: { Status: "draining", AccessorID: "accessor", Meta: { why: "kernel" } },
      DrainStrategy: { Deadline: 3.6e12, IgnoreSystemJobs: true, ForceDeadline: "2026-01-01T01:00:00.000Z" },
    });
    expect((await call("PUT", `/v1/node/${NODE_ID}/eligibility`, { Eligibility: "eligible" })).status).toBe(500);
    await call("PUT", `/v1/node/${NODE_ID}/drain`, { DrainSpec: null, MarkEligible: true });
    expect((await call("GET", `/v1/node/${NODE_ID}`)).json).toMatchObject({ Drain: false, DrainStrategy: null, SchedulingEligibility: "eligible", LastDrain: { Status: "canceled" } });
  });

  it("give away their attributes and resources in lists only where that is asked for", async () => {
    const keysOf = async (query: string) => Object.keys(((await bridge()("GET", `/v1/nodes?${query}`)).json as unknown as object[])[0] ?? {});
    expect(await keysOf("")).toContain("HostVolumes");
    expect((await keysOf("")).filter((key) => ["Attributes", "NodeResources"].includes(key))).toEqual([]);
    expect(await keysOf("os=true")).toContain("Attributes");
    expect(await keysOf("resources=true")).toContain("NodeResources");
  });

  it("say their metadata, which no client of Nomad's has written", async () => {
    const read = (await bridge()("GET", `/v1/client/metadata?node_id=${NODE_ID}`)).json as unknown as { Meta: object; Static: object; Dynamic: object };
    expect([read.Dynamic, read.Static]).toEqual([{}, read.Meta]);
    expect((await bridge()("GET", "/v1/client/metadata?node_id=zz")).text).toBe("node lookup failed: index error: UUID must be 36 characters");
  });

  it("are not known by another ID, and not purged", async () => {
    const nowhere = "7d2be05a-a2ce-80aa-b186-fef3e5165ea8";
    expect(await bridge()("PUT", "/v1/node/nope/drain", {})).toMatchObject({ status: 500, text: "node lookup failed: index error: UUID must be 36 characters" });
    expect(await bridge()("PUT", `/v1/node/${nowhere}/drain`, {})).toMatchObject({ status: 500, text: "node not found" });
    expect(await bridge()("GET", `/v1/node/${nowhere}`)).toMatchObject({ status: 404, text: "node not found" });
    expect((await bridge()("GET", `/v1/node/${nowhere}/allocations`)).json).toEqual([]);
    expect((await bridge()("GET", "/v1/nodes?prefix=abc")).text).toBe("node lookup failed: index error: Input (without hyphens) must be even length");
    expect((await bridge()("PUT", `/v1/node/${NODE_ID}/purge`)).text).toContain("kubectl delete node node-1");
  });
});

describe("scaling policies", () => {
  it("are those of jobs, with an ID that stays the same", async () => {
    const call = bridge();
    const [stub] = (await call("GET", "/v1/scaling/policies?namespace=*")).json as unknown as { ID: string }[];
    expect(stub).toMatchObject({ Type: "horizontal", Target: { Namespace: "team", Job: "web", Group: "web" } });
    expect((await call("GET", `/v1/scaling/policy/${stub?.ID}`)).json).toMatchObject({ ID: stub?.ID, Min: 1, Max: 5 });
    expect((await call("GET", "/v1/scaling/policy/other")).status).toBe(404);
    expect((await call("GET", "/v1/scaling/policies?namespace=*&job=other")).json).toEqual([]);
  });
});

describe("search", () => {
  it("finds by prefix in every context, and refuses a search without one", async () => {
    expect((await bridge()("PUT", "/v1/search", { Prefix: "we" })).text).toContain('or \'all\' for all contexts; got ""');
    expect((await bridge()("PUT", "/v1/search?namespace=*", { Prefix: "we", Context: "all" })).json).toMatchObject({ KnownLeader: true, NextToken: "", Matches: { jobs: ["web"], namespaces: ["web-team"], nodes: null }, Truncations: { jobs: false } });
    expect((await bridge()("PUT", "/v1/search?namespace=*", { Prefix: "0ab", Context: "nodes" })).json).toMatchObject({ Matches: { nodes: [NODE_ID] } });
  });

  it("finds the node pools that labels of nodes name, of those that the caller may read", async () => {
    const pools = async (rules: string | undefined, prefix: string) => (await bridge(rules)("PUT", "/v1/search", { Prefix: prefix, Context: "node_pools" })).json;
    expect(await pools(undefined, "")).toMatchObject({ Matches: { node_pools: ["all", "default", "gpu"] } });
    expect(await pools('node_pool "g*" { policy = "read" }', "g")).toMatchObject({ Matches: { node_pools: ["gpu"] } });
    expect(await pools('node_pool "default" { policy = "read" }', "g")).toMatchObject({ Matches: { node_pools: null } });
  });

  it("finds evaluations and deployments, as their commands are completed by it", async () => {
    const call = bridge();
    const [evaluation] = (await call("GET", "/v1/evaluations?namespace=*")).json as unknown as { ID: string }[];
    const prefix = evaluation?.ID.slice(0, 8);
    expect((await call("PUT", "/v1/search?namespace=*", { Prefix: prefix, Context: "evals" })).json).toMatchObject({ Matches: { evals: [evaluation?.ID] } });
    expect((await call("PUT", "/v1/search?namespace=*", { Prefix: prefix, Context: "deployment" })).json).toMatchObject({ Matches: { deployment: null } });
    expect((await bridge('node { policy = "read" }')("PUT", "/v1/search?namespace=team", { Prefix: prefix, Context: "evals" })).status).toBe(403);
  });

  it("shows what the caller may read, and refuses who may read nothing", async () => {
    const job = await bridge('namespace "team" { policy = "read" }')("PUT", "/v1/search?namespace=*", { Prefix: "", Context: "all" });
    expect(Object.keys((job.json as unknown as { Matches: object }).Matches)).not.toContain("nodes");
    expect((await bridge('node { policy = "read" }')("PUT", "/v1/search?namespace=team", { Prefix: "w", Context: "jobs" })).status).toBe(403);
  });

  it.each(["pods", "", "quotas"])("refuses the context %j that there is not", async (kind) => {
    const contexts = "allocs jobs nodes node_pools evals deployment plugins volumes scaling_policy vars namespaces host_volumes";
    expect(await bridge()("PUT", "/v1/search", { Prefix: "x", Context: kind })).toMatchObject({ status: 500, text: `context must be one of [${contexts}] or 'all' for all contexts; got "${kind}"` });
  });

  it.each([
    ['namespace "team" { capabilities = ["list-jobs"] }', ["namespaces", "volumes"]],
    ['namespace "team" { capabilities = ["read-job"] }', ["allocs", "deployment", "evals", "jobs", "namespaces", "scaling_policy", "volumes"]],
    ['namespace "team" { capabilities = ["host-volume-read"] }', ["host_volumes", "namespaces"]],
    ['node { policy = "read" }', ["nodes"]],
    ['node_pool "tpu*" { policy = "read" }', []],
    ['node_pool "gpu*" { policy = "read" }', ["node_pools"]],
    ['node_pool "default" { policy = "read" }', ["node_pools"]],
    ['plugin { policy = "read" }', ["plugins"]],
    ['namespace "other" { policy = "write" }', []],
  ])("with %s looks in %j, and is refused elsewhere", async (rules, open) => {
    const call = bridge(rules);
    const all = (await call("PUT", "/v1/search?namespace=team", { Prefix: "", Context: "all" })).json as unknown as { Matches: object };
    expect(Object.keys(all.Matches).toSorted()).toEqual(open);
    for (const kind of ["plugins", "vars", "node_pools", "nodes", "namespaces", "volumes", "host_volumes", "jobs"]) {
      expect((await call("PUT", "/v1/search?namespace=team", { Prefix: "", Context: kind })).status).toBe(open.includes(kind) ? 200 : 403);
    }
  });

  it("finds names in the middle when it is fuzzy, with the way to them", async () => {
    expect((await bridge()("PUT", "/v1/search/fuzzy?namespace=*", { Text: "eb", Context: "all" })).json).toMatchObject({
      Matches: { jobs: [{ ID: "web", Scope: ["team", "web"] }], groups: [{ ID: "web", Scope: ["team", "web"] }], tasks: [{ ID: "web", Scope: ["team", "web", "web"] }] },
    });
    expect((await bridge()("PUT", "/v1/search/fuzzy", { Text: "e" })).text).toContain("at least 2 characters");
  });
});

describe("metrics", () => {
  it("name each group of each job, as JSON and for Prometheus, without a token's rights", async () => {
    const call = bridge('namespace "elsewhere" { policy = "read" }');
    expect((await call("GET", "/v1/metrics")).json).toMatchObject({ Gauges: expect.arrayContaining([{ Name: "nomad.nomad.job_summary.queued", Value: 1, Labels: { job: "web", namespace: "team", task_group: "web" } }]) as unknown });
    expect((await call("GET", "/v1/metrics?format=prometheus")).text).toContain('nomad_nomad_job_summary_queued{job="web",namespace="team",task_group="web"} 1\n');
  });

  it("tell of each node how many allocations it has, and what it has given to those that are not over", async () => {
    const podOn = (uid: string, phase: string) => ({ job: JOB, pod: { metadata: { name: uid, uid, annotations: { "nomad-bridge.dev/group": "web" }, labels: {} }, spec: { nodeName: "node-1", containers: [{ name: "web" }] }, status: { phase } } }) as unknown as Allocation;
    const { Gauges } = (await bridge(undefined, [podOn("a1", "Pending"), podOn("a2", "Failed"), podOn("a3", "Succeeded")])("GET", "/v1/metrics")).json as unknown as { Gauges: readonly { Name: string; Value: number; Labels: object }[] };
    const ofClients = Gauges.filter(({ Name }) => Name.startsWith("nomad.client."));
    const labels = { datacenter: "fra1", host: "node-1", node_class: "none", node_id: NODE_ID, node_pool: "gpu", node_scheduling_eligibility: "eligible", node_status: "ready" };
    expect(ofClients.map(({ Labels }) => Labels)).toEqual(ofClients.map(() => labels));
    expect(Object.fromEntries(ofClients.map(({ Name, Value }) => [Name.replace("nomad.client.", ""), Value]))).toEqual({
      "allocated.cpu": 100, "allocated.memory": 300, "allocated.max_memory": 300, "allocated.disk": 300,
      "unallocated.cpu": 1900, "unallocated.memory": 3796, "unallocated.disk": 9940,
      "allocations.blocked": 0, "allocations.migrating": 0, "allocations.pending": 1, "allocations.running": 0, "allocations.terminal": 2,
    });
  });

  it("are counted once in five seconds, however often they are asked for", () => {
    const remembered = rememberedGauges();
    let counts = 0;
    const count = () => [{ name: "n", value: (counts += 1), labels: {} }];
    expect([0, 2500, 4999, 5000, 7500].map((now) => remembered(now, count)[0]?.value)).toEqual([1, 1, 1, 2, 2]);
  });
});
