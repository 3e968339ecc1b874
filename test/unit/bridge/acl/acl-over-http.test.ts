import { describe, expect, it } from "vitest";
import type { AclTokenObject } from "../../../../src/api/acl.ts";
import { ok } from "../../../../src/lib/result.ts";
import { bridge, ids, MANAGEMENT, uid } from "../http-bridge.ts";
import { NO_LOGINS } from "./named-objects.ts";

describe("the ACL endpoints", () => {
  it("bootstrap once: also after the bootstrap token was deleted", async () => {
    const { call, world } = bridge();
    world.tokens = [];
    const first = (await call("PUT", "/v1/acl/bootstrap", { token: undefined })).json as { AccessorID: string; SecretID: string; Type: string };
    expect(first.Type).toBe("management");
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).text).toMatch(/^ACL bootstrap already done \(reset index: \d+\)$/);
    expect((await call("DELETE", `/v1/acl/token/${first.AccessorID}`, { token: first.SecretID })).status).toBe(200);
    expect((await call("GET", "/v1/jobs", { token: first.SecretID })).status).toBe(403);
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).status).toBe(400);
  });

  it("keep a bootstrap token in sight that was made a client token: listed, readable, deletable", async () => {
    const { call } = bridge();
    const other = (await call("PUT", "/v1/acl/token", { body: { Type: "management" } })).json as { SecretID: string };
    const token = other.SecretID;
    expect((await call("PUT", `/v1/acl/token/${uid(8)}`, { token, body: { AccessorID: uid(8), Type: "client", Policies: ["dev"] } })).status).toBe(200);
    expect((await call("GET", "/v1/acl/tokens", { token })).text).toContain(uid(8));
    expect((await call("GET", `/v1/acl/token/${uid(8)}`, { token })).json).toMatchObject({ Type: "client", Policies: ["dev"] });
    expect((await call("DELETE", `/v1/acl/token/${uid(8)}`, { token })).status).toBe(200);
    expect((await call("GET", "/v1/acl/tokens", { token })).text).not.toContain(uid(8));
    expect((await call("PUT", "/v1/acl/bootstrap", { token: undefined })).status).toBe(400);
  });

  it("take a bootstrap secret that is a UUID, and no other", async () => {
    const { call, world } = bridge();
    world.tokens = [];
    expect(await call("PUT", "/v1/acl/bootstrap", { token: undefined, body: { BootstrapSecret: "easy" } })).toMatchObject({ status: 400, text: "invalid acl token" });
    const made = await call("PUT", "/v1/acl/bootstrap", { token: undefined, body: { bootstrapsecret: MANAGEMENT } });
    expect(made.json).toMatchObject({ SecretID: MANAGEMENT });
  });

  it("store a token's hash and give its secret once", async () => {
    const { call, world } = bridge();
    const made = (await call("PUT", "/v1/acl/token", { body: { Name: "ci", Type: "management", Global: true, ExpirationTTL: "1h" } })).json as { AccessorID: string; SecretID: string; ExpirationTime: string };
    expect(JSON.stringify(world.tokens)).not.toContain(made.SecretID);
    expect(made.ExpirationTime).toBe("2026-01-01T01:00:00.000Z");
    expect((await call("GET", `/v1/acl/token/${made.AccessorID}`)).json).toMatchObject({ SecretID: "", Name: "ci" });
    expect((await call("GET", "/v1/acl/token/self", { token: made.SecretID })).json).toMatchObject({ SecretID: made.SecretID });
    expect((await call("GET", "/v1/acl/tokens")).text).not.toContain("SecretID");
  });

  it.each([
    { body: { Type: "client" }, text: "token 0 invalid: 1 error occurred:\n\t* client token missing policies or roles\n\n" },
    { body: { Type: "root" }, text: "token 0 invalid: 1 error occurred:\n\t* token type must be client or management\n\n" },
    { body: { Type: "management", Policies: ["x"] }, text: "token 0 invalid: 1 error occurred:\n\t* management token cannot be associated with policies or roles\n\n" },
    { body: { Type: "client", Roles: [{ Name: "x" }] }, text: "cannot find role x" },
    { body: "{", text: "unexpected EOF" },
    { body: "", text: "Request body is empty" },
    { body: '{"Type" 1}', text: "invalid character '1' after object key" },
    { body: { AccessorID: "x", Type: "client", Policies: ["x"] }, status: 500, text: "token lookup failed: acl token lookup failed: index error: UUID must be 36 characters" },
    { body: { Type: "client", Policies: ["x"], ExpirationTime: "soon" }, text: 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"' },
    { body: "[]", text: "json: cannot unmarshal array into Go value of type struct { ExpirationTTL interface {}; Hash string; *structs.Alias }" },
    { body: { Type: "client", Policies: ["x"], ExpirationTTL: "5s" }, text: "token 0 invalid: 1 error occurred:\n\t* expiration time cannot be less than 1m0s in the future (was 5s)\n\n" },
  ])("refuse $body", async ({ body, text, status = 400 }) => {
    expect(await bridge().call("PUT", "/v1/acl/token", { body })).toMatchObject({ status, text });
  });

  it("show a management token all policies as its own, and nobody without a token any", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = "read" }' } });
    expect((await call("GET", "/v1/acl/policy/self")).json).toMatchObject([{ Name: "dev" }]);
    expect(await call("GET", "/v1/acl/policy/self", { token: undefined })).toMatchObject({ status: 403, text: "Permission denied" });
  });

  it.each<[string, string, object | undefined, [number, string]]>([
    ["DELETE", "/v1/acl/policy/nothing", undefined, [200, ""]],
    ["DELETE", "/v1/acl/token/short", undefined, [400, "token lookup failed: acl token lookup failed: index error: UUID must be 36 characters"]],
    ["PUT", `/v1/acl/token/${uid(99)}`, { Type: "management" }, [400, "ACL token accessor does not match request path"]],
    ["PUT", "/v1/acl/role/x", { Name: "a" }, [400, "ACL role ID does not match request path"]],
    ["DELETE", "/v1/acl/role/x", undefined, [500, "ACL role not found"]],
    ["DELETE", "/v1/acl/auth-method/x", undefined, [500, "ACL auth method not found"]],
    ["DELETE", "/v1/acl/binding-rule/x", undefined, [500, "ACL binding rule not found"]],
    ["PUT", "/v1/acl/binding-rule", {}, [400, "binding rule 0 invalid: 2 errors occurred:\n\t* auth method is missing\n\t* bind type is missing\n\n"]],
    ["PUT", "/v1/acl/auth-method", { Name: "a b" }, [400, "auth method 0 invalid: 4 errors occurred:\n\t* invalid name 'a b'\n\t* invalid token type ''\n\t* invalid config: missing auth method Config\n\t* invalid MaxTokenTTL value '0s' (should be between 1m0s and 24h0m0s)\n\n"]],
    ["PUT", "/v1/acl/login", {}, [400, "invalid login request: 2 errors occurred:\n\t* missing auth method name\n\t* missing login token\n\n"]],
    ["PUT", "/v1/acl/oidc/auth-url", {}, [400, "invalid OIDC auth-url request: 3 errors occurred:\n\t* missing auth method name\n\t* missing client nonce\n\t* missing redirect URI\n\n"]],
  ])("%s %s of %j: %j", async (method, path, body, [status, text]) => {
    expect(await bridge().call(method, path, body === undefined ? {} : { body })).toMatchObject({ status, text });
  });

  it("refuse a policy that cannot be read, and keep the one that was there", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = "read" }' } });
    const broken = await call("PUT", "/v1/acl/policy/dev", { body: { Name: "dev", Rules: 'namespace "default" { policy = ' } });
    expect(broken.status).toBe(400);
    expect((await call("GET", "/v1/acl/policy/dev")).json).toMatchObject({ Rules: 'namespace "default" { policy = "read" }' });
  });

  it("leave an audit line for a write, without any secret", async () => {
    const { call, logged } = bridge();
    const made = (await call("PUT", "/v1/acl/token", { body: { Type: "management" } })).json as { SecretID: string };
    expect(logged).toEqual([expect.objectContaining({ event: "acl-write", accessor: uid(8), status: 200 })]);
    expect(JSON.stringify(logged)).not.toContain(made.SecretID);
  });
});

