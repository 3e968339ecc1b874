import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createKubeClient, type ConnectedKubeClient, type KubeClientOptions } from "../../../src/kubernetes/client.ts";
import type { ClusterAccess } from "../../../src/kubernetes/credentials.ts";
import type { Resource } from "../../../src/kubernetes/types.ts";
import { systemClock } from "../../../src/kubernetes/clock.ts";

const PODS: Resource = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true };
const JOBS: Resource = { group: "nomad-bridge.dev", version: "v1alpha1", plural: "nomadjobs", kind: "NomadJob", namespaced: true };
const NODES: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false };
const pod = (name: string) => ({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" } });

type Seen = { readonly line: string; readonly headers: IncomingMessage["headers"]; readonly body: string };
type Handler = (request: { readonly index: number; readonly url: URL }, response: ServerResponse) => void;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function serve(handler: Handler, options: KubeClientOptions = {}) {
  const seen: Seen[] = [];
  const pauses: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body: Buffer.concat(chunks).toString() });
      handler({ index: seen.length - 1, url: new URL(request.url ?? "", "http://x") }, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const access: ClusterAccess = { server: `http://127.0.0.1:${port}`, basePath: "", token: async () => await Promise.resolve("secret-token") };
  // Waits are noted and skipped.
  const clock = { ...systemClock, random: () => 0, sleep: async (ms: number) => await Promise.resolve(void pauses.push(ms)) };
  const client = createKubeClient(access, { clock, ...options });
  cleanUps.push(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return { client, seen, pauses };
}

const json = (response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
};
const answerOk: Handler = (_request, response) => json(response, 200, { kind: "Pod" });

describe("the client's requests", () => {
  const verbs: { name: string; call: (client: ConnectedKubeClient) => Promise<unknown>; line: string; type?: string; body?: unknown }[] = [
    { name: "get", call: async (c) => await c.get({ resource: PODS, namespace: "shop", name: "a" }), line: "GET /api/v1/namespaces/shop/pods/a" },
    { name: "get of a cluster-scoped kind", call: async (c) => await c.get({ resource: NODES, name: "n" }), line: "GET /api/v1/nodes/n" },
    { name: "a name with reserved characters", call: async (c) => await c.get({ resource: PODS, namespace: "a/b", name: "x?y#z %" }), line: "GET /api/v1/namespaces/a%2Fb/pods/x%3Fy%23z%20%25" },
    { name: "create", call: async (c) => await c.create(PODS, pod("a")), line: "POST /api/v1/namespaces/shop/pods", type: "application/json", body: pod("a") },
    { name: "replace", call: async (c) => await c.replace(PODS, pod("a")), line: "PUT /api/v1/namespaces/shop/pods/a", type: "application/json", body: pod("a") },
    {
      name: "apply",
      call: async (c) => await c.apply(JOBS, pod("a"), { fieldManager: "controller", force: true, subresource: "status" }),
      line: "PATCH /apis/nomad-bridge.dev/v1alpha1/namespaces/shop/nomadjobs/a/status?fieldManager=controller&force=true",
      type: "application/apply-patch+yaml",
      body: pod("a"),
    },
    {
      name: "mergePatch",
      call: async (c) => await c.mergePatch({ resource: PODS, namespace: "shop", name: "a" }, { spec: null }),
      line: "PATCH /api/v1/namespaces/shop/pods/a",
      type: "application/merge-patch+json",
      body: { spec: null },
    },
    {
      name: "remove of one very object",
      call: async (c) => await c.remove({ resource: PODS, namespace: "shop", name: "a" }, { uid: "u", gracePeriodSeconds: 0 }),
      line: "DELETE /api/v1/namespaces/shop/pods/a",
      type: "application/json",
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { uid: "u" }, gracePeriodSeconds: 0 },
    },
    {
      name: "remove of one version of an object",
      call: async (c) => await c.remove({ resource: PODS, namespace: "shop", name: "a" }, { resourceVersion: "7" }),
      line: "DELETE /api/v1/namespaces/shop/pods/a",
      type: "application/json",
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background", preconditions: { resourceVersion: "7" } },
    },
    { name: "raw", call: async (c) => await c.raw({ method: "GET", path: "/version", query: { a: "b c" } }), line: "GET /version?a=b+c" },
  ];

  it.each(verbs)("$name", async ({ call, line, type, body }) => {
    const { client, seen } = await serve(answerOk);
    expect(await call(client)).toMatchObject({ ok: true });
    expect(seen.map((request) => request.line)).toEqual([line]);
    expect(seen[0]?.headers["content-type"]).toBe(type);
    expect(seen[0]?.body).toBe(body === undefined ? "" : JSON.stringify(body));
    expect(seen[0]?.headers.authorization).toBe("Bearer secret-token");
  });

  it.each(["", ".", "..", "\ud800"])("never leave with the name %j in their path", async (name) => {
    const { client, seen } = await serve(answerOk);
    expect(await client.get({ resource: PODS, namespace: "shop", name })).toMatchObject({ ok: false, error: { kind: "status", code: 400 } });
    expect(await client.list({ resource: PODS, namespace: name })).toMatchObject({ ok: false, error: { kind: "status", code: 400 } });
    expect(seen).toEqual([]);
  });

  it("act as the impersonated user and groups", async () => {
    const { client, seen } = await serve(answerOk, { impersonate: { user: "system:serviceaccount:a:b", groups: ["g1", "g2"] } });
    await client.get({ resource: NODES, name: "n" });
    expect(seen[0]?.headers).toMatchObject({ "impersonate-user": "system:serviceaccount:a:b", "impersonate-group": "g1, g2" });
  });
});

describe("a list", () => {
  it("reads all pages and gives each item its apiVersion and kind", async () => {
    const { client, seen } = await serve(({ url }, response) => {
      const token = url.searchParams.get("continue");
      if (token === null) return json(response, 200, { metadata: { resourceVersion: "7", continue: "next" }, items: [{ metadata: { name: "a" }, unknownField: 1 }] });
      return json(response, 200, { metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "b" } }] });
    });
    expect(await client.list({ resource: JOBS, labelSelector: "a=b" })).toEqual({
      ok: true,
      value: {
        resourceVersion: "7",
        items: [
          { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", metadata: { name: "a" }, unknownField: 1 },
          { apiVersion: "nomad-bridge.dev/v1alpha1", kind: "NomadJob", metadata: { name: "b" } },
        ],
      },
    });
    expect(seen.map((request) => request.line)).toEqual([
      "GET /apis/nomad-bridge.dev/v1alpha1/nomadjobs?labelSelector=a%3Db&limit=500",
      "GET /apis/nomad-bridge.dev/v1alpha1/nomadjobs?labelSelector=a%3Db&limit=500&continue=next",
    ]);
  });

  it("starts again without pages when a page token has expired", async () => {
    const { client } = await serve(({ url }, response) => {
      if (url.searchParams.has("continue")) return json(response, 410, { kind: "Status", code: 410, reason: "Expired", message: "too old" });
      const whole = !url.searchParams.has("limit");
      return json(response, 200, { metadata: { resourceVersion: whole ? "9" : "7", ...(whole ? {} : { continue: "x" }) }, items: [{ metadata: { name: whole ? "whole" : "part" } }] });
    });
    expect(await client.list({ resource: NODES })).toMatchObject({ ok: true, value: { resourceVersion: "9", items: [{ metadata: { name: "whole" } }] } });
  });

  it("is empty when the server says null", async () => {
    const { client } = await serve((_request, response) => json(response, 200, { metadata: { resourceVersion: "1" }, items: null }));
    expect(await client.list({ resource: NODES })).toEqual({ ok: true, value: { resourceVersion: "1", items: [] } });
  });
});

