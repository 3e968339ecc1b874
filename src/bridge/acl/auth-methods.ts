/** @module Auth methods: how people and machines get a token by another proof. Used by http-app.ts. */
import { DEFAULT_TTL_BOUNDS } from "../../access/acl-requests.ts";
import { checkAuthMethod } from "../../access/login/auth-method.ts";
import { type AclAuthMethodConfig, type AclAuthMethodObject, aclAuthMethodSpec } from "../../api/acl.ts";
import { durationMs, formatDuration } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { indexOf } from "../../mapping/nomad-job.ts";
import { hashOf } from "../acl-shapes.ts";
import { type Body, durationOf, isTrue, objectOf, textMapOf, textOf, textsOf } from "../body.ts";
import { empty, json, type Reply, text } from "../reply.ts";
import type { RequestContext, Routes } from "../request-context.ts";
import { aclFailure } from "./failure.ts";

const NOT_FOUND = text(404, "ACL auth-method not found");
const NS_PER_MS = 1_000_000;
/** What stands for a secret that is kept and not shown. */
const REDACTED = "redacted";

function view(object: AclAuthMethodObject) {
  const { name, type, tokenLocality, tokenNameFormat, maxTokenTtl, default: isDefault, config, createTime, modifyTime } = aclAuthMethodSpec.parse(object.spec);
  return {
    Name: name,
    Type: type,
    TokenLocality: tokenLocality,
    TokenNameFormat: tokenNameFormat,
    MaxTokenTTL: formatDuration(durationMs(maxTokenTtl)),
    Default: isDefault,
    Config: configView(config),
    Hash: hashOf(JSON.stringify(object.spec)),
    CreateTime: createTime,
    ModifyTime: modifyTime,
    CreateIndex: indexOf(object),
    ModifyIndex: indexOf(object),
  };
}

function configView(config: AclAuthMethodConfig) {
  const leeway = (value: string) => durationMs(value) * NS_PER_MS;
  return {
    JWTValidationPubKeys: config.jwtValidationPubKeys,
    JWKSURL: config.jwksUrl,
    JWKSCACert: config.jwksCaCert,
    OIDCDiscoveryURL: config.oidcDiscoveryUrl,
    OIDCClientID: config.oidcClientId,
    OIDCClientSecret: config.oidcClientSecret === "" ? "" : REDACTED,
    OIDCEnablePKCE: config.oidcEnablePkce,
    OIDCDisableUserInfo: config.oidcDisableUserInfo,
    OIDCScopes: config.oidcScopes,
    BoundAudiences: config.boundAudiences,
    BoundIssuer: config.boundIssuer,
    AllowedRedirectURIs: config.allowedRedirectUris,
    DiscoveryCaPem: config.discoveryCaPem,
    SigningAlgs: config.signingAlgs,
    ExpirationLeeway: leeway(config.expirationLeeway),
    NotBeforeLeeway: leeway(config.notBeforeLeeway),
    ClockSkewLeeway: leeway(config.clockSkewLeeway),
    ClaimMappings: config.claimMappings,
    ListClaimMappings: config.listClaimMappings,
    VerboseLogging: false,
  };
}

/** Whoever logs in has no token yet. */
const listMethods = ({ acl }: RequestContext): Reply =>
  json([...acl.authMethods.all()].map(view).map(({ Name, Type, Default, Hash, CreateIndex, ModifyIndex }) => ({ Name, Type, Default, Hash, CreateIndex, ModifyIndex })));

function readMethod({ acl, params }: RequestContext): Reply {
  const method = acl.authMethods.byName(params["method"] ?? "");
  return method === undefined ? NOT_FOUND : json(view(method));
}

async function writeMethod(context: RequestContext): Promise<Reply> {
  const { acl, params, body, now } = context;
  const name = params["method"] ?? textOf(body, "Name");
  const before = acl.authMethods.byName(name);
  if (textOf(body, "Name") !== name) return text(400, "ACL auth-method name does not match request path");
  const request = readMethodRequest(body, name);
  if (!request.ok) return text(400, request.error);
  const { type, isDefault, config, ...fields } = request.value;
  const other = [...acl.authMethods.all()].find(({ spec }) => isDefault && spec.default === true && spec.type === type && spec.name !== name);
  if (other !== undefined) return text(400, `default auth method for type ${type} already exists: ${other.spec.name}`);
  const oidcClientSecret = type === "OIDC" ? await keptSecret(context, name, before) : ok("");
  if (!oidcClientSecret.ok) return text(500, oidcClientSecret.error);
  const time = new Date(now).toISOString();
  const spec = { name, type, ...fields, default: isDefault, config: { ...config, oidcClientSecret: oidcClientSecret.value } };
  const written = await acl.authMethods.put(name, { ...spec, createTime: before?.spec.createTime ?? time, modifyTime: time });
  return written.ok ? json(view(written.value)) : aclFailure(written.error);
}

