import { describe, expect, it } from "vitest";
import { type AccessError, httpStatusOf } from "../../../src/access/access-error.ts";
import { asServerError, type Authenticate, createAuthenticator, type Identity, mayReadPolicy, secretHash } from "../../../src/access/authenticate.ts";
import { requestSecret } from "../../../src/access/request-secret.ts";
import { storedPolicy, storedToken } from "../../../src/access/store.ts";
import { allowNamespaceOperation } from "../../../src/nomad/acl/acl.ts";
import { identityWith, NOW, secretOf, storeOf, tokenOf } from "./access-fixtures.ts";

const READ_A = 'namespace "a" { policy = "read" }';
const WRITE_A = 'namespace "a" { policy = "write" }';
const READ_B = 'namespace "b" { policy = "read" }';

function authenticated(authenticate: Authenticate, secret: string | undefined): Identity {
  const result = authenticate(secret, NOW);
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

const refused = (authenticate: Authenticate, secret: string | undefined): AccessError | undefined => {
  const result = authenticate(secret, NOW);
  return result.ok ? undefined : result.error;
};

const reads = (identity: Identity, namespace: string): boolean => allowNamespaceOperation(identity.acl, namespace, "read-job");

describe("a request with a token", () => {
  const tokens = [
    tokenOf(1, { policies: ["read-a", "gone", "read-b"], expirationTime: NOW + 1 }),
    tokenOf(2, { type: "management" }),
    tokenOf(3, { policies: ["read-a"], expirationTime: NOW }),
    tokenOf(4, { policies: ["read-a"], expirationTime: Number.NaN }),
    tokenOf(5, { policies: ["broken", "read-a"] }),
    tokenOf(6),
  ];
  const store = storeOf(tokens, { "read-a": READ_A, "read-b": READ_B, broken: "namespace {", anonymous: READ_B });
  const authenticate = createAuthenticator({ store, aclEnabled: true });

  it("has the rights of all policies on the token, and those that do not exist grant nothing", () => {
    const identity = authenticated(authenticate, secretOf(1));
    expect(identity).toMatchObject({ kind: "token", accessorId: "accessor-1", tokenName: "token 1", policies: ["read-a", "gone", "read-b"], expirationTime: NOW + 1 });
    expect([reads(identity, "a"), reads(identity, "b"), reads(identity, "c")]).toEqual([true, true, false]);
  });

  it("has every right with a management token", () => {
    expect(authenticated(authenticate, secretOf(2)).acl).toEqual({ kind: "management" });
  });

  it("has no rights without policies, not even those of the anonymous policy", () => {
    expect(reads(authenticated(authenticate, secretOf(6)), "b")).toBe(false);
  });

  it.each([
    ["an unknown secret", secretOf(9), "token-not-found", "ACL token not found", 403],
    ["a token that expires this very moment", secretOf(3), "token-expired", "ACL token expired", 500],
    ["a token whose expiration cannot be read", secretOf(4), "token-expired", "ACL token expired", 500],
    ["a secret that is no UUID", "eyJhbGciOi.x.y", "token-invalid", "ACL token is invalid", 500],
    ["the hash in place of the secret", secretHash(secretOf(1)), "token-invalid", "ACL token is invalid", 500],
    ["an accessor in place of the secret", "accessor-2", "token-invalid", "ACL token is invalid", 500],
  ])("is refused for %s", (_name, secret, ...expected) => {
    const error = refused(authenticate, secret);
    expect([error?.kind, error?.message, error && httpStatusOf(error)]).toEqual(expected);
    expect(error && asServerError(error)).toEqual({ kind: "permission-denied", message: "Permission denied" });
    expect(error && httpStatusOf(asServerError(error))).toBe(403);
  });

  it("is refused where a policy cannot be read, since what it denies is unknown", () => {
    const error = refused(authenticate, secretOf(5));
    expect(error).toMatchObject({ kind: "policy-unreadable", message: 'ACL policy "broken" cannot be read' });
    expect(error && asServerError(error)).toBe(error);
  });

  it("trims the secret", () => {
    expect(authenticated(authenticate, ` ${secretOf(2)}\n`).accessorId).toBe("accessor-2");
  });

  it("cannot be altered after it was authenticated", () => {
    const identity = authenticated(authenticate, secretOf(1));
    expect(() => Object.assign(identity, { acl: { kind: "management" } })).toThrow(TypeError);
  });
});

describe("a request without a token", () => {
  it.each([undefined, "", "  "])("is anonymous and has the rights of the anonymous policy (%j)", (secret) => {
    const identity = authenticated(createAuthenticator({ store: storeOf([], { anonymous: READ_B, other: READ_A }), aclEnabled: true }), secret);
    expect(identity).toMatchObject({ kind: "anonymous", accessorId: "anonymous", tokenName: "Anonymous Token" });
    expect([reads(identity, "a"), reads(identity, "b")]).toEqual([false, true]);
  });

  it("may do nothing where there is no anonymous policy", () => {
    const identity = authenticated(createAuthenticator({ store: storeOf([], { other: READ_A }), aclEnabled: true }), undefined);
    expect(reads(identity, "*")).toBe(false);
  });
});

describe("with ACLs off", () => {
  it.each([undefined, secretOf(9), "nonsense"])("everyone may do everything (%j)", (secret) => {
    const identity = authenticated(createAuthenticator({ store: storeOf([]), aclEnabled: false }), secret);
    expect(identity).toMatchObject({ kind: "acl-disabled", acl: { kind: "management" } });
  });
});

describe("compiled policies", () => {
  it("are compiled once for tokens with the same policies, in any order", () => {
    const tokens = [tokenOf(1, { policies: ["x", "y"] }), tokenOf(2, { policies: ["y", "x", "x"] })];
    const authenticate = createAuthenticator({ store: storeOf(tokens, { x: READ_A, y: READ_B }), aclEnabled: true });
    expect(authenticated(authenticate, secretOf(1)).acl).toBe(authenticated(authenticate, secretOf(2)).acl);
  });

  it("change with the policy and with the token at once", () => {
    let rules = READ_A;
    let policies = ["x"];
    const store = {
      tokenBySecretHash: () => tokenOf(1, { policies }),
      policy: (name: string) => ({ name, description: "", rules: name === "x" ? rules : READ_B, version: name === "x" ? rules : "1" }),
      rolePolicies: () => undefined,
    };
    const authenticate = createAuthenticator({ store, aclEnabled: true });
    const rights = (): readonly boolean[] => {
      const { acl } = authenticated(authenticate, secretOf(1));
      return [allowNamespaceOperation(acl, "a", "read-job"), allowNamespaceOperation(acl, "a", "alloc-exec"), allowNamespaceOperation(acl, "b", "read-job")];
    };
    expect(rights()).toEqual([true, false, false]);
    rules = WRITE_A;
    expect(rights()).toEqual([true, true, false]);
    policies = ["y"];
    expect(rights()).toEqual([false, false, true]);
  });

  it("are kept up to the size given, and what was used longest ago goes", () => {
    const tokens = [1, 2, 3].map((n) => tokenOf(n, { policies: [`p${n}`] }));
    const authenticate = createAuthenticator({ store: storeOf(tokens, { p1: READ_A, p2: READ_B, p3: WRITE_A }), aclEnabled: true, cacheSize: 2 });
    const aclOf = (n: number): unknown => authenticated(authenticate, secretOf(n)).acl;
    const [first, second] = [aclOf(1), aclOf(2)];
    expect(aclOf(1)).toBe(first);
    aclOf(3);
    expect(aclOf(1)).toBe(first);
    expect(aclOf(2)).not.toBe(second);
  });
});

describe("mayReadPolicy", () => {
  it.each([
    ["management", "any", true],
    [READ_A, "p", true],
    [READ_A, "pp", false],
    [READ_A, "other", false],
    [READ_A, "anonymous", true],
  ])("with %s: %s is %s", (rules, policy, answer) => {
    expect(mayReadPolicy(identityWith(rules), policy)).toBe(answer);
  });
});

describe("requestSecret", () => {
  it.each([
    ["the header first", { nomadToken: " a ", authorization: "Bearer b" }, "c", "a"],
    ["then the bearer token, in any case", { nomadToken: "", authorization: "bEARER b" }, "c", "b"],
    ["then the handshake", { nomadToken: undefined, authorization: undefined }, "c", "c"],
    ["never basic auth", { nomadToken: undefined, authorization: "Basic dTpw" }, undefined, undefined],
    ["nothing where there is nothing", { nomadToken: " ", authorization: "Bearer " }, "", undefined],
  ])("takes %s", (_name, headers, handshake, secret) => {
    expect(requestSecret(headers, handshake)).toBe(secret);
  });
});

describe("our kinds as stored values", () => {
  const metadata = { name: "x", uid: "u", resourceVersion: "7" };
  it("a token, with its times in ms", () => {
    const spec = { accessorId: "a", secretHash: "h", type: "client" as const, createTime: "2027-01-15T08:00:00Z", expirationTime: "2027-01-15T08:00:01Z" };
    expect(storedToken({ apiVersion: "v", kind: "ACLToken", metadata, spec })).toEqual({
      accessorId: "a", secretHash: "h", name: "", type: "client", policies: [], roles: [], global: false, createTime: 1_800_000_000_000, expirationTime: 1_800_000_001_000,
    });
  });
  it("a token that never expires", () => {
    const spec = { accessorId: "a", secretHash: "h", type: "client" as const, createTime: "2027-01-15T08:00:00Z" };
    expect(storedToken({ apiVersion: "v", kind: "ACLToken", metadata, spec })).not.toHaveProperty("expirationTime");
  });
  it("a policy, whose version changes when it is made anew", () => {
    const spec = { name: "p", rules: READ_A };
    expect(storedPolicy({ apiVersion: "v", kind: "ACLPolicy", metadata, spec })).toEqual({ name: "p", description: "", rules: READ_A, version: "u/7" });
  });
});
