/** @module What a token or policy must look like to be stored, with Nomad's refusals. Used by the ACL endpoints of the bridge. */
import { formatDuration } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { parsePolicy } from "../nomad/acl/parse-policy.ts";
import type { Policy } from "../nomad/acl/policy.ts";
import {
  CANNOT_TOGGLE_GLOBAL, CANNOT_UPDATE_EXPIRATION, CANNOT_UPDATE_TTL, expiresTooLate, expiresTooSoon, MANAGEMENT_TAKES_NO_POLICIES, negativeTtl,
  POLICY_NAME_MISMATCH, TOKEN_NAME_TOO_LONG, TOKEN_NEEDS_POLICIES, WRONG_TOKEN_TYPE,
} from "../nomad/texts.ts";
import type { AccessError } from "./access-error.ts";
import type { TokenType } from "./store.ts";

export type TokenRequest = {
  readonly name: string;
  readonly type: string;
  readonly policies: readonly string[];
  /** IDs or names. */
  readonly roles: readonly string[];
  readonly global: boolean;
  /** 0: none asked for. */
  readonly expirationTtlMs: number;
  /** Epoch ms; absent: none asked for; NaN: what was asked for is no time. */
  readonly expirationTime?: number;
};

/** The token that an update is for. */
export type ExistingToken = { readonly global: boolean; readonly expirationTtlMs: number; readonly expirationTime?: number };

export type TtlBounds = { readonly minTtlMs: number; readonly maxTtlMs: number };

/** Nomad's own, where the agent's configuration says nothing. */
export const DEFAULT_TTL_BOUNDS: TtlBounds = { minTtlMs: 60_000, maxTtlMs: 86_400_000 };

/** What of a checked request is stored. `expirationTime` is epoch ms. */
export type AcceptedToken = { readonly type: TokenType; readonly expirationTime?: number };

type TokenContext = TtlBounds & { readonly now: number; readonly existing?: ExistingToken };

/** Checks in Nomad's order. Of a new token a TTL becomes its expiration time; an update keeps the one it has. */
export function validateTokenRequest(request: TokenRequest, context: TokenContext): Result<AcceptedToken, AccessError> {
  if (request.name.length > 256) return refuse(TOKEN_NAME_TOO_LONG);
  const type = checkType(request);
  if (!type.ok) return type;
  if (request.expirationTtlMs < 0) return refuse(negativeTtl(formatDuration(request.expirationTtlMs)));
  const expiration = context.existing === undefined ? newExpiration(request, context) : keptExpiration(request, context.existing);
  if (!expiration.ok) return expiration;
  return ok(expiration.value === undefined ? { type: type.value } : { type: type.value, expirationTime: expiration.value });
}

function checkType({ type, policies, roles }: TokenRequest): Result<TokenType, AccessError> {
  const count = policies.length + roles.length;
  if (type === "client") return count === 0 ? refuse(TOKEN_NEEDS_POLICIES) : ok(type);
  if (type === "management") return count > 0 ? refuse(MANAGEMENT_TAKES_NO_POLICIES) : ok(type);
  return refuse(WRONG_TOKEN_TYPE);
}

function newExpiration(request: TokenRequest, context: TokenContext): Result<number | undefined, AccessError> {
  const fromTtl = request.expirationTtlMs > 0 ? context.now + request.expirationTtlMs : undefined;
  const expirationTime = request.expirationTime ?? fromTtl;
  if (expirationTime === undefined) return ok(undefined);
  if (Number.isNaN(expirationTime)) return refuse("expiration time is no time; write it as in 2006-01-02T15:04:05Z");
  const { minTtlMs, maxTtlMs, now } = context;
  const ttl = expirationTime - now;
  const was = formatDuration(ttl);
  if (ttl > maxTtlMs) return refuse(expiresTooLate(formatDuration(maxTtlMs), was));
  return ttl >= minTtlMs ? ok(expirationTime) : refuse(expiresTooSoon(formatDuration(minTtlMs), was));
}

function keptExpiration(request: TokenRequest, existing: ExistingToken): Result<number | undefined, AccessError> {
  if (request.global !== existing.global) return refuse(CANNOT_TOGGLE_GLOBAL);
  if (request.expirationTtlMs !== 0 && request.expirationTtlMs !== existing.expirationTtlMs) return refuse(CANNOT_UPDATE_TTL);
  const isOther = request.expirationTime !== undefined && request.expirationTime !== existing.expirationTime;
  return isOther ? refuse(CANNOT_UPDATE_EXPIRATION) : ok(existing.expirationTime);
}

/** `name` is the body's, `pathName` the one that the URL ends in. */
export type PolicyRequest = { readonly pathName: string; readonly name: string; readonly description: string; readonly rules: string };

/** The parsed rules, for `RulesJSON`. */
export function validatePolicyRequest({ pathName, name, description, rules }: PolicyRequest): Result<Policy, AccessError> {
  if (name !== pathName) return refuse(POLICY_NAME_MISMATCH);
  if (!/^[a-zA-Z0-9-]{1,128}$/.test(name)) return refuse(`Invalid ACL policy: invalid name '${name}'`);
  if (description.length > 256) return refuse(`Invalid ACL policy: description longer than 256 characters (${description.length})`);
  const policy = parsePolicy(rules, "strict");
  return policy.ok ? policy : refuse(policy.error);
}

const refuse = (message: string): Result<never, AccessError> => err({ kind: "invalid-request", message, code: 400 });
