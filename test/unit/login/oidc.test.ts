import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aclAuthMethodSpec, type AclAuthMethodConfig } from "../../../src/api/acl.ts";
import { makeState } from "../../../src/access/login/oidc-state.ts";
import { verifyToken } from "../../../src/main/login/jwt.ts";
import { oidcAuthUrl, oidcComplete } from "../../../src/main/login/oidc.ts";
import { selfSigned } from "./self-signed.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const SECRET = { clientSecret: "the client's secret", stateKey: "a key" };
const BEGINNING = { method: "web", clientNonce: "nonce-1", redirectUri: "http://localhost:4649/oidc/callback" };

/** An issuer over TLS, whose ID tokens have the claims that the test says. */
const issuer = { url: "", ca: "", claims: {} as Record<string, unknown>, form: new URLSearchParams(), authorization: "", userInfo: {} as object, algorithm: "RS256" };
let server: Server;
let sign: (claims: Record<string, unknown>) => Promise<string>;

beforeAll(async () => {
  const { key, cert } = await selfSigned();
  const pair = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k", alg: "RS256", use: "sig" };
  sign = (claims) => new SignJWT({ sub: "ada", iss: issuer.url, aud: "client", exp: NOW / 1000 + 60, ...claims }).setProtectedHeader({ alg: "RS256", kid: "k" }).sign(pair.privateKey);
  server = createServer({ key, cert }, (request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      void (async () => {
        const path = new URL(request.url ?? "", "https://x").pathname;
        const reply = (value: unknown, status = 200) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        if (path === "/.well-known/openid-configuration") return reply({ issuer: issuer.url, authorization_endpoint: `${issuer.url}/authorize?tenant=a`, token_endpoint: `${issuer.url}/token`, userinfo_endpoint: `${issuer.url}/me`, jwks_uri: `${issuer.url}/keys` });
        if (path === "/keys") return reply({ keys: [jwk] });
        if (path === "/me") return reply({ sub: "ada", ...issuer.userInfo });
        if (path !== "/token") return reply({ error: "not_found" }, 404);
        issuer.form = new URLSearchParams(body);
        issuer.authorization = request.headers.authorization ?? "";
        if (issuer.form.get("code") !== "good") return reply({ error: "invalid_grant", error_description: "no such code" }, 400);
        return reply({ id_token: await sign({ nonce: BEGINNING.clientNonce, ...issuer.claims }), access_token: "access" });
      })();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  issuer.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  issuer.ca = cert;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function contextOf(config: Partial<AclAuthMethodConfig> = {}) {
  const time = new Date(NOW).toISOString();
  const spec = aclAuthMethodSpec.parse({ name: "web", type: "OIDC", createTime: time, modifyTime: time, config: { oidcDiscoveryUrl: issuer.url, oidcClientId: "client", discoveryCaPem: [issuer.ca], ...config } });
  return { config: spec.config, secret: SECRET, now: NOW };
}

const complete = (fields: object = {}, config: Partial<AclAuthMethodConfig> = {}) =>
  oidcComplete(contextOf(config), { ...BEGINNING, state: makeState(BEGINNING, SECRET.stateKey, NOW), code: "good", ...fields });

describe("an OIDC login", () => {
  it("begins at the issuer, with all that the issuer must know and no secret", async () => {
    const url = await oidcAuthUrl(contextOf({ oidcScopes: ["groups"], oidcEnablePkce: true }), BEGINNING);
    if (!url.ok) throw new Error(url.error);
    const { searchParams } = new URL(url.value);
    expect(Object.fromEntries(searchParams)).toMatchObject({ tenant: "a", client_id: "client", response_type: "code", redirect_uri: BEGINNING.redirectUri, scope: "openid groups", nonce: "nonce-1", code_challenge_method: "S256" });
    expect(url.value).not.toContain("secret");
  });

  it("ends with the claims of the ID token and of the user info", async () => {
    issuer.claims = { groups: ["dev"] };
    issuer.userInfo = { email: "ada@example.com", groups: ["other"] };
    expect(await complete()).toMatchObject({ ok: true, value: { sub: "ada", groups: ["dev"], email: "ada@example.com" } });
    expect(issuer.authorization).toBe(`Basic ${Buffer.from(`client:${encodeURIComponent(SECRET.clientSecret)}`).toString("base64")}`);
    expect(issuer.form.get("redirect_uri")).toBe(BEGINNING.redirectUri);
  });

  it("sends the proof key of its own state", async () => {
    const state = makeState(BEGINNING, SECRET.stateKey, NOW);
    await complete({ state }, { oidcEnablePkce: true });
    expect(issuer.form.get("code_verifier")).toMatch(/^[\w-]{43}$/);
  });

  it.each<[string, object, object, RegExp]>([
    ["a state of another key", { state: makeState(BEGINNING, "other", NOW) }, {}, /begun elsewhere/],
    ["a state of another redirect address", { redirectUri: "http://localhost:1/x" }, {}, /begun elsewhere/],
    ["a state that is too old", { state: makeState(BEGINNING, SECRET.stateKey, NOW - 11 * 60_000) }, {}, /longer than ten minutes/],
    ["no state at all", { state: "" }, {}, /begun elsewhere/],
    ["a code that the issuer does not know", { code: "bad" }, {}, /invalid_grant, no such code/],
    ["an ID token of another login", {}, { nonce: "other" }, /of another login/],
    ["an ID token for another client", {}, { aud: "someone" }, /for another client/],
    ["an ID token of another issuer", {}, { iss: "https://evil" }, /of another issuer/],
    ["an ID token that has expired", {}, { exp: NOW / 1000 - 1 }, /exp/],
  ])("is refused with %s", async (_name, fields, claims, expected) => {
    issuer.claims = { ...claims };
    expect(await complete(fields)).toMatchObject({ ok: false, error: expect.stringMatching(expected) as string });
  });

  it("is refused when the user info is of somebody else, and by a server that the CA has not signed", async () => {
    issuer.claims = {};
    issuer.userInfo = { sub: "eve" };
    expect(await complete()).toMatchObject({ ok: false, error: "the issuer's user info is of somebody else" });
    issuer.userInfo = {};
    expect(await complete({}, { discoveryCaPem: [] })).toMatchObject({ ok: false, error: expect.stringMatching(/cannot be used/) as string });
  });
});

describe("a JWT", () => {
  const verify = async (claims: Record<string, unknown>, config: Partial<AclAuthMethodConfig> = {}) =>
    verifyToken(contextOf({ oidcDiscoveryUrl: "", jwksUrl: `${issuer.url}/keys`, jwksCaCert: issuer.ca, ...config }), await sign(claims));

  it("is believed for its audience and from its issuer alone", async () => {
    expect(await verify({}, { boundAudiences: ["client"], boundIssuer: [issuer.url] })).toMatchObject({ ok: true, value: { sub: "ada" } });
    expect(await verify({}, { boundAudiences: ["other"] })).toMatchObject({ ok: false, error: expect.stringContaining("audience") as string });
    expect(await verify({ iss: "https://evil" }, { boundIssuer: [issuer.url] })).toMatchObject({ ok: false, error: expect.stringContaining("issuer") as string });
  });

  it("is not believed after its end, but for the leeway, and never without an end", async () => {
    expect((await verify({ exp: NOW / 1000 - 10 })).ok).toBe(false);
    expect((await verify({ exp: NOW / 1000 - 10 }, { expirationLeeway: "30s" })).ok).toBe(true);
    expect((await verify({ exp: undefined })).ok).toBe(false);
  });

  it("is not believed by an algorithm that is not allowed", async () => expect((await verify({}, { signingAlgs: ["ES256", "HS256"] })).ok).toBe(false));

  it("with another's signature, or none, is not believed", async () => {
    const other = await generateKeyPair("RS256");
    const forged = await new SignJWT({ sub: "ada", exp: NOW / 1000 + 60 }).setProtectedHeader({ alg: "RS256", kid: "k" }).sign(other.privateKey);
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"sub":"ada","exp":9999999999}').toString("base64url")}.`;
    for (const token of [forged, none, "x", ""]) expect((await verifyToken(contextOf({ oidcDiscoveryUrl: "", jwksUrl: `${issuer.url}/keys`, jwksCaCert: issuer.ca }), token)).ok).toBe(false);
  });
});