function readMethodRequest(body: Body, name: string) {
  const config = readConfig(objectOf(body, "Config"));
  if (!config.ok) return config;
  const ttl = durationOf(body, "MaxTokenTTL");
  if (!ttl.ok) return ttl;
  const tokenLocality = textOf(body, "TokenLocality") || "local";
  const type = checkAuthMethod({ name, type: textOf(body, "Type"), tokenLocality, maxTokenTtlMs: ttl.value, config: (body["config"] ?? null) === null ? undefined : config.value }, DEFAULT_TTL_BOUNDS);
  if (!type.ok) return type;
  const locality = tokenLocality === "global" ? ("global" as const) : ("local" as const);
  const fields = { tokenLocality: locality, tokenNameFormat: textOf(body, "TokenNameFormat"), maxTokenTtl: formatDuration(ttl.value) };
  return ok({ type: type.value, isDefault: isTrue(body, "Default"), config: config.value, ...fields });
}

/** Name of the Secret that holds it. What was shown in its place leaves it as it is. */
async function keptSecret({ body, logins }: RequestContext, name: string, before: AclAuthMethodObject | undefined): Promise<Result<string, string>> {
  const secret = textOf(objectOf(body, "Config"), "OIDCClientSecret");
  const known = before?.spec.config?.oidcClientSecret ?? "";
  return secret === REDACTED && known !== "" ? ok(known) : logins.keepSecret(name, secret);
}

/** Without the client's secret, which is kept elsewhere. */
function readConfig(sent: Body): Result<AclAuthMethodConfig, string> {
  const leeways = ["ExpirationLeeway", "NotBeforeLeeway", "ClockSkewLeeway"].map((name) => durationOf(sent, name));
  const texts: string[] = [];
  for (const leeway of leeways) {
    if (!leeway.ok) return err(leeway.error);
    texts.push(formatDuration(Math.max(0, leeway.value)));
  }
  const [expirationLeeway = "0s", notBeforeLeeway = "0s", clockSkewLeeway = "0s"] = texts;
  return ok({
    jwtValidationPubKeys: [...textsOf(sent, "JWTValidationPubKeys")],
    jwksUrl: textOf(sent, "JWKSURL"),
    jwksCaCert: textOf(sent, "JWKSCACert"),
    oidcDiscoveryUrl: textOf(sent, "OIDCDiscoveryURL"),
    oidcClientId: textOf(sent, "OIDCClientID"),
    oidcClientSecret: "",
    oidcEnablePkce: isTrue(sent, "OIDCEnablePKCE"),
    oidcDisableUserInfo: isTrue(sent, "OIDCDisableUserInfo"),
    oidcScopes: [...textsOf(sent, "OIDCScopes")],
    boundAudiences: [...textsOf(sent, "BoundAudiences")],
    boundIssuer: [...textsOf(sent, "BoundIssuer")],
    allowedRedirectUris: [...textsOf(sent, "AllowedRedirectURIs")],
    discoveryCaPem: [...textsOf(sent, "DiscoveryCaPem")],
    signingAlgs: [...textsOf(sent, "SigningAlgs")],
    expirationLeeway,
    notBeforeLeeway,
    clockSkewLeeway,
    claimMappings: { ...textMapOf(sent, "ClaimMappings") },
    listClaimMappings: { ...textMapOf(sent, "ListClaimMappings") },
  });
}

async function deleteMethod({ acl, params, logins }: RequestContext): Promise<Reply> {
  const name = params["method"] ?? "";
  const method = acl.authMethods.byName(name);
  if (method === undefined) return text(500, "ACL auth method not found");
  const gone = await acl.authMethods.remove(method);
  if (!gone.ok) return aclFailure(gone.error);
  await logins.forgetSecret(name);
  return empty;
}

export const AUTH_METHOD_ROUTES: Routes = {
  "GET /v1/acl/auth-methods": listMethods,
  "PUT /v1/acl/auth-method": writeMethod,
  "GET /v1/acl/auth-method/:method": readMethod,
  "PUT /v1/acl/auth-method/:method": writeMethod,
  "DELETE /v1/acl/auth-method/:method": deleteMethod,
};
