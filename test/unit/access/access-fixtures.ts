/** @module Tokens, policies and identities for the tests of access. */
import { type Authenticate, createAuthenticator, type Identity, secretHash } from "../../../src/access/authenticate.ts";
import type { AccessStore, StoredPolicy, StoredToken } from "../../../src/access/store.ts";

export const NOW = 1_800_000_000_000;

/** The n-th secret, in the shape that Nomad's secrets have. */
export const secretOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export function tokenOf(n: number, fields: Partial<StoredToken> = {}): StoredToken {
  const base = { name: `token ${n}`, type: "client" as const, policies: [], roles: [], global: false, createTime: NOW };
  return { accessorId: `accessor-${n}`, secretHash: secretHash(secretOf(n)), ...base, ...fields };
}

/** @param policies rules by policy name */
export function storeOf(tokens: readonly StoredToken[], policies: Readonly<Record<string, string>> = {}, roles: Readonly<Record<string, readonly string[]>> = {}): AccessStore {
  const stored = new Map<string, StoredPolicy>(Object.entries(policies).map(([name, rules]) => [name, { name, description: "", rules, version: rules }]));
  return { tokenBySecretHash: (hash) => tokens.find((token) => token.secretHash === hash), policy: (name) => stored.get(name), rolePolicies: (id) => roles[id] };
}

/** An authenticator that knows one client token, number 1, with these rules, and one management token, number 2. */
export function authenticatorWith(rules: string): Authenticate {
  const tokens = [tokenOf(1, { policies: ["p"] }), tokenOf(2, { type: "management" })];
  return createAuthenticator({ store: storeOf(tokens, { p: rules }), aclEnabled: true });
}

/** Who holds token 1 with these rules; "management" gives the holder of a management token. */
export function identityWith(rules: string): Identity {
  const identity = authenticatorWith(rules)(secretOf(rules === "management" ? 2 : 1), NOW);
  if (!identity.ok) throw new Error(identity.error.detail ?? identity.error.message);
  return identity.value;
}
