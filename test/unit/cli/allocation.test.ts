/** @module How an allocation and a task are found from what a person typed. */
import { describe, expect, it } from "vitest";
import { allocationByPrefix, allocationOfJob, taskOf, type ResolveDeps } from "../../../src/cli/allocation.ts";
import type { Query } from "../../../src/cli/client.ts";
import { err, ok, type Result } from "../../../src/lib/result.ts";
import { ALLOC_ID, allocation, stub } from "./fake-nomad.ts";

const NOW_MS = 1_700_000_000_000;
const OTHER_ID = "eb17ffff-0000-4000-8000-000000000000";
const FOUND = {
  id: ALLOC_ID,
  group: "web",
  groups: [
    { name: "other", tasks: ["x"] },
    { name: "web", tasks: ["server"] },
  ],
};
const job = (fields: object): object => ({ ID: "web", Type: "service", Priority: 50, Status: "running", SubmitTime: 1.7e18, JobSummary: { Namespace: "prod" }, ...fields });

type Answers = Readonly<Record<string, unknown>>;
type Asked = { readonly path: string; readonly query: Query };

/** A client that knows a fixed answer for each path; an Error is the text of a failed request. */
function resolver(answers: Answers, random = 0): { readonly deps: ResolveDeps; readonly asked: Asked[] } {
  const asked: Asked[] = [];
  const getJson = async (path: string, query: Query): Promise<Result<unknown, string>> => {
    asked.push({ path, query });
    const answer = answers[path];
    return answer instanceof Error ? err(answer.message) : ok(answer);
  };
  const openSocket = async (): Promise<Result<never, string>> => err("no sessions here");
  return { deps: { client: { getJson, openSocket }, now: () => NOW_MS, random: () => random }, asked };
}

describe("allocationByPrefix", () => {
  it.each([
    { typed: "eb17e557", prefix: "eb17e557" },
    { typed: "eb17e", prefix: "eb17" },
    { typed: "eb17e557-0", prefix: "eb17e557-" },
    { typed: "eb17e557-0a", prefix: "eb17e557-0a" },
    { typed: ALLOC_ID, prefix: ALLOC_ID },
  ])("asks for $prefix when $typed was typed", async ({ typed, prefix }) => {
    const { deps, asked } = resolver({ "/v1/allocations": [stub({ Namespace: "prod" })], [`/v1/allocation/${ALLOC_ID}`]: allocation() });
    expect(await allocationByPrefix(deps, typed)).toEqual({ ok: true, value: FOUND });
    expect(asked).toEqual([
      { path: "/v1/allocations", query: { prefix } },
      { path: `/v1/allocation/${ALLOC_ID}`, query: { namespace: "prod" } },
    ]);
  });

  it("shows the candidates when several match, ages included", async () => {
    const created = (NOW_MS - 125_000) * 1e6;
    const { deps } = resolver({ "/v1/allocations": [stub({ CreateTime: created, ModifyTime: created }), stub({ ID: OTHER_ID, TaskGroup: "db" })] });
    expect(await allocationByPrefix(deps, "eb17")).toEqual({
      ok: false,
      error: [
        "Prefix matched multiple allocations",
        "",
        "ID        Node ID   Task Group  Version  Desired  Status   Created   Modified",
        "eb17e557  9f0c1a2b  web         3        run      running  2m5s ago  2m5s ago",
        "eb17ffff  9f0c1a2b  db          3        run      running  <none>    <none>",
      ].join("\n"),
    });
  });

  it.each([
    { what: "nothing matches", answers: { "/v1/allocations": [] }, error: 'No allocation(s) with prefix or id "eb17e" found' },
    { what: "the list is null", answers: { "/v1/allocations": null }, error: 'No allocation(s) with prefix or id "eb17e" found' },
    {
      what: "the list is refused",
      answers: { "/v1/allocations": new Error("Unexpected response code: 403 (Permission denied)") },
      error: "Error querying allocation: Unexpected response code: 403 (Permission denied)",
    },
    {
      what: "the allocation is gone",
      answers: { "/v1/allocations": [stub()], [`/v1/allocation/${ALLOC_ID}`]: new Error("Unexpected response code: 404 (alloc not found)") },
      error: "Error querying allocation: Unexpected response code: 404 (alloc not found)",
    },
    {
      what: "the allocation is no object",
      answers: { "/v1/allocations": [stub()], [`/v1/allocation/${ALLOC_ID}`]: [] },
      error: "Error querying allocation: the server's answer is not an allocation",
    },
  ])("says so when $what", async ({ answers, error }) => {
    expect(await allocationByPrefix(resolver(answers).deps, "eb17e")).toEqual({ ok: false, error });
  });
});

