/** @module What a token or policy must look like to be stored, with Nomad's refusals. Used by the ACL endpoints of the bridge. */
import { formatDuration } from "../lib/duration.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { parsePolicy } from "../nomad/acl/parse-policy.ts";
import type { Policy } from "../nomad/acl/policy.ts";
import { errorIf, multierror } from "../nomad/jobspec/validation/multierror.ts";
import {
  CANNOT_TOGGLE_GLOBAL, CANNOT_UPDATE_EXPIRATION, CANNOT_UPDATE_TTL, EXPIRES_BEFORE_CREATED, expiresTooLate, expiresTooSoon, MANAGEMENT_TAKES_NO_POLICIES, negativeTtl,
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

/** All that is wrong, in one text. Of a new token a TTL becomes its expiration time; an update keeps the one it has. */
export function validateTokenRequest(request: TokenRequest, context: TokenContext): Result<AcceptedToken, AccessError> {
  const type = checkType(request);
  const { existing } = context;
  const expirationTime = existing === undefined ? newExpiration(request, context.now) : existing.expirationTime;
  const problems = [
    ...errorIf(request.name.length > 256, TOKEN_NAME_TOO_LONG),
    ...(type.ok ? [] : [type.error]),
    ...(existing === undefined ? lifeProblems(request, context, expirationTime) : updateProblems(request, existing)),
  ];
  if (!type.ok || problems.length > 0) return refuse(`token 0 invalid: ${multierror(problems)}`);
  return ok(expirationTime === undefined ? { type: type.value } : { type: type.value, expirationTime });
}

function checkType({ type, policies, roles }: TokenRequest): Result<TokenType, string> {
  const count = policies.length + roles.length;
  if (type === "client") return count === 0 ? err(TOKEN_NEEDS_POLICIES) : ok(type);
  if (type === "management") return count > 0 ? err(MANAGEMENT_TAKES_NO_POLICIES) : ok(type);
  return err(WRONG_TOKEN_TYPE);
}

function newExpiration({ expirationTime, expirationTtlMs }: TokenRequest, now: number): number | undefined {
  return expirationTime ?? (expirationTtlMs === 0 ? undefined : now + expirationTtlMs);
}

function lifeProblems({ expirationTtlMs }: TokenRequest, { minTtlMs, maxTtlMs, now }: TokenContext, expirationTime: number | undefined): readonly string[] {
  if (expirationTime === undefined) return [];
  const ttl = expirationTime - now;
  const was = formatDuration(ttl);
  return [
    ...errorIf(expirationTtlMs < 0, negativeTtl(formatDuration(expirationTtlMs))),
    ...errorIf(ttl < 0, EXPIRES_BEFORE_CREATED),
    ...errorIf(ttl > maxTtlMs, expiresTooLate(formatDuration(maxTtlMs), was)),
    // Not written as `<`, so that NaN is too soon.
    ...errorIf(!(ttl >= minTtlMs), expiresTooSoon(formatDuration(minTtlMs), was)),
  ];
}

function updateProblems(request: TokenRequest, existing: ExistingToken): readonly string[] {
  const isOtherTime = request.expirationTime !== undefined && request.expirationTime !== existing.expirationTime;
  return [
    ...errorIf(request.global !== existing.global, CANNOT_TOGGLE_GLOBAL),
    ...errorIf(request.expirationTtlMs !== 0 && request.expirationTtlMs !== existing.expirationTtlMs, CANNOT_UPDATE_TTL),
    ...errorIf(isOtherTime, CANNOT_UPDATE_EXPIRATION),
  ];
}

/** `name` is the body's, `pathName` the one that the URL ends in. */
export type PolicyRequest = { readonly pathName: string; readonly name: string; readonly description: string; readonly rules: string };

/** The parsed rules, for `RulesJSON`. */
export function validatePolicyRequest({ pathName, name, description, rules }: PolicyRequest): Result<Policy, AccessError> {
  if (name !== pathName) return refuse(POLICY_NAME_MISMATCH);
  const policy = parsePolicy(rules, "strict");
  const problems = [
    ...errorIf(!/^[a-zA-Z0-9-]{1,128}$/.test(name), `invalid name '${name}'`),
    ...(policy.ok ? [] : [`failed to parse rules: ${policy.error}`]),
    ...errorIf(description.length > 256, "description longer than 256"),
  ];
  return policy.ok && problems.length === 0 ? policy : refuse(`policy 0 invalid: ${multierror(problems)}`);
}

const refuse = (message: string): Result<never, AccessError> => err({ kind: "invalid-request", message, code: 400 });
