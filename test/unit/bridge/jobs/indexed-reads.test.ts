import { describe, expect, it } from "vitest";
import type { ClusterState } from "../../../../src/bridge/bridge-deps.ts";
import { allocationStubs } from "../../../../src/bridge/lists/allocation-stubs.ts";
import { listNodeAllocations } from "../../../../src/bridge/cluster/nodes.ts";
import { listEvaluations } from "../../../../src/bridge/jobs/evaluations.ts";
import { listStatuses } from "../../../../src/bridge/jobs/statuses.ts";
import { listJobs } from "../../../../src/bridge/read-handlers.ts";
import type { Handler, RequestContext } from "../../../../src/bridge/request-context.ts";
import { readQuery } from "../../../../src/bridge/query.ts";
import { RESOURCES } from "../../../../src/main/resources.ts";
import { jobBody, jobWorld, NOW, TOKENS } from "./job-world.ts";

const NODE_ID = "0abcdef0-0000-4000-8000-000000000000";

/** A job "web" in each of two namespaces, with an allocation of each on one node, and another job on another. */
async function two() {
  const world = jobWorld();
  const bridge = world.bridge();
  world.api.put(RESOURCES.nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "node-1", uid: NODE_ID } });
  for (const [namespace, id, node] of [["default", "web", "node-1"], ["team-a", "web", "node-1"], ["default", "api", "node-2"]] as const) {
    expect((await bridge.call("PUT", `/v1/jobs?namespace=${namespace}`, { Job: { ...jobBody(id), Namespace: namespace } })).status).toBe(200);
    const job = world.jobs().find(({ metadata, spec }) => metadata.namespace === namespace && spec.id === id);
    if (job !== undefined) world.pod(job, "web", { node });
  }
  return bridge;
}

const namesOf = (json: unknown) => (json as readonly { readonly Namespace: string; readonly JobID: string }[]).map(({ Namespace, JobID }) => `${Namespace} ${JobID}`).toSorted();

describe("what is asked of one thing", () => {
  it.each([
    { what: "the allocations of a node", path: `/v1/node/${NODE_ID}/allocations`, found: ["default web", "team-a web"] },
    { what: "the evaluations of a job", path: "/v1/evaluations?job=web", found: ["default web"] },
    { what: "the evaluations of all jobs of one name", path: "/v1/evaluations?job=web&namespace=*", found: ["default web", "team-a web"] },
    { what: "those of them that a token may read", path: "/v1/evaluations?job=web&namespace=*", token: TOKENS.stopper, found: ["default web"] },
    { what: "the evaluations of a job that there is not", path: "/v1/evaluations?job=none", found: [] },
  ])("is answered: $what", async ({ path, token, found }) => {
    const { call } = await two();
    expect(namesOf((await call("GET", path, undefined, token)).json)).toEqual(found);
  });

  it.each<{ readonly what: string; readonly answer: Handler; readonly query?: string }>([
    { what: "the allocations of a node", answer: listNodeAllocations },
    { what: "the evaluations of a job", answer: listEvaluations, query: "job=web&namespace=*" },
  ])("costs no walk over all jobs: $what", async ({ answer, query = "" }) => {
    const { cluster } = await two();
    const withoutWalk: ClusterState = { ...cluster, jobs: () => [] };
    const search = new URLSearchParams(query);
    const read = readQuery(search);
    const reply = await answer({ cluster: withoutWalk, search, query: read.ok ? read.value : undefined, params: { nodeId: NODE_ID }, stubs: allocationStubs(), allowsNamespace: () => true, now: NOW } as unknown as RequestContext);
    expect(reply.kind === "json" ? namesOf(reply.body) : undefined).toEqual(["default web", "team-a web"]);
  });

  it.each<{ readonly what: string; readonly answer: Handler }>([
    { what: "jobs", answer: (context) => listJobs(context) },
    { what: "evaluations", answer: listEvaluations },
    { what: "statuses", answer: listStatuses },
  ])("costs no walk over the jobs of other namespaces: $what", async ({ answer }) => {
    const { cluster } = await two();
    const asked: string[] = [];
    const noting: ClusterState = { ...cluster, jobs: (namespace) => (asked.push(namespace), cluster.jobs(namespace)) };
    const search = new URLSearchParams("namespace=team-a");
    const read = readQuery(search);
    const reply = await answer({ cluster: noting, search, query: read.ok ? read.value : undefined, params: {}, stubs: allocationStubs(), allowsNamespace: () => true, now: NOW } as unknown as RequestContext);
    expect(reply.kind === "json" ? (reply.body as readonly { readonly Namespace: string }[]).map(({ Namespace }) => Namespace) : undefined).toEqual(["team-a"]);
    expect(asked).toEqual(["team-a"]);
    expect([...cluster.jobs("team-a")].map(({ namespace, jobId }) => `${namespace} ${jobId}`)).toEqual(["team-a web"]);
    expect([...cluster.jobs("*")].map(({ namespace, jobId }) => `${namespace} ${jobId}`).toSorted()).toEqual(["default api", "default web", "team-a web"]);
  });

  it("finds each evaluation by the beginning of its ID, in a list and in a search, and looks at no other job's", async () => {
    const { call, cluster } = await two();
    const all = (await call("GET", "/v1/evaluations?namespace=*")).json as unknown as readonly { readonly ID: string; readonly JobID: string }[];
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const { ID, JobID } of all) {
      const prefix = ID.slice(0, 9);
      expect((await call("GET", `/v1/evaluations?namespace=*&prefix=${prefix}`)).json).toMatchObject([{ ID, JobID }]);
      expect((await call("PUT", "/v1/search?namespace=*", { Prefix: prefix, Context: "evals" })).json).toMatchObject({ Matches: { evals: [ID] } });
      expect(cluster.jobsOfEvaluations(prefix).map(({ jobId }) => jobId)).toEqual([JobID]);
    }
    expect(cluster.jobsOfEvaluations("ffffffff-0")).toEqual([]);
  });

  it("reads a job once for all its allocations on a node", async () => {
    const world = jobWorld();
    const { call, cluster } = world.bridge();
    await call("PUT", "/v1/jobs", { Job: jobBody("web") });
    for (let each = 0; each < 3; each += 1) world.pod(world.job("web"), "web", { node: "node-1" });
    const found = cluster.allocationsOn("node-1");
    expect(found).toHaveLength(3);
    expect(new Set(found.map(({ job }) => job)).size).toBe(1);
  });
});
