/** @module Every TLS option of the CLI, each by a real handshake with certificates of an authority made here. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import type * as X509 from "@peculiar/x509";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allocExec } from "../../../src/cli/alloc-exec.ts";
import type { Env } from "../../../src/cli/settings.ts";
import { fakeIo } from "./fake-io.ts";
import { startFakeNomad, type FakeNomad } from "./fake-nomad.ts";

// The library looks for the reflection API as it loads, so the order matters.
await import("reflect-metadata");
const x509 = await import("@peculiar/x509");

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

type Identity = { readonly certificate: X509.X509Certificate; readonly keys: CryptoKeyPair };
type Pem = { readonly cert: string; readonly key: string };

const folder = mkdtempSync(join(tmpdir(), "nomad-bridge-tls-"));
const path = (name: string): string => join(folder, name);
const pemOf = async ({ certificate, keys }: Identity): Promise<Pem> => ({
  cert: certificate.toString("pem"),
  key: x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"),
});

async function issue(name: string, issuer: Identity | undefined, extensions: readonly X509.Extension[]): Promise<Identity> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.certificate.subject ?? `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions: [...extensions],
  });
  return { certificate, keys };
}

const authority = (name: string): Promise<Identity> => issue(name, undefined, [new x509.BasicConstraintsExtension(true, 1, true)]);
const names = (list: X509.JsonGeneralNames): X509.Extension => new x509.SubjectAlternativeNameExtension(list);

/** Each server lists the names that clients asked for in its handshakes. */
type Server = { readonly fake: FakeNomad; readonly asked: string[] };
const servers: Record<"byAddress" | "byName" | "mutual", Server | undefined> = { byAddress: undefined, byName: undefined, mutual: undefined };

async function serve(identity: Pem, mutualCa?: string): Promise<Server> {
  const asked: string[] = [];
  const tls = { ...identity, ...(mutualCa === undefined ? {} : { ca: mutualCa, requestCert: true, rejectUnauthorized: true }) };
  const fake = await startFakeNomad({
    tls,
    session: (socket) => {
      asked.push(String((socket as unknown as { _socket: TLSSocket })._socket.servername));
      socket.send('{"exited":true,"result":{}}');
    },
  });
  return { fake, asked };
}

beforeAll(async () => {
  const ours = await authority("nomad-bridge test CA");
  const other = await authority("someone else");
  const caPem = await pemOf(ours);
  const client = await pemOf(await issue("client", ours, []));
  writeFileSync(path("ca.pem"), caPem.cert);
  writeFileSync(path("other.pem"), (await pemOf(other)).cert);
  writeFileSync(path("client.pem"), client.cert);
  writeFileSync(path("client.key"), client.key);
  writeFileSync(path("notes.txt"), "no certificate\n");
  mkdirSync(path("authorities/..2024"), { recursive: true });
  mkdirSync(path("empty"));
  writeFileSync(path("authorities/..2024/ca.crt"), caPem.cert);
  symlinkSync("..2024/ca.crt", path("authorities/ca.crt"));
  writeFileSync(path("authorities/other.crt"), (await pemOf(other)).cert);
  const byAddress = await pemOf(await issue("address", ours, [names([{ type: "ip", value: "127.0.0.1" }])]));
  servers.byAddress = await serve(byAddress);
  servers.byName = await serve(await pemOf(await issue("name", ours, [names([{ type: "dns", value: "server.global.nomad" }])])));
  servers.mutual = await serve(byAddress, caPem.cert);
});

afterAll(async () => {
  for (const server of Object.values(servers)) await server?.fake.close();
  rmSync(folder, { recursive: true });
});

/** Exit code and error text of one exec. */
async function exec(server: keyof typeof servers, flags: readonly string[], env: Env = {}): Promise<{ code: number; err: string }> {
  const process = fakeIo({ NOMAD_ADDR: servers[server]?.fake.address, ...env });
  process.stdin.end();
  const code = await allocExec(process.io, [...flags, "eb17", "ls"]);
  return { code, err: process.err() };
}

const FINE = { code: 0, err: "" };

