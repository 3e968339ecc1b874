import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "node:https";
import { connect } from "node:tls";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { ensureBridgeCertificate } from "../../../local-cluster/pki.ts";
import type { ExecUpgrade } from "../../../src/bridge/exec-route.ts";
import { createHttpsServer } from "../../../src/bridge/https-server.ts";

const EXEC = "/v1/client/allocation/0a/exec";
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function certificate(): Promise<{ ca: string; leaf: string }> {
  const dir = mkdtempSync(join(tmpdir(), "nb-https-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1", "localhost"], new Date());
  return { ca: readFileSync(ca, "utf8"), leaf: readFileSync(leaf, "utf8") };
}

async function serve(options: { clientCa?: string } = {}) {
  const { ca, leaf } = await certificate();
  const upgrades: ExecUpgrade[] = [];
  const app = new Hono().all("*", (context) => context.text("answered"));
  const tls = { cert: leaf, key: leaf, ...(options.clientCa === undefined ? {} : { clientCa: options.clientCa }) };
  const server = createHttpsServer({ app, tls, onExec: (upgrade) => void upgrades.push(upgrade) });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    for (const { client } of upgrades) client.terminate();
    return new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, ca, upgrades };
}

type Answer = { status: number; body: string } | { error: string };

function get(port: number, options: Record<string, unknown>): Promise<Answer> {
  return new Promise((resolve) => {
    const call = request({ host: "127.0.0.1", port, path: "/", agent: false, ...options }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on("error", (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }));
    call.end();
  });
}

function dial(port: number, path: string, options: object): Promise<WebSocket | { status: number }> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, options);
    cleanups.push(() => socket.terminate());
    socket.on("unexpected-response", (_, response) => resolve({ status: response.statusCode ?? 0 }));
    socket.on("error", () => undefined);
    socket.on("open", () => resolve(socket));
  });
}

describe("TLS", () => {
  it("answers a client that trusts its CA, and is refused by one that does not", async () => {
    const { port, ca } = await serve();
    expect(await get(port, { ca })).toEqual({ status: 200, body: "answered" });
    expect(await get(port, {})).toEqual({ error: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
  });

  it("asks for a client certificate when configured: of its CA, and of no other", async () => {
    const [mine, others] = [await certificate(), await certificate()];
    const { port, ca } = await serve({ clientCa: mine.ca });
    expect(await get(port, { ca, cert: mine.leaf, key: mine.leaf })).toEqual({ status: 200, body: "answered" });
    expect(await get(port, { ca, cert: others.leaf, key: others.leaf })).toHaveProperty("error");
    expect(await get(port, { ca })).toHaveProperty("error");
  });

  it("asks for it on the exec route too", async () => {
    const mine = await certificate();
    const { port, ca, upgrades } = await serve({ clientCa: mine.ca });
    const refused = new WebSocket(`wss://127.0.0.1:${port}${EXEC}`, { ca });
    await new Promise((resolve) => refused.on("error", resolve));
    expect(upgrades).toEqual([]);
    expect(await dial(port, EXEC, { ca, cert: mine.leaf, key: mine.leaf })).toBeInstanceOf(WebSocket);
    expect(upgrades.length).toBe(1);
  });

  it("refuses TLS 1.1", async () => {
    const { port, ca } = await serve();
    const socket = connect({ host: "127.0.0.1", port, ca, maxVersion: "TLSv1.1", minVersion: "TLSv1" });
    expect(await new Promise((resolve) => socket.on("error", () => resolve("refused")).on("secureConnect", () => resolve("accepted")))).toBe("refused");
  });
});

it("keeps an idle connection for longer than Go's clients do, which lose a write that crosses the end", async () => {
  const { port, ca } = await serve();
  const header = await new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path: "/", ca, agent: new Agent({ keepAlive: true }) }, (response) => resolve(response.resume().headers["keep-alive"]));
    call.on("error", reject).end();
  });
  expect(header).toBe("timeout=95");
});

describe("upgrades", () => {
  it("hands over ID, query, token and address", async () => {
    const { port, ca, upgrades } = await serve();
    await dial(port, `${EXEC}?task=web&command=%5B%22a%22%5D`, { ca, headers: { "X-Nomad-Token": " secret " } });
    expect(upgrades.map(({ target, secret, params, source }) => [(target as { readonly allocId: string }).allocId, secret, params.get("task"), params.get("command"), source])).toEqual([
      ["0a", "secret", "web", '["a"]', "127.0.0.1"],
    ]);
  });

  it.each([
    { what: "another path", path: "/v1/jobs", headers: {}, status: 404 },
    { what: "a path that is not valid", path: "/v1/client/allocation/%zz/exec", headers: {}, status: 404 },
    { what: "a page of another site", path: EXEC, headers: { Origin: "https://evil.example" }, status: 403 },
    { what: "an origin of null", path: EXEC, headers: { Origin: "null" }, status: 403 },
    { what: "an origin with another port", path: EXEC, headers: { Origin: "https://127.0.0.1:1" }, status: 403 },
  ])("refuses $what with $status", async ({ path, headers, status }) => {
    const { port, ca, upgrades } = await serve();
    expect(await dial(port, path, { ca, headers })).toEqual({ status });
    expect(upgrades).toEqual([]);
  });

  it("takes the page of its own origin, in any case", async () => {
    const { port, ca } = await serve();
    expect(await dial(port, EXEC, { ca, headers: { Origin: `HTTPS://127.0.0.1:${port}` } })).toBeInstanceOf(WebSocket);
  });

  it("closes on a frame that is too large, and goes on serving others", async () => {
    const { port, ca, upgrades } = await serve();
    const socket = await dial(port, EXEC, { ca });
    if (!(socket instanceof WebSocket)) throw new Error("not connected");
    upgrades[0]?.client.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.send("x".repeat(16 * 1024 * 1024));
    expect(await closed).toBe(1009);
    expect(await get(port, { ca })).toEqual({ status: 200, body: "answered" });
  });
});