describe("roles", () => {
  const READ = 'namespace "default" { policy = "read" }';

  it("give a token their policies, and what is asked of the caller's own", async () => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: READ } });
    const role = (await call("PUT", "/v1/acl/role", { body: { Name: "reader", Description: "may look", Policies: [{ Name: "reads" }] } })).json as { ID: string };
    expect(role).toMatchObject({ Name: "reader", Policies: [{ Name: "reads" }], CreateIndex: expect.any(Number) });
    const token = (await call("PUT", "/v1/acl/token", { body: { Name: "t", Type: "client", Roles: [{ Name: "reader" }] } })).json as { SecretID: string; Roles: unknown };
    expect(token.Roles).toEqual([{ ID: role.ID, Name: "reader" }]);
    expect(ids((await call("GET", "/v1/jobs", { token: token.SecretID })).json)).toEqual(["api", "web"]);
    expect((await call("GET", "/v1/acl/roles", { token: token.SecretID })).json).toMatchObject([{ ID: role.ID }]);
    await call("PUT", `/v1/acl/role/${role.ID}`, { body: { ID: role.ID, Name: "reader", Policies: [{ Name: "reads" }], Description: "new" } });
    expect((await call("GET", "/v1/acl/role/name/reader")).json).toMatchObject({ Description: "new" });
    await call("DELETE", `/v1/acl/role/${role.ID}`);
    expect((await call("GET", "/v1/jobs", { token: token.SecretID })).status).toBe(403);
    expect((await call("GET", `/v1/acl/role/${role.ID}`)).text).toBe("ACL role not found");
  });

  it.each([
    [{ Name: "a b", Policies: [{ Name: "reads" }] }, "role 0 invalid: 1 error occurred:\n\t* invalid name 'a b'\n\n"],
    [{ Name: "a", Policies: [] }, "role 0 invalid: 1 error occurred:\n\t* at least one policy should be specified\n\n"],
    [{}, "role 0 invalid: 2 errors occurred:\n\t* invalid name ''\n\t* at least one policy should be specified\n\n"],
    [{ Name: "a", Policies: [{ Name: "nothing" }] }, "cannot find policy nothing"],
    [{ ID: "x", Name: "a", Policies: [{ Name: "reads" }] }, "cannot find role x"],
  ])("%j is refused: %s", async (body, expected) => {
    const { call } = bridge();
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: READ } });
    expect(await call("PUT", "/v1/acl/role", { body })).toMatchObject({ status: 400, text: expected });
  });
});