describe("an error", () => {
  it.each([
    { name: "a Status", code: 409, body: JSON.stringify({ kind: "Status", code: 409, reason: "AlreadyExists", message: "pods \"a\" already exists" }), error: { code: 409, reason: "AlreadyExists", message: 'pods "a" already exists' } },
    { name: "plain text", code: 404, body: "404 page not found\n", error: { code: 404, reason: "", message: "404 page not found" } },
    { name: "nothing", code: 500, body: "", error: { code: 500, reason: "", message: "HTTP 500 without a reason" } },
    { name: "a redirect", code: 302, body: "", error: { code: 302, reason: "", message: "HTTP 302 without a reason" } },
  ])("has the server's own words from $name", async ({ code, body, error }) => {
    const { client, seen } = await serve((_request, response) => {
      response.writeHead(code, { location: "http://127.0.0.1:1/" });
      response.end(body);
    });
    expect(await client.get({ resource: NODES, name: "n" })).toEqual({ ok: false, error: { kind: "status", ...error } });
    expect(seen).toHaveLength(1);
  });

  it("is no error for a removal of what is gone already", async () => {
    const { client } = await serve((_request, response) => json(response, 404, { kind: "Status", code: 404, message: "not found" }));
    expect(await client.remove({ resource: NODES, name: "n" })).toEqual({ ok: true, value: undefined });
  });

  it("is told for an answer that is not JSON though it says so", async () => {
    const { client } = await serve((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"kind":');
    });
    expect(await client.create(PODS, pod("a"))).toMatchObject({ ok: false, error: { kind: "network" } });
  });

  it("comes at the deadline from a server that never answers, without the query or a secret", async () => {
    const { client } = await serve(() => undefined, { deadlineMs: 40 });
    const got = await client.raw({ method: "POST", path: "/api", query: { command: "hush" }, body: { token: "hush" } });
    expect(got).toEqual({ ok: false, error: { kind: "network", message: "POST /api: no answer within 40 ms" } });
  });

  it("comes at once when the caller gives up", async () => {
    const cancel = new AbortController();
    const { client } = await serve(() => cancel.abort());
    expect(await client.get({ resource: NODES, name: "n" }, cancel.signal)).toEqual({ ok: false, error: { kind: "network", message: "GET /api/v1/nodes/n: cancelled by the caller" } });
    expect(await client.get({ resource: NODES, name: "n" }, cancel.signal)).toMatchObject({ ok: false });
  });
});