describe("allocationOfJob", () => {
  const list = [
    stub({ ID: OTHER_ID, ClientStatus: "failed" }),
    stub({ ID: "a", TaskGroup: "web" }),
    stub({ ID: ALLOC_ID, TaskGroup: "db" }),
  ];
  const answers = {
    "/v1/jobs": [job({})],
    "/v1/job/web/allocations": list,
    [`/v1/allocation/${ALLOC_ID}`]: allocation(),
    [`/v1/allocation/${OTHER_ID}`]: { ...allocation(), ID: OTHER_ID },
    "/v1/allocation/a": { ...allocation(), ID: "a" },
  };
  const choice = { job: "web", group: "", namespace: "" };

  it.each([
    { what: "the first running one", random: 0, group: "", id: "a" },
    { what: "the last running one", random: 0.99, group: "", id: ALLOC_ID },
    { what: "one of the group", random: 0, group: "db", id: ALLOC_ID },
  ])("takes $what", async ({ random, group, id }) => {
    expect(await allocationOfJob(resolver(answers, random).deps, { ...choice, group })).toMatchObject({ ok: true, value: { id } });
  });

  it("takes any when none is running", async () => {
    const stopped = { ...answers, "/v1/job/web/allocations": list.slice(0, 1) };
    expect(await allocationOfJob(resolver(stopped).deps, choice)).toMatchObject({ ok: true, value: { id: OTHER_ID } });
  });

  it("asks in the job's namespace, with the job ID as one path segment", async () => {
    const id = "team/web é";
    const { deps, asked } = resolver({ "/v1/jobs": [job({ ID: id })], "/v1/job/team%2Fweb%20%C3%A9/allocations": list, "/v1/allocation/a": allocation() });
    expect(await allocationOfJob(deps, { ...choice, job: id })).toMatchObject({ ok: true });
    expect(asked.slice(0, 2)).toEqual([
      { path: "/v1/jobs", query: { prefix: id, per_page: "20" } },
      { path: "/v1/job/team%2Fweb%20%C3%A9/allocations", query: { all: "false", namespace: "prod" } },
    ]);
  });

  it("uses the word as the job ID when listing jobs is not allowed", async () => {
    const { deps } = resolver({ ...answers, "/v1/jobs": new Error("Unexpected response code: 403 (Permission denied)") });
    expect(await allocationOfJob(deps, choice)).toMatchObject({ ok: true, value: { id: "a" } });
  });

  it("prefers the job with exactly this ID, unless every namespace is meant and another has it too", async () => {
    const jobs = { ...answers, "/v1/jobs": [job({}), job({ ID: "web-2" })] };
    const twins = { ...answers, "/v1/jobs": [job({ Namespace: "a" }), job({ Namespace: "b" })] };
    expect(await allocationOfJob(resolver(jobs).deps, choice)).toMatchObject({ ok: true });
    expect(await allocationOfJob(resolver(twins).deps, { ...choice, namespace: "*" })).toEqual({
      ok: false,
      error: [
        'Prefix "web" matched multiple jobs',
        "",
        "ID   Namespace  Type     Priority  Status   Submit Date",
        "web  a          service  50        running  2023-11-14T22:13:20Z",
        "web  b          service  50        running  2023-11-14T22:13:20Z",
      ].join("\n"),
    });
  });

  it("shows the candidates, and that there may be more of them", async () => {
    const many = Array.from({ length: 20 }, (_, index) => job({ ID: `web-${index}` }));
    const result = await allocationOfJob(resolver({ "/v1/jobs": many }).deps, choice);
    expect(result).toEqual({ ok: false, error: expect.stringMatching(/^Prefix "web" matched multiple jobs\n\nID +Type +Priority +Status +Submit Date\nweb-0 [^]*\(results may be truncated\)$/) });
  });

  it.each([
    { what: "no job matches", with: { "/v1/jobs": [] }, group: "", error: 'No job(s) with prefix or ID "web" found' },
    { what: "jobs cannot be listed", with: { "/v1/jobs": new Error("no route") }, group: "", error: 'Error querying job prefix "web": no route' },
    { what: "the list fails", with: { "/v1/job/web/allocations": new Error("no") }, group: "", error: "Error fetching allocations: no" },
    {
      what: "the job has none",
      with: { "/v1/job/web/allocations": [] },
      group: "",
      error: 'Error fetching allocations: job "web" doesn\'t exist or it has no allocations',
    },
    { what: "the group has none", with: {}, group: "x", error: 'Error fetching allocations: task group "x" doesn\'t exist or it has no allocations' },
  ])("says so when $what", async ({ with: changed, group, error }) => {
    expect(await allocationOfJob(resolver({ ...answers, ...changed }).deps, { ...choice, group })).toEqual({ ok: false, error });
  });
});

describe("taskOf", () => {
  const two = { id: ALLOC_ID, group: "web", groups: [{ name: "web", tasks: ["server", "proxy"] }] };
  it.each([
    { what: "the only task", allocation: FOUND, asked: "", result: ok("server") },
    { what: "the task asked for", allocation: two, asked: "proxy", result: ok("proxy") },
    {
      what: "a list when none was asked for",
      allocation: two,
      asked: "",
      result: err('Allocation "eb17e557" is running the following tasks:\n  * server\n  * proxy\n\nPlease specify the task.'),
    },
    { what: "a list when it is unknown", allocation: two, asked: "db", result: err("Could not find task named: db, found:\nserver\nproxy") },
    { what: "an error without the group", allocation: { ...two, groups: [] }, asked: "", result: err("Could not find allocation task group: web") },
  ])("gives $what", ({ allocation: given, asked, result }) => {
    expect(taskOf(given, asked)).toEqual(result);
  });
});
