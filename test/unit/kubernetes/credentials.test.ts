import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterAccess, fileToken, tokenAccess } from "../../../src/kubernetes/credentials.ts";
import { createTokenMinter } from "../../../src/kubernetes/token-minter.ts";
import type { KubeError, RawRequest } from "../../../src/kubernetes/types.ts";
import { err, ok, type Result } from "../../../src/lib/result.ts";
import { manualClock, turns, WALL_START } from "./manual-clock.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nomad-bridge-credentials-"));
});
afterAll(async () => await rm(folder, { recursive: true }));

const base64 = (text: string): string => Buffer.from(text).toString("base64");

async function kubeconfig(user: object, cluster: object = {}, current = "here"): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  const config = {
    "current-context": current,
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "shop" } }],
    clusters: [{ name: "c", cluster: { server: "https://10.0.0.1:6443/k8s/clusters/a/", "certificate-authority-data": base64("CA"), ...cluster } }],
    users: [{ name: "u", user }],
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

describe("clusterAccess", () => {
  it("reads server, CA, client certificate and namespace of the current context", async () => {
    const path = await kubeconfig({ "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") });
    expect(await clusterAccess(path, {})).toEqual({
      ok: true,
      value: { server: "https://10.0.0.1:6443", basePath: "/k8s/clusters/a", ca: "CA", cert: "CERT", key: "KEY", namespace: "shop" },
    });
  });

  it("reads files beside the kubeconfig", async () => {
    await Promise.all(["ca", "cert", "key"].map(async (name) => await writeFile(join(folder, `${name}.pem`), name)));
    const path = await kubeconfig({ "client-certificate": "cert.pem", "client-key": "key.pem" }, { "certificate-authority-data": undefined, "certificate-authority": "ca.pem", "tls-server-name": "kubernetes" });
    expect(await clusterAccess(path, {})).toMatchObject({ ok: true, value: { ca: "ca", cert: "cert", key: "key", serverName: "kubernetes" } });
  });

  it.each([
    { name: "a token", user: () => ({ token: "t0ken" }) },
    { name: "a token file", user: async () => (await writeFile(join(folder, "token"), "t0ken\n"), { tokenFile: "token" }) },
    {
      name: "an exec plugin",
      user: () => ({ exec: { apiVersion: "client.authentication.k8s.io/v1", command: "/bin/sh", args: ["-c", 'echo \'{"status":{"token":"t0ken"}}\''] } }),
    },
  ])("speaks with $name", async ({ user }) => {
    const access = await clusterAccess(await kubeconfig(await user()), {});
    if (!access.ok) throw new Error(access.error);
    expect(await access.value.token?.()).toBe("t0ken");
  });

  it.each([
    { name: "a file that is not there", path: async () => await Promise.resolve(join(folder, "none")), says: /ENOENT/ },
    { name: "a context that is not there", path: async () => await kubeconfig({}, {}, "elsewhere"), says: /no context "elsewhere"/ },
    { name: "an auth-provider", path: async () => await kubeconfig({ "auth-provider": { name: "oidc" } }), says: /exec plugin/ },
    { name: "a password", path: async () => await kubeconfig({ username: "a", password: "hunter2" }), says: /use a token/ },
    { name: "a proxy", path: async () => await kubeconfig({}, { "proxy-url": "http://user:hunter2@proxy" }), says: /proxy-url/ },
  ])("refuses $name, and quotes no secret", async ({ path, says }) => {
    const access = await clusterAccess(await path(), {});
    expect(access).toMatchObject({ ok: false, error: expect.stringMatching(says) as string });
    expect(JSON.stringify(access)).not.toContain("hunter2");
  });

  it("says what is missing outside a pod", async () => {
    expect(await clusterAccess(undefined, {})).toMatchObject({ ok: false, error: expect.stringMatching(/pass a kubeconfig/) as string });
  });
});

describe("tokenAccess", () => {
  it("keeps server and CA, and leaves the other identity's certificate behind", async () => {
    const base = { server: "https://h", basePath: "", ca: "CA", cert: "CERT", key: "KEY" };
    const { token, ...rest } = tokenAccess(base, async () => await Promise.resolve("minted"));
    expect([rest, await token?.()]).toEqual([{ server: "https://h", basePath: "", ca: "CA" }, "minted"]);
  });
});

describe("fileToken", () => {
  it("sees a rotated token after a minute and outlives the file", async () => {
    const clock = manualClock();
    const path = join(folder, "rotated");
    await writeFile(path, "one");
    const token = fileToken(path, clock);
    const read = [await token()];
    await writeFile(path, "two\n");
    clock.stall(59_999);
    read.push(await token());
    clock.stall(1);
    read.push(await token());
    await rm(path);
    clock.stall(60_000);
    read.push(await token());
    expect(read).toEqual(["one", "one", "two", "two"]);
  });

  it("rejects when there never was a file", async () => {
    await expect(fileToken(join(folder, "never"), manualClock())()).rejects.toThrow(/no token/);
  });
});

describe("createTokenMinter", () => {
  function minter(answers: readonly (() => Result<unknown, KubeError>)[] = []) {
    const clock = manualClock(0.5);
    const asked: RawRequest[] = [];
    const left = [...answers];
    const fresh = (): Result<unknown, KubeError> => ok(grant(`token-${asked.length}`, clock.now()));
    const raw = async (request: RawRequest): Promise<Result<unknown, KubeError>> => {
      asked.push(request);
      return await Promise.resolve((left.shift() ?? fresh)());
    };
    return { clock, asked, token: createTokenMinter({ raw }, { namespace: "nomad-bridge", name: "bridge" }, { clock }) };
  }
  const grant = (token: string, wallMs: number) => ({ status: { token, expirationTimestamp: new Date(wallMs + 3_600_000).toISOString() } });
  const down = (): Result<unknown, KubeError> => err({ kind: "network", message: "ECONNREFUSED" });

  it("asks once for many callers, and again after about half of the token's life, without making anyone wait", async () => {
    const { clock, asked, token } = minter();
    expect(await Promise.all([token(), token(), token()])).toEqual(["token-1", "token-1", "token-1"]);
    clock.stall(1_790_000);
    expect(await token()).toBe("token-1");
    clock.stall(20_000);
    expect(await token()).toBe("token-1");
    await turns();
    expect(await token()).toBe("token-2");
    expect(asked.map((request) => `${request.method} ${request.path}`)).toEqual(Array.from({ length: 2 }, () => "POST /api/v1/namespaces/nomad-bridge/serviceaccounts/bridge/token"));
    expect(asked[0]?.body).toMatchObject({ kind: "TokenRequest", spec: { expirationSeconds: 3600 } });
  });

  it("keeps the old token while refreshing fails, until it expires", async () => {
    const { clock, token } = minter([() => ok(grant("token-1", WALL_START)), down, down]);
    await token();
    clock.stall(2_000_000);
    expect(await token()).toBe("token-1");
    await turns();
    expect(await token()).toBe("token-1");
    clock.stall(1_600_001);
    await expect(token()).rejects.toThrow(/no token for service account nomad-bridge\/bridge: ECONNREFUSED/);
    expect(await token()).toBe("token-4");
  });

  it.each([
    { name: "no token", status: { expirationTimestamp: "2030-01-01T00:00:00Z" } },
    { name: "one that has expired by our clock", status: { token: "t", expirationTimestamp: "2020-01-01T00:00:00Z" } },
  ])("rejects an answer with $name", async ({ status }) => {
    const { token } = minter([() => ok({ status })]);
    await expect(token()).rejects.toThrow(/clock/);
  });
});
