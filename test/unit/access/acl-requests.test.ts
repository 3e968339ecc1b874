import { describe, expect, it } from "vitest";
import { DEFAULT_TTL_BOUNDS, type ExistingToken, type TokenRequest, validatePolicyRequest, validateTokenRequest } from "../../../src/access/acl-requests.ts";
import { multierror } from "../../../src/nomad/jobspec/validation/multierror.ts";
import { NOW } from "./access-fixtures.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const request = (fields: Partial<TokenRequest> = {}): TokenRequest => ({
  name: "n", type: "client", policies: ["p"], roles: [], global: false, expirationTtlMs: 0, ...fields,
});
const context = { ...DEFAULT_TTL_BOUNDS, now: NOW };

describe("a new token", () => {
  it.each<[string, Partial<TokenRequest>, object]>([
    ["of a client", {}, { type: "client" }],
    ["of a client with a role alone", { policies: [], roles: ["r"] }, { type: "client" }],
    ["for management", { type: "management", policies: [] }, { type: "management" }],
    ["with a name that just fits", { name: "x".repeat(256) }, { type: "client" }],
    ["with the shortest life", { expirationTtlMs: MINUTE }, { type: "client", expirationTime: NOW + MINUTE }],
    ["with the longest life", { expirationTtlMs: 24 * HOUR }, { type: "client", expirationTime: NOW + 24 * HOUR }],
    ["with an end", { expirationTime: NOW + HOUR }, { type: "client", expirationTime: NOW + HOUR }],
  ])("is accepted %s", (_name, fields, accepted) => {
    expect(validateTokenRequest(request(fields), context)).toEqual({ ok: true, value: accepted });
  });

  it.each<[Partial<TokenRequest>, ...string[]]>([
    [{ name: "x".repeat(257) }, "token name too long"],
    [{ policies: [] }, "client token missing policies or roles"],
    [{ type: "management" }, "management token cannot be associated with policies or roles"],
    [{ type: "management", policies: [], roles: ["r"] }, "management token cannot be associated with policies or roles"],
    [{ type: "" }, "token type must be client or management"],
    [{ type: "root", policies: [] }, "token type must be client or management"],
    [{ expirationTtlMs: -MINUTE }, "token expiration TTL '-1m0s' should not be negative", "expiration time cannot be before create time", "expiration time cannot be less than 1m0s in the future (was -1m0s)"],
    [{ type: "x", name: "x".repeat(257) }, "token name too long", "token type must be client or management"],
    [{ expirationTtlMs: MINUTE - 1 }, "expiration time cannot be less than 1m0s in the future (was 59.999s)"],
    [{ expirationTtlMs: 48 * HOUR }, "expiration time cannot be more than 24h0m0s in the future (was 48h0m0s)"],
    [{ expirationTime: NOW + 25 * HOUR }, "expiration time cannot be more than 24h0m0s in the future (was 25h0m0s)"],
    [{ expirationTime: NOW - HOUR }, "expiration time cannot be before create time", "expiration time cannot be less than 1m0s in the future (was -1h0m0s)"],
  ])("with %j is refused: %s", (fields, ...problems) => {
    const message = `token 0 invalid: ${multierror(problems)}`;
    expect(validateTokenRequest(request(fields), context)).toEqual({ ok: false, error: { kind: "invalid-request", message, code: 400 } });
  });
});

describe("an update of a token", () => {
  const existing: ExistingToken = { global: true, expirationTtlMs: HOUR, expirationTime: NOW + MINUTE / 2 };

  it("keeps the end it has", () => {
    const result = validateTokenRequest(request({ global: true, expirationTtlMs: HOUR }), { ...context, existing });
    expect(result).toEqual({ ok: true, value: { type: "client", expirationTime: NOW + MINUTE / 2 } });
  });

  it.each<[Partial<TokenRequest>, ...string[]]>([
    [{ global: false }, "cannot toggle global mode"],
    [{ global: true, expirationTtlMs: 2 * HOUR }, "cannot update expiration TTL"],
    [{ global: true, expirationTime: NOW + HOUR }, "cannot update expiration time"],
    [{ global: true, policies: [] }, "client token missing policies or roles"],
  ])("with %j is refused: %s", (fields, ...problems) => {
    const message = `token 0 invalid: ${multierror(problems)}`;
    expect(validateTokenRequest(request(fields), { ...context, existing })).toEqual({ ok: false, error: { kind: "invalid-request", message, code: 400 } });
  });
});

describe("a policy", () => {
  const policy = { pathName: "ops", name: "ops", description: "", rules: 'agent { policy = "read" }' };

  it("is accepted with its rules", () => {
    expect(validatePolicyRequest(policy)).toMatchObject({ ok: true, value: { levels: { agent: "read" } } });
  });

  it.each<[object, string]>([
    [{ name: "dev" }, "ACL policy name does not match request path"],
    [{ name: "a b", pathName: "a b" }, "policy 0 invalid: 1 error occurred:\n\t* invalid name 'a b'\n\n"],
    [{ name: "", pathName: "" }, "policy 0 invalid: 1 error occurred:\n\t* invalid name ''\n\n"],
    [{ name: "x".repeat(129), pathName: "x".repeat(129) }, `policy 0 invalid: 1 error occurred:\n\t* invalid name '${"x".repeat(129)}'\n\n`],
    [{ description: "x".repeat(257) }, "policy 0 invalid: 1 error occurred:\n\t* description longer than 256\n\n"],
    [{ rules: "foo {}" }, "policy 0 invalid: 1 error occurred:\n\t* failed to parse rules: Invalid or duplicate policy keys: foo\n\n"],
    [{ rules: "agent {" }, 'policy 0 invalid: 1 error occurred:\n\t* failed to parse rules: Failed to parse ACL Policy: line 1, column 8: expected "}", but found the end of the text\n\n'],
  ])("with %j is refused: %s", (fields, message) => {
    expect(validatePolicyRequest({ ...policy, ...fields })).toEqual({ ok: false, error: { kind: "invalid-request", message, code: 400 } });
  });
});
