import { describe, expect, it } from "vitest";
import type { ClusterState } from "../../../../src/bridge/bridge-deps.ts";
import { listStatuses, readStatuses } from "../../../../src/bridge/jobs/statuses.ts";
import { readQuery } from "../../../../src/bridge/query.ts";
import type { RequestContext } from "../../../../src/bridge/request-context.ts";
import { allocationStubs } from "../../../../src/bridge/lists/allocation-stubs.ts";
import { jobBody, jobWorld, NOW, TOKENS } from "./job-world.ts";

type Status = { readonly ID: string; readonly Namespace: string; readonly ChildStatuses: readonly string[] | null };

const PARAMETERIZED = { Type: "batch", ParameterizedJob: { Payload: "optional", MetaRequired: [], MetaOptional: [] } };

/** Two parents of one name in two namespaces, one with two children and one with one, and a job that is neither. */
async function families() {
  const world = jobWorld();
  const bridge = world.bridge();
  const register = async (namespace: string, job: object) => expect((await bridge.call("PUT", `/v1/jobs?namespace=${namespace}`, { Job: { ...job, Namespace: namespace } })).status).toBe(200);
  await register("default", jobBody("web"));
  await register("default", jobBody("daily", PARAMETERIZED));
  await register("team-a", jobBody("daily", PARAMETERIZED));
  const dispatch = async (namespace: string) => (await bridge.call("PUT", `/v1/job/daily/dispatch?namespace=${namespace}`, {})).json.DispatchedJobID;
  const children = [await dispatch("default"), await dispatch("default"), await dispatch("team-a")];
  return { ...bridge, children };
}

const rowsOf = (json: unknown) => (json as readonly Status[]).map(({ ID, Namespace, ChildStatuses }) => `${Namespace} ${ID} ${String(ChildStatuses)}`).toSorted();

describe("the statuses of jobs", () => {
  it("are those of jobs without a parent, with their children's, unless the children are asked for", async () => {
    const { call, children: [first, second, other] } = await families();
    const parents = ["default daily pending,pending", "default web null", "team-a daily pending"];
    expect(rowsOf((await call("GET", "/v1/jobs/statuses?namespace=*")).json)).toEqual(parents);
    expect(rowsOf((await call("GET", "/v1/jobs/statuses?namespace=*&include_children=true")).json)).toEqual([...parents, `default ${first} null`, `default ${second} null`, `team-a ${other} null`].toSorted());
    expect(rowsOf((await call("GET", "/v1/jobs/statuses", undefined, TOKENS.submitter)).json)).toEqual(parents.slice(0, 2));
  });

  it.each([
    { what: "one", jobs: [{ ID: "web" }], rows: () => ["default web null"] },
    { what: "one that is named twice", jobs: [{ ID: "web" }, { ID: "web", Namespace: "default" }], rows: () => ["default web null"] },
    { what: "one that there is not", jobs: [{ ID: "none" }], rows: () => [] },
    { what: "a parent", jobs: [{ ID: "daily", Namespace: "team-a" }], rows: () => ["team-a daily pending"] },
    { what: "a parent with its children", jobs: [{ ID: "daily", Namespace: "team-a" }], IncludeChildren: true, rows: ([, , other]: readonly string[]) => ["team-a daily pending", `team-a ${other} null`] },
    { what: "one that the caller may not read", jobs: [{ ID: "daily", Namespace: "team-a" }, { ID: "web" }], IncludeChildren: true, token: TOKENS.submitter, rows: () => ["default web null"] },
  ])("are read of $what", async ({ jobs, IncludeChildren = false, token, rows }) => {
    const { call, children } = await families();
    expect(rowsOf((await call("PUT", "/v1/jobs/statuses", { jobs, IncludeChildren }, token)).json)).toEqual(rows(children).toSorted());
  });

  it("show a child once that is named beside its parent", async () => {
    const { call, children } = await families();
    const named = { jobs: [{ ID: "daily" }, { ID: children[0] }], IncludeChildren: true };
    expect(rowsOf((await call("PUT", "/v1/jobs/statuses", named)).json)).toHaveLength(3);
  });

  /** The IDs of the jobs that were read for the reply. */
  async function readFor(query: string, answer: (context: RequestContext) => unknown, body: object = {}) {
    const { cluster } = await families();
    const read = new Set<string>();
    const watched: ClusterState = { ...cluster, nomadJob: (job) => (read.add(job.jobId), cluster.nomadJob(job)) };
    const search = new URLSearchParams(query);
    const options = readQuery(search);
    answer({ cluster: watched, search, query: options.ok ? options.value : undefined, body, stubs: allocationStubs(), allowsNamespace: () => true, now: NOW } as unknown as RequestContext);
    return [...read];
  }

  it("cost nothing of jobs that are not shown", async () => {
    expect(await readFor("per_page=1&reverse=true", listStatuses)).toEqual(["web"]);
    expect(await readFor("", readStatuses, { jobs: [{ ID: "web" }] })).toEqual(["web"]);
  });
});