describe("a call whose token does not come", () => {
  const waiting = (options: KubeClientOptions) => createKubeClient({ server: "http://127.0.0.1:1", basePath: "", token: async () => await new Promise<string>(() => undefined) }, options);

  it.each([
    { name: "ends at its deadline", options: { deadlineMs: 20 }, signal: undefined, reason: "no answer within 20 ms" },
    { name: "ends when the caller gives up", options: {}, signal: () => AbortSignal.timeout(20), reason: "cancelled by the caller" },
    { name: "is not waited for by a caller that has given up before", options: {}, signal: () => AbortSignal.abort(), reason: "cancelled by the caller" },
  ])("$name", async ({ options, signal, reason }) => {
    const client = waiting(options);
    expect(await client.get({ resource: NODES, name: "n" }, signal?.())).toEqual({ ok: false, error: { kind: "network", message: `GET /api/v1/nodes/n: ${reason}` } });
    await client.close();
  });
});

describe("a retry", () => {
  it.each([
    { method: "GET", code: 429 },
    { method: "GET", code: 503 },
    { method: "POST", code: 429 },
    { method: "PATCH", code: 503 },
  ] as const)("follows $code for a $method, after the time that the server asked for", async ({ method, code }) => {
    const { client, seen, pauses } = await serve(({ index }, response) =>
      index === 0 ? json(response, code, { kind: "Status", code, message: "later" }, { "retry-after": "3" }) : json(response, 200, { kind: "Pod" }),
    );
    expect(await client.raw({ method, path: "/x", ...(method === "GET" ? {} : { body: {} }) })).toEqual({ ok: true, value: { kind: "Pod" } });
    expect(seen).toHaveLength(2);
    expect(pauses).toEqual([3062.5]);
  });

  it("is given up after a number of tries, with the server's words", async () => {
    const { client, seen, pauses } = await serve((_request, response) => json(response, 429, { kind: "Status", code: 429, reason: "TooManyRequests", message: "busy" }));
    expect(await client.raw({ method: "GET", path: "/x" })).toEqual({ ok: false, error: { kind: "status", code: 429, reason: "TooManyRequests", message: "busy" } });
    expect([seen.length, pauses]).toEqual([8, [250, 500, 1000, 2000, 4000, 8000, 8000]]);
  });

  it.each([400, 403, 404, 409, 410, 422, 500, 502, 504])("never follows %i", async (code) => {
    const { client, seen } = await serve((_request, response) => json(response, code, { kind: "Status", code, message: "no" }));
    expect(await client.raw({ method: "GET", path: "/x" })).toMatchObject({ ok: false, error: { kind: "status", code } });
    expect(seen).toHaveLength(1);
  });

  it.each([
    { method: "GET", sent: 2, ok: true },
    { method: "POST", sent: 1, ok: false },
    { method: "PUT", sent: 1, ok: false },
    { method: "PATCH", sent: 1, ok: false },
    { method: "DELETE", sent: 1, ok: false },
  ] as const)("after a broken connection sends a $method $sent times", async ({ method, sent, ok }) => {
    const { client, seen } = await serve(({ index }, response) => (index === 0 ? void response.socket?.destroy() : json(response, 200, {})));
    const answer = await client.raw({ method, path: "/x", ...(method === "GET" ? {} : { body: {} }) });
    expect([answer.ok, seen.length]).toEqual([ok, sent]);
    if (!answer.ok) expect(answer.error.kind).toBe("network");
  });
});

