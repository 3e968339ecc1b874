/** @module A JWT verified as its auth method wants it: signature, times, audience, issuer. Used by logins. */
import { createLocalJWKSet, importSPKI, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { checkClaims } from "../../access/login/auth-method.ts";
import type { Claims } from "../../access/login/bindings.ts";
import { durationMs } from "../../lib/duration.ts";
import { err, messageOf, ok, type Result } from "../../lib/result.ts";
import { fetchJson } from "./fetch-json.ts";
import type { MethodContext } from "./method-context.ts";

/** Never HMAC: what verifies with a public key must not verify with that key as a shared secret. */
const SIGNING_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];

export async function verifyToken(context: MethodContext, token: string): Promise<Result<Claims, string>> {
  const { config } = context;
  const payload = config.jwtValidationPubKeys.length > 0 ? await byKeys(context, token) : await byKeySet(context, token);
  if (!payload.ok) return payload;
  const bound = checkClaims(payload.value, config);
  return bound.ok ? ok(payload.value) : bound;
}

async function byKeys(context: MethodContext, token: string): Promise<Result<JWTPayload, string>> {
  let last: Result<JWTPayload, string> = err("no key verifies it");
  for (const pem of context.config.jwtValidationPubKeys) {
    for (const algorithm of algorithmsOf(context)) {
      const key = await importSPKI(pem, algorithm).catch(() => undefined);
      if (key === undefined) continue;
      last = await verified(context, token, () => key);
      if (last.ok) return last;
    }
  }
  return last;
}

async function byKeySet(context: MethodContext, token: string): Promise<Result<JWTPayload, string>> {
  const keys = await keySet(context);
  return keys.ok ? verified(context, token, createLocalJWKSet(keys.value)) : keys;
}

async function keySet({ config }: MethodContext): Promise<Result<JSONWebKeySet, string>> {
  const ca = config.jwksUrl === "" ? config.discoveryCaPem : config.jwksCaCert === "" ? [] : [config.jwksCaCert];
  const url = config.jwksUrl === "" ? await discoveredKeys(config.oidcDiscoveryUrl, ca) : ok(config.jwksUrl);
  if (!url.ok) return url;
  const found = await fetchJson(url.value, { ca });
  if (!found.ok) return found;
  return Array.isArray(found.value["keys"]) ? ok(found.value as unknown as JSONWebKeySet) : err(`${url.value} answered with no key set`);
}

async function discoveredKeys(issuer: string, ca: readonly string[]): Promise<Result<string, string>> {
  const found = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, { ca });
  if (!found.ok) return found;
  const uri = found.value["jwks_uri"];
  return typeof uri === "string" ? ok(uri) : err(`the issuer ${issuer} names no keys`);
}

function algorithmsOf({ config }: MethodContext): readonly string[] {
  const wanted = config.signingAlgs.length === 0 ? ["RS256"] : config.signingAlgs;
  return wanted.filter((each) => SIGNING_ALGORITHMS.includes(each));
}

async function verified(context: MethodContext, token: string, key: JWTVerifyGetKey): Promise<Result<JWTPayload, string>> {
  const { expirationLeeway, notBeforeLeeway, clockSkewLeeway } = context.config;
  const leewayMs = Math.max(...[expirationLeeway, notBeforeLeeway, clockSkewLeeway].map(durationMs));
  try {
    const { payload } = await jwtVerify(token, key, { algorithms: [...algorithmsOf(context)], clockTolerance: leewayMs / 1000, currentDate: new Date(context.now), requiredClaims: ["exp"] });
    return ok(payload);
  } catch (error) {
    return err(messageOf(error));
  }
}
