/** @module Who makes a request: a token's secret becomes an identity with compiled rights. Used by authorize-request.ts, authorize-exec.ts and the bridge. */
import { err, ok, type Result } from "../lib/result.ts";
import { type Acl, compileAcl, isManagement, MANAGEMENT_ACL } from "../nomad/acl/acl.ts";
import { parsePolicy } from "../nomad/acl/parse-policy.ts";
import type { Policy } from "../nomad/acl/policy.ts";
import { TOKEN_EXPIRED, TOKEN_INVALID, TOKEN_NOT_FOUND } from "../nomad/texts.ts";
import { type AccessError, permissionDenied } from "./access-error.ts";
import { sha256 } from "./sha256.ts";
import type { AccessStore, StoredPolicy, StoredToken } from "./store.ts";

declare const authenticated: unique symbol;

/** Someone whose token was checked, someone without a token, or everyone where ACLs are off. Nothing but an `Authenticate` makes one. */
export type Identity = {
  readonly [authenticated]: true;
  readonly kind: "token" | "anonymous" | "acl-disabled";
  readonly accessorId: string;
  readonly tokenName: string;
  /** By name, those of its roles too. */
  readonly policies: readonly string[];
  /** IDs. */
  readonly roles: readonly string[];
  readonly acl: Acl;
  /** Epoch ms; absent: never. */
  readonly expirationTime?: number;
};

/** @param now epoch ms. An absent or blank secret is the anonymous one. */
export type Authenticate = (secret: string | undefined, now: number) => Result<Identity, AccessError>;

export type AuthenticatorDeps = {
  readonly store: AccessStore;
  /** False: everyone may do everything, as on a Nomad agent without an `acl` block. */
  readonly aclEnabled: boolean;
  /** How many sets of policies are kept compiled; 512 unless given. */
  readonly cacheSize?: number;
};

export const ANONYMOUS_POLICY = "anonymous";

/** Nomad takes anything else for a workload identity, which this release has none of. */
const SECRET_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The secret is hashed before anything is compared, so the time a lookup takes says nothing about it. Used for storing, too. */
export function secretHash(secret: string): string {
  return sha256(secret);
}

/**
 * Holds a bounded cache of compiled policies, keyed by their versions, so that a policy that changed counts at once.
 * Policies that do not exist are passed over; one that cannot be read refuses, because what it denies is unknown.
 */
export function createAuthenticator(deps: AuthenticatorDeps): Authenticate {
  const aclFor = createCompiler(deps.store, deps.cacheSize ?? 512);
  return (secret, now) => {
    if (!deps.aclEnabled) return ok(everyone());
    const trimmed = secret?.trim() ?? "";
    if (trimmed === "") return anonymousIdentity(aclFor);
    const token = checkSecret(deps.store, trimmed, now);
    return token.ok ? tokenIdentity(token.value, deps.store, aclFor) : token;
  };
}

/** What the endpoints that ask a Nomad server say: whatever is wrong with a token, permission is denied. */
export function asServerError(error: AccessError): AccessError {
  const aboutToken = error.kind === "token-not-found" || error.kind === "token-expired" || error.kind === "token-invalid";
  return aboutToken ? permissionDenied() : error;
}

/** Everyone may read the anonymous policy; others only who has them on their token. */
export function mayReadPolicy(identity: Identity, policy: string): boolean {
  return isManagement(identity.acl) || policy === ANONYMOUS_POLICY || identity.policies.includes(policy);
}

type CompileFor = (policies: readonly string[]) => Result<Acl, AccessError>;

function checkSecret(store: AccessStore, secret: string, now: number): Result<StoredToken, AccessError> {
  if (!SECRET_PATTERN.test(secret)) return err({ kind: "token-invalid", message: TOKEN_INVALID });
  const token = store.tokenBySecretHash(secretHash(secret));
  if (token === undefined) return err({ kind: "token-not-found", message: TOKEN_NOT_FOUND });
  return isExpired(token, now) ? err({ kind: "token-expired", message: TOKEN_EXPIRED }) : ok(token);
}

/** Not written as `<=`, so that NaN is expired. */
const isExpired = (token: StoredToken, now: number): boolean => token.expirationTime !== undefined && !(token.expirationTime > now);

function everyone(): Identity {
  return identity({ kind: "acl-disabled", accessorId: "acls-disabled", tokenName: "ACLs disabled", policies: [], roles: [], acl: MANAGEMENT_ACL });
}

function anonymousIdentity(aclFor: CompileFor): Result<Identity, AccessError> {
  const acl = aclFor([ANONYMOUS_POLICY]);
  if (!acl.ok) return acl;
  return ok(identity({ kind: "anonymous", accessorId: "anonymous", tokenName: "Anonymous Token", policies: [ANONYMOUS_POLICY], roles: [], acl: acl.value }));
}

/** A role counts as it is now, and one that is gone grants nothing. */
function tokenIdentity(token: StoredToken, store: AccessStore, aclFor: CompileFor): Result<Identity, AccessError> {
  const policies = [...new Set([...token.policies, ...token.roles.flatMap((role) => store.rolePolicies(role) ?? [])])];
  const acl = token.type === "management" ? ok(MANAGEMENT_ACL) : aclFor(policies);
  if (!acl.ok) return acl;
  const { accessorId, name: tokenName, roles, expirationTime } = token;
  const fields = { kind: "token" as const, accessorId, tokenName, policies, roles, acl: acl.value };
  return ok(identity(expirationTime === undefined ? fields : { ...fields, expirationTime }));
}

/** The one place that puts the mark on. */
function identity(fields: Omit<Identity, typeof authenticated>): Identity {
  return Object.freeze(fields) as Identity;
}

function createCompiler(store: AccessStore, cacheSize: number): CompileFor {
  const compiled = new Map<string, Acl>();
  return (names) => {
    const policies = [...new Set(names)].sort().flatMap((name) => store.policy(name) ?? []);
    const key = JSON.stringify(policies.map(({ name, version }) => [name, version]));
    const known = compiled.get(key);
    const acl = known === undefined ? compile(policies) : ok(known);
    if (acl.ok) remember(compiled, { key, acl: acl.value }, cacheSize);
    return acl;
  };
}

function compile(stored: readonly StoredPolicy[]): Result<Acl, AccessError> {
  const policies: Policy[] = [];
  for (const { name, rules } of stored) {
    const policy = parsePolicy(rules, "lenient");
    if (!policy.ok) return err({ kind: "policy-unreadable", message: `ACL policy "${name}" cannot be read`, detail: policy.error });
    policies.push(policy.value);
  }
  return ok(compileAcl(policies));
}

/** Puts the entry last, and drops what was used longest ago. */
function remember(cache: Map<string, Acl>, entry: { readonly key: string; readonly acl: Acl }, size: number): void {
  cache.delete(entry.key);
  cache.set(entry.key, entry.acl);
  for (const key of cache.keys()) {
    if (cache.size <= size) return;
    cache.delete(key);
  }
}