async function readAll(chunks: AsyncIterable<Buffer>): Promise<string[]> {
  const texts: string[] = [];
  for await (const chunk of chunks) texts.push(chunk.toString());
  return texts;
}

describe("a stream", () => {
  it("gives bytes as they come and ends with the server", async () => {
    const { client } = await serve((_request, response) => {
      response.write("one\n");
      setTimeout(() => response.end("two\n"), 10);
    });
    const stream = await client.stream({ method: "GET", path: "/x" }, { idleTimeoutMs: 1000 }, new AbortController().signal);
    if (!stream.ok) throw new Error(stream.error.message);
    expect(await readAll(stream.value)).toEqual(["one\n", "two\n"]);
  });

  it.each(["breaks", "is aborted"])("throws while it is read when it %s", async (how) => {
    const cancel = new AbortController();
    const { client } = await serve((_request, response) => {
      response.write("one\n");
      setTimeout(() => (how === "breaks" ? response.socket?.destroy() : cancel.abort()), 10);
    });
    const stream = await client.stream({ method: "GET", path: "/x" }, { idleTimeoutMs: 5000 }, cancel.signal);
    if (!stream.ok) throw new Error(stream.error.message);
    await expect(readAll(stream.value)).rejects.toThrow();
  });

  it("throws when the server falls silent", async () => {
    const { client } = await serve((_request, response) => void response.write("one\n"));
    const stream = await client.stream({ method: "GET", path: "/x" }, { idleTimeoutMs: 1 }, new AbortController().signal);
    if (!stream.ok) throw new Error(stream.error.message);
    await expect(readAll(stream.value)).rejects.toThrow(/[Tt]imeout/);
  });

  it("that is refused is an error with the server's words", async () => {
    const { client } = await serve((_request, response) => json(response, 410, { kind: "Status", code: 410, reason: "Expired", message: "too old" }));
    const stream = await client.stream({ method: "GET", path: "/x" }, { idleTimeoutMs: 1000 }, new AbortController().signal);
    expect(stream).toEqual({ ok: false, error: { kind: "status", code: 410, reason: "Expired", message: "too old" } });
  });
});