describe("a server that our authority vouches for", () => {
  it.each([
    { by: "-ca-cert", flags: ["-ca-cert", path("ca.pem")], env: {} },
    { by: "NOMAD_CACERT", flags: [], env: { NOMAD_CACERT: path("ca.pem") } },
    { by: "-ca-path", flags: ["-ca-path", path("authorities")], env: {} },
    { by: "NOMAD_CAPATH", flags: [], env: { NOMAD_CAPATH: path("authorities") } },
    { by: "-ca-cert before -ca-path", flags: ["-ca-cert", path("ca.pem"), "-ca-path", path("empty")], env: {} },
    { by: "-tls-skip-verify", flags: ["-tls-skip-verify"], env: {} },
    { by: "NOMAD_SKIP_VERIFY", flags: [], env: { NOMAD_SKIP_VERIFY: "true" } },
    { by: "-tls-skip-verify in spite of a wrong authority", flags: ["-tls-skip-verify", "-ca-cert", path("other.pem")], env: {} },
  ])("is trusted through $by", async ({ flags, env }) => {
    expect(await exec("byAddress", flags, env)).toEqual(FINE);
  });

  it.each([
    { by: "nothing", flags: [], text: "x509: certificate signed by unknown authority" },
    { by: "another authority", flags: ["-ca-cert", path("other.pem")], text: "x509: certificate signed by unknown authority" },
  ])("is refused with $by", async ({ flags, text }) => {
    const { code, err } = await exec("byAddress", flags);
    expect(code).toBe(1);
    expect(err).toMatch(/^Error querying allocation: Get "https:/);
    expect(err).toContain(text);
  });

  it("needs one handshake for the whole command", async () => {
    const before = servers.byAddress?.fake.connections() ?? 0;
    expect(await exec("byAddress", ["-ca-cert", path("ca.pem")])).toEqual(FINE);
    expect(servers.byAddress?.fake.connections()).toBe(before + 1);
  });
});

describe("a server whose certificate has another name than its address", () => {
  it("is refused without the name", async () => {
    const { code, err } = await exec("byName", ["-ca-cert", path("ca.pem")]);
    expect(code).toBe(1);
    expect(err).toContain("Hostname/IP does not match certificate's altnames");
  });

  it.each([
    { by: "-tls-server-name", flags: ["-tls-server-name", "server.global.nomad"], env: {} },
    { by: "NOMAD_TLS_SERVER_NAME", flags: [], env: { NOMAD_TLS_SERVER_NAME: "server.global.nomad" } },
  ])("is trusted with $by, which it also gets to see", async ({ flags, env }) => {
    expect(await exec("byName", ["-ca-cert", path("ca.pem"), ...flags], env)).toEqual(FINE);
    expect(servers.byName?.asked.at(-1)).toBe("server.global.nomad");
  });

  it("is refused when the name is another", async () => {
    const { code, err } = await exec("byName", ["-ca-cert", path("ca.pem"), "-tls-server-name", "client.global.nomad"]);
    expect(code).toBe(1);
    expect(err).toContain("Host: client.global.nomad. is not in the cert's altnames");
  });
});

describe("a server that wants a client certificate", () => {
  const ca = ["-ca-cert", path("ca.pem")];
  it.each([
    { by: "-client-cert and -client-key", flags: ["-client-cert", path("client.pem"), "-client-key", path("client.key")], env: {} },
    { by: "the variables", flags: [], env: { NOMAD_CLIENT_CERT: path("client.pem"), NOMAD_CLIENT_KEY: path("client.key") } },
  ])("takes the one from $by", async ({ flags, env }) => {
    expect(await exec("mutual", [...ca, ...flags], env)).toEqual(FINE);
  });

  it("refuses a client without", async () => {
    const { code, err } = await exec("mutual", ca);
    expect(code).toBe(1);
    expect(err).toMatch(/^Error querying allocation: Get "https:/);
  });
});

describe("TLS files that cannot be used", () => {
  it.each([
    { what: "a certificate without its key", flags: ["-client-cert", path("client.pem")], text: "both client cert and client key must be provided" },
    { what: "a key without its certificate", flags: ["-client-key", path("client.key")], text: "both client cert and client key must be provided" },
    { what: "a missing file", flags: ["-ca-cert", path("missing.pem")], text: path("missing.pem") },
    { what: "a missing directory", flags: ["-ca-path", path("missing")], text: path("missing") },
    { what: "an empty directory", flags: ["-ca-path", path("empty")], text: `no CA certificate in "${path("empty")}"` },
    { what: "a file that is no PEM", flags: ["-ca-cert", path("notes.txt")], text: `"${path("notes.txt")}" is not a PEM file` },
    { what: "a key of another certificate", flags: ["-client-cert", path("ca.pem"), "-client-key", path("client.key")], text: "key values mismatch" },
  ])("are named before any connection: $what", async ({ flags, text }) => {
    const before = servers.byAddress?.fake.connections();
    const { code, err } = await exec("byAddress", flags);
    expect(code).toBe(1);
    expect(err).toMatch(/^Error initializing client: /);
    expect(err).toContain(text);
    expect(servers.byAddress?.fake.connections()).toBe(before);
  });
});
