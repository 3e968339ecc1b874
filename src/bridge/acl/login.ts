/** @module Logins: a proof from elsewhere becomes a token of ours, by the binding rules of its method. Used by http-app.ts. */
import { randomUUID } from "node:crypto";
import { secretHash } from "../../access/authenticate.ts";
import { isRedirectAllowed } from "../../access/login/auth-method.ts";
import { bindingsFor, type Bindings, type Claims, fillIn, type SelectorData, selectorData } from "../../access/login/bindings.ts";
import { type AclAuthMethodObject, type AclAuthMethodSpec, type AclTokenObject, aclAuthMethodSpec, aclBindingRuleSpec } from "../../api/acl.ts";
import { durationMs } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { multierror } from "../../nomad/jobspec/validation/multierror.ts";
import { tokenView } from "../acl-shapes.ts";
import { textOf } from "../body.ts";
import { json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { aclFailure } from "./failure.ts";

type Method = { readonly object: AclAuthMethodObject; readonly spec: AclAuthMethodSpec };

function methodOf({ acl, body }: RequestContext, type: "OIDC" | "JWT"): Result<Method, Reply> {
  const name = textOf(body, "AuthMethodName");
  const object = acl.authMethods.byName(name);
  if (object === undefined) return err(text(400, `auth-method "${name}" not found`));
  const spec = aclAuthMethodSpec.safeParse(object.spec);
  if (!spec.success) return err(text(500, `auth-method "${name}" cannot be read`));
  return spec.data.type === type ? ok({ object, spec: spec.data }) : err(text(400, `auth-method "${name}" is of type ${spec.data.type}, and this is the way of ${type}`));
}

/** By a JWT that the machine has. */
async function login(context: RequestContext): Promise<Reply> {
  const wrong = missingOf(context, "login", { AuthMethodName: "auth method name", LoginToken: "login token" });
  if (wrong !== undefined) return wrong;
  const method = methodOf(context, "JWT");
  if (!method.ok) return method.error;
  const token = textOf(context.body, "LoginToken");
  const claims = await context.logins.verifyJwt(method.value.object, token);
  return claims.ok ? tokenFor(context, method.value, claims.value) : text(401, `unable to validate provided token: unable to verify signature of JWT token: ${claims.error}`);
}

const BEGINNING = { AuthMethodName: "auth method name", ClientNonce: "client nonce" };

async function authUrl(context: RequestContext): Promise<Reply> {
  const wrong = missingOf(context, "OIDC auth-url", { ...BEGINNING, RedirectURI: "redirect URI" });
  if (wrong !== undefined) return wrong;
  const method = methodOf(context, "OIDC");
  if (!method.ok) return method.error;
  const beginning = beginningOf(context, method.value.spec.name);
  if (!isRedirectAllowed(beginning.redirectUri, method.value.spec.config.allowedRedirectUris)) return text(400, `unauthorized redirect_uri: ${beginning.redirectUri}`);
  const url = await context.logins.authUrl(method.value.object, beginning);
  return url.ok ? json({ AuthURL: url.value }) : text(500, `failed to generate auth URL: ${url.error}`);
}

async function completeAuth(context: RequestContext): Promise<Reply> {
  const wrong = missingOf(context, "OIDC complete-auth", { ...BEGINNING, State: "state", Code: "code", RedirectURI: "redirect URI" });
  if (wrong !== undefined) return wrong;
  const method = methodOf(context, "OIDC");
  if (!method.ok) return method.error;
  const state = textOf(context.body, "State");
  const code = textOf(context.body, "Code");
  const claims = await context.logins.completeOidc(method.value.object, { ...beginningOf(context, method.value.spec.name), state, code });
  return claims.ok ? tokenFor(context, method.value, claims.value) : text(403, `login failed: ${claims.error}`);
}

const beginningOf = ({ body }: RequestContext, method: string) => ({ method, clientNonce: textOf(body, "ClientNonce"), redirectUri: textOf(body, "RedirectURI") });

/** @param needed the members that must be there, with what Nomad calls each */
function missingOf({ body }: RequestContext, request: string, needed: Readonly<Record<string, string>>): Reply | undefined {
  const missing = Object.entries(needed).flatMap(([member, title]) => (textOf(body, member) === "" ? [`missing ${title}`] : []));
  return missing.length === 0 ? undefined : text(400, `invalid ${request} request: ${multierror(missing)}`);
}

async function tokenFor(context: RequestContext, { spec }: Method, claims: Claims): Promise<Reply> {
  const { acl, now } = context;
  const data = selectorData(claims, spec.config);
  const rules = [...acl.bindingRules.all()].flatMap((rule) => {
    const parsed = aclBindingRuleSpec.safeParse(rule.spec);
    return parsed.success && parsed.data.authMethod === spec.name ? [parsed.data] : [];
  });
  const bindings = bindingsFor(rules, data, { hasPolicy: (name) => acl.policy(name) !== undefined, roleId: (name) => acl.roles.byName(name)?.spec.id });
  if (!bindings.management && bindings.policies.length + bindings.roles.length === 0) return text(400, "no role or policy bindings matched");
  const tokens = [...acl.tokens()];
  if (tokens.filter(({ spec: { expirationTime } }) => expirationTime !== undefined && Date.parse(expirationTime) > now).length >= MAX_EXPIRING) return text(429, TOO_MANY_TOKENS);
  await forgetExpired(acl, tokens, now);
  const secret = randomUUID();
  const accessorId = randomUUID();
  const ttlMs = durationMs(spec.maxTokenTtl);
  const created = await acl.createToken(accessorId, {
    accessorId,
    secretHash: secretHash(secret),
    name: tokenName(spec, data),
    ...rightsOf(bindings),
    global: spec.tokenLocality === "global",
    createTime: new Date(now).toISOString(),
    expirationTtl: spec.maxTokenTtl,
    expirationTime: new Date(now + ttlMs).toISOString(),
  });
  return created.ok ? json(tokenView(acl, created.value, secret)) : aclFailure(created.error);
}

/** Each login leaves an object in the API server's store: one proof must not fill it. */
const MAX_EXPIRING = 10_000;
const TOO_MANY_TOKENS = `${MAX_EXPIRING} tokens that expire are alive, and no more are made by logins: delete some, or wait until they have expired`;

/** Nomad keeps an expired token for an hour, too. */
const KEPT_EXPIRED_MS = 3_600_000;
const FORGOTTEN_AT_ONCE = 10;

/** More than a login makes, so that they become fewer. A bootstrap's tombstone is not named for its accessor, and stays. One that cannot be deleted now is left to the next. */
async function forgetExpired(acl: RequestContext["acl"], tokens: readonly AclTokenObject[], now: number): Promise<void> {
  const isOver = ({ metadata, spec }: AclTokenObject) =>
    metadata.name === spec.accessorId && spec.expirationTime !== undefined && Date.parse(spec.expirationTime) < now - KEPT_EXPIRED_MS;
  await Promise.all(tokens.filter(isOver).slice(0, FORGOTTEN_AT_ONCE).map(async (token) => await acl.deleteToken(token)));
}

function rightsOf({ management, policies, roles }: Bindings) {
  if (management) return { type: "management" as const, policies: [], roles: [] };
  return { type: "client" as const, policies: [...policies], roles: [...roles] };
}

const DEFAULT_NAME = "${auth_method_type}-${auth_method_name}";
const MAX_NAME = 256;

function tokenName({ tokenNameFormat, type, name }: AclAuthMethodSpec, data: SelectorData): string {
  const known = { auth_method_type: type, auth_method_name: name };
  const filled = fillIn(tokenNameFormat === "" ? DEFAULT_NAME : tokenNameFormat, data, known) ?? `${type}-${name}`;
  return filled.slice(0, MAX_NAME).toWellFormed();
}

export const LOGIN_ROUTES: Routes = {
  "PUT /v1/acl/login": login,
  "PUT /v1/acl/oidc/auth-url": authUrl,
  "PUT /v1/acl/oidc/complete-auth": completeAuth,
};
