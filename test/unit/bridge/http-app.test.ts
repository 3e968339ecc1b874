import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "../../../src/access/endpoints.ts";
import { SERVED } from "../../../src/bridge/http-app.ts";
import { bridge, ids, MANAGEMENT, uid } from "./http-bridge.ts";

/** What a GET is answered with, status and text: one row for each path. */
const ANSWERS: Readonly<Record<string, readonly [number, string]>> = {
  "/v1/job/nothing": [404, "job not found"],
  [`/v1/job/${encodeURIComponent(`${"a/b".repeat(42)}ü`)}`]: [404, "job not found"],
  [`/v1/allocation/${uid(7)}`]: [404, "alloc not found"],
  "/v1/acl/token/7d2be05a-a2ce-80aa-b186-fef3e5165ea8": [404, "ACL token not found"],
  "/v1/acl/token/nobody": [500, "acl token lookup failed: index error: UUID must be 36 characters"],
  "/v1/acl/policy/nothing": [404, "ACL policy not found"],
  "/v1/no/such/route": [404, ""],
  "/v1/var/nomad/jobs": [404, "variable not found"],
  "/v1/vars": [200, "[]"],
  "/v1/quotas": [501, "Nomad Enterprise only endpoint"],
  "/v1/operator/license": [204, ""],
  "/v1/allocation/zz": [500, "alloc lookup failed: index error: UUID must be 36 characters"],
  "/v1/node/zz": [500, "node lookup failed: index error: UUID must be 36 characters"],
  "/v1/evaluations?prefix=zz": [500, "eval lookup failed: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
  "/v1/deployments?prefix=z": [500, "index error: Input (without hyphens) must be even length"],
  "/v1/node/pool/nothing/jobs": [200, "[]"],
  "/v1/volumes?type=pods": [404, "resource not found"],
  "/v1/jobs?meta=x": [500, 'Failed to parse value of "meta" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax'],
  "/v1/allocations?task_states=x": [500, 'Failed to parse value of "task_states" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax'],
  "/v1/nodes?os=x": [400, 'Failed to parse node list fields: Failed to parse value of "os" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax'],
  "/v1/jobs/statuses?include_children=x": [500, 'Failed to parse value of "include_children" (x) as a bool: strconv.ParseBool: parsing "x": invalid syntax'],
  "/v1/regions?region=mars": [200, '["global"]'],
  "/v1/jobs?per_page=x": [400, "Expect a number for `per_page` query string parameter"],
  "/v1/jobs?index=-1": [400, "Invalid index"],
  "/v1/jobs?wait=soon": [400, "Invalid wait time"],
  "/v1/jobs?stale=maybe": [400, "Expect `true` or `false` for `stale` query string parameter"],
  "/v1/jobs?region=mars": [500, "No path to region"],
  "/v1/allocations?prefix=abc": [500, "alloc lookup failed: index error: Input (without hyphens) must be even length"],
  "/v1/allocations?prefix=zz": [500, "alloc lookup failed: index error: Invalid UUID: encoding/hex: invalid byte: U+007A 'z'"],
  [`/v1/client/allocation/${uid(1)}/exec?command=%5B%5D`]: [400, "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"],
  "/v1/job/%zz": [400, "the path is not valid percent-encoding"],
  "/v1/client/fs/ls/zz": [500, "alloc lookup failed: index error: UUID must be 36 characters"],
};

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
    { path: `/v1/allocations?prefix=${uid(2).replaceAll("-", "")}`, ids: [uid(2)] },
    { path: "/v1/nodes", ids: [uid(9)] },
    { path: `/v1/nodes?prefix=${uid(9).replaceAll("-", "").slice(0, 18)}`, ids: [uid(9)] },
  ])("$path lists $ids", async ({ path, ids: expected }) => {
    const { json, status } = await bridge().call("GET", path);
    expect([status, ids(json)]).toEqual([200, expected]);
  });

  it.each(Object.entries(ANSWERS))("answers %s with %j", async (path, [status, text]) => {
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