describe("a login", () => {
  const JWT_METHOD = { Name: "ci", Type: "JWT", TokenLocality: "local", MaxTokenTTL: "30m", Config: { JWKSURL: "https://issuer/keys", ClaimMappings: { sub: "who" }, ListClaimMappings: { groups: "groups" } } };
  const claims = { sub: "Reads", groups: ["dev"] };
  const withClaims = { ...NO_LOGINS, verifyJwt: async (_method: unknown, token: string) => (token === "good" ? ok(claims) : { ok: false as const, error: "signature verification failed" }) };

  async function bound(rule: object) {
    const { call, world } = bridge(withClaims);
    await call("PUT", "/v1/acl/policy/reads", { body: { Name: "reads", Rules: 'namespace "default" { policy = "read" }' } });
    expect((await call("PUT", "/v1/acl/auth-method", { body: JWT_METHOD })).json).toMatchObject({ Name: "ci", MaxTokenTTL: "30m0s" });
    expect((await call("PUT", "/v1/acl/binding-rule", { body: { AuthMethod: "ci", ...rule } })).status).toBe(200);
    return Object.assign(call, { world });
  }

  const expiring = (n: number, expirationTime: string): AclTokenObject => ({
    apiVersion: "nomad-bridge.dev/v1alpha1",
    kind: "ACLToken",
    metadata: { name: `made-${n}`, resourceVersion: "1" },
    spec: { accessorId: `made-${n}`, secretHash: "", type: "client", createTime: "2025-12-31T00:00:00Z", expirationTime },
  });

  it("takes tokens away that have been over for an hour, and never a bootstrap's tombstone", async () => {
    const call = await bound({ BindType: "management" });
    const tombstone = { ...expiring(9, "2025-12-31T00:00:00Z"), metadata: { name: "bootstrap", resourceVersion: "1" } };
    call.world.tokens.push(expiring(1, "2025-12-31T22:00:00Z"), expiring(2, "2025-12-31T23:30:00Z"), expiring(3, "2026-01-01T01:00:00Z"), tombstone);
    expect((await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).status).toBe(200);
    const left = call.world.tokens.map(({ spec }) => spec.accessorId);
    expect(left).toEqual(expect.arrayContaining(["made-2", "made-3", "made-9"]));
    expect(left).not.toContain("made-1");
  });

  it("is refused while ten thousand tokens are alive that expire", async () => {
    const call = await bound({ BindType: "management" });
    call.world.tokens.push(...Array.from({ length: 10_000 }, (_, n) => expiring(n, "2026-01-01T01:00:00Z")));
    const count = call.world.tokens.length;
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).toMatchObject({ status: 429, text: expect.stringContaining("10000 tokens that expire are alive") });
    expect(call.world.tokens).toHaveLength(count);
  });

  it("gives what the rules that fit give, for as long as the method says", async () => {
    const call = await bound({ Selector: '"dev" in list.groups and value.who == "Reads"', BindType: "policy", BindName: "${value.who}" });
    const token = (await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" }, token: undefined })).json as { SecretID: string };
    expect(token).toMatchObject({ Type: "client", Policies: ["reads"], Name: "JWT-ci", ExpirationTTL: "30m0s" });
    expect((await call("GET", "/v1/jobs", { token: token.SecretID })).status).toBe(200);
  });

  it.each([
    [{ Selector: '"ops" in list.groups', BindType: "policy", BindName: "reads" }, "no role or policy bindings matched"],
    [{ Selector: "", BindType: "policy", BindName: "nothing" }, "no role or policy bindings matched"],
    [{ Selector: "", BindType: "policy", BindName: "x-${value.unknown}" }, "no role or policy bindings matched"],
  ])("whose rules are %j is refused: %s", async (rule, expected) => {
    expect(await (await bound(rule))("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" }, token: undefined })).toMatchObject({ status: 400, text: expected });
  });

  it("with a proof that is none, or by a method that is none, is refused", async () => {
    const call = await bound({ BindType: "management" });
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "bad" } })).toMatchObject({ status: 401, text: "unable to validate provided token: unable to verify signature of JWT token: signature verification failed" });
    expect(await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "x", LoginToken: "good" } })).toMatchObject({ status: 400, text: 'auth-method "x" not found' });
    expect((await call("PUT", "/v1/acl/login", { body: { AuthMethodName: "ci", LoginToken: "good" } })).json).toMatchObject({ Type: "management" });
  });

  it.each([
    [{ ...JWT_METHOD, Config: {} }, "invalid config: JWT auth method requires either OIDCDiscoveryURL, or JWKS URL, or JWTValidationPubKeys set"],
    [{ ...JWT_METHOD, Config: { JWKSURL: "http://issuer" } }, 'invalid config: the keys must come from an https address; got "http://issuer"'],
    [{ ...JWT_METHOD, MaxTokenTTL: "48h" }, "invalid MaxTokenTTL value '48h0m0s' (should be between 1m0s and 24h0m0s)"],
    [{ ...JWT_METHOD, Type: "SAML" }, "invalid token type 'SAML'"],
    [{ ...JWT_METHOD, Type: "OIDC", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c" } }, "invalid config: missing AllowedRedirectURIs"],
  ])("has no method %j: %s", async (body, expected) => expect(await bridge().call("PUT", "/v1/acl/auth-method", { body })).toMatchObject({ status: 400, text: `auth method 0 invalid: 1 error occurred:\n\t* ${expected}\n\n` }));

  it("never shows the client's secret, and keeps it where it is not sent again", async () => {
    const kept: string[] = [];
    const { call, world } = bridge({ ...NO_LOGINS, keepSecret: async (name, secret) => (kept.push(secret), ok(`nb-auth-${name}`)) });
    const method = { Name: "web", Type: "OIDC", MaxTokenTTL: "1h", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c", OIDCClientSecret: "s3cret", AllowedRedirectURIs: ["http://localhost:4649/oidc/callback"] } };
    const shown = await call("PUT", "/v1/acl/auth-method", { body: method });
    expect(shown.text).not.toContain("s3cret");
    expect(JSON.stringify(world.named.authMethods.byName("web"))).not.toContain("s3cret");
    await call("PUT", "/v1/acl/auth-method/web", { body: { ...method, Config: { ...method.Config, OIDCClientSecret: "redacted" } } });
    expect(kept).toEqual(["s3cret"]);
    expect((await call("GET", "/v1/acl/auth-methods", { token: undefined })).json).toMatchObject([{ Name: "web", Type: "OIDC" }]);
    expect((await call("DELETE", "/v1/acl/auth-method/web")).status).toBe(200);
  });

  it("is sent back to no address that is not allowed; a port of one's own machine may differ", async () => {
    const { call } = bridge({ ...NO_LOGINS, authUrl: async () => ok("https://i/authorize") });
    await call("PUT", "/v1/acl/auth-method", { body: { Name: "web", Type: "OIDC", MaxTokenTTL: "1h", Config: { OIDCDiscoveryURL: "https://i", OIDCClientID: "c", AllowedRedirectURIs: ["http://localhost:4649/oidc/callback"] } } });
    const ask = (RedirectURI: string) => call("PUT", "/v1/acl/oidc/auth-url", { body: { AuthMethodName: "web", ClientNonce: "n", RedirectURI }, token: undefined });
    expect((await ask("http://localhost:5000/oidc/callback")).json).toEqual({ AuthURL: "https://i/authorize" });
    expect((await ask("https://evil/oidc/callback")).text).toBe("unauthorized redirect_uri: https://evil/oidc/callback");
    expect((await ask("http://localhost:5000/other")).status).toBe(400);
  });
});
