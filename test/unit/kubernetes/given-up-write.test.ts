import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { ensureBridgeCertificate } from "../../../local-cluster/pki.ts";

const CLIENT = new URL("../../../src/kubernetes/client.ts", import.meta.url).href;

/** More than a server takes of a body before it says that it wants the rest. */
const BODY_CHARS = 500_000;

/** A process whose loop no longer turns ends by nothing else. */
const KILL_AFTER_MS = 15_000;

/** Does what each line of its input says, and tells what came of it. */
const program = (access: { readonly server: string; readonly ca: string }): string => `
  import { createInterface } from "node:readline";
  import { createKubeClient } from ${JSON.stringify(CLIENT)};
  const client = createKubeClient({ ...${JSON.stringify(access)}, basePath: "" });
  const resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };
  const tell = (what, result) => console.log(what + " " + (result.ok ? "answered" : result.error.message));
  const giveUp = new AbortController();
  createInterface({ input: process.stdin }).on("line", async (line) => {
    if (line === "write") {
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "big", namespace: "shop" }, data: { text: "x".repeat(${BODY_CHARS}) } };
      tell("write", await client.replace(resource, object, giveUp.signal));
    }
    if (line === "give up") giveUp.abort();
    if (line === "read") tell("read", await client.get({ resource, namespace: "shop", name: "small" }));
    if (line === "end") await client.close();
  }).on("close", () => process.exit(0));
`;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Answers reads at once, and holds writes without a look at their bodies. */
async function slowServer() {
  const dir = mkdtempSync(join(tmpdir(), "nb-given-up-"));
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1"], new Date());
  const held = Promise.withResolvers<Http2ServerRequest>();
  const pem = readFileSync(leaf, "utf8");
  const server = createSecureServer({ key: pem, cert: pem, allowHTTP1: true }, (request: Http2ServerRequest, response: Http2ServerResponse) => {
    request.on("error", () => undefined);
    if (request.method === "PUT") return held.resolve(request);
    response.setHeader("content-type", "application/json");
    response.end("{}");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  cleanUps.push(() => void server.close());
  return { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: readFileSync(ca, "utf8"), held: held.promise };
}

function start(access: { readonly server: string; readonly ca: string }) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program(access)], { stdio: ["pipe", "pipe", "inherit"], timeout: KILL_AFTER_MS, killSignal: "SIGKILL" });
  cleanUps.push(() => child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    say: (line: string) => void child.stdin.write(`${line}\n`),
    /** Undefined when it has ended. */
    heard: async (): Promise<string | undefined> => (await lines.next()).value,
  };
}

describe("a write that is given up while the server does not read its body", () => {
  it("leaves a process that goes on working when the server reads again", async () => {
    const { held, ...access } = await slowServer();
    const client = start(access);
    client.say("write");
    const request = await held;
    client.say("give up");
    expect(await client.heard()).toBe("write PUT /api/v1/namespaces/shop/configmaps/big: cancelled by the caller");
    request.resume();
    client.say("read");
    expect(await client.heard()).toBe("read answered");
    client.say("read");
    expect(await client.heard()).toBe("read answered");
  });
});
