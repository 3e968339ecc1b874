/** @module What an auth method must look like to be stored, and what a proof must say to be believed by it. Pure. Used by the ACL endpoints. */
import type { AclAuthMethodConfig } from "../../api/acl.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import type { Claims } from "./bindings.ts";

export type AuthMethodRequest = {
  readonly name: string;
  readonly type: string;
  readonly tokenLocality: string;
  readonly maxTokenTtlMs: number;
  readonly config: AclAuthMethodConfig;
};

/** The bounds are those of any token. The error is for a 400. */
export function checkAuthMethod(request: AuthMethodRequest, bounds: { readonly minTtlMs: number; readonly maxTtlMs: number }): Result<"OIDC" | "JWT", string> {
  const { name, type, tokenLocality, maxTokenTtlMs, config } = request;
  if (!/^[a-zA-Z0-9-]{1,128}$/.test(name)) return err(`invalid name '${name}'`);
  if (type !== "OIDC" && type !== "JWT") return err(`invalid token type '${type}'`);
  if (tokenLocality !== "local" && tokenLocality !== "global") return err(`invalid token locality '${tokenLocality}'`);
  if (maxTokenTtlMs < bounds.minTtlMs || maxTokenTtlMs > bounds.maxTtlMs) return err("MaxTokenTTL must be within the bounds of a token's lifetime, one minute and a day");
  const missing = type === "OIDC" ? checkOidc(config) : checkJwt(config);
  return missing === undefined ? ok(type) : err(missing);
}

function checkOidc({ oidcDiscoveryUrl, oidcClientId, allowedRedirectUris }: AclAuthMethodConfig): string | undefined {
  if (!isHttps(oidcDiscoveryUrl)) return `OIDCDiscoveryURL must be an https address; got "${oidcDiscoveryUrl}"`;
  if (oidcClientId === "") return "missing OIDCClientID";
  return allowedRedirectUris.length === 0 ? "missing AllowedRedirectURIs" : undefined;
}

function checkJwt({ jwtValidationPubKeys, jwksUrl, oidcDiscoveryUrl }: AclAuthMethodConfig): string | undefined {
  const sources = [jwtValidationPubKeys.length > 0, jwksUrl !== "", oidcDiscoveryUrl !== ""].filter(Boolean).length;
  if (sources !== 1) return "exactly one of JWTValidationPubKeys, JWKSURL, or OIDCDiscoveryURL must be set for JWT auth method";
  const address = jwksUrl === "" ? oidcDiscoveryUrl : jwksUrl;
  return address === "" || isHttps(address) ? undefined : `the keys must come from an https address; got "${address}"`;
}

const isHttps = (text: string): boolean => URL.canParse(text) && new URL(text).protocol === "https:";

/** A loopback address that the CLI listens at may have any port, as RFC 8252 wants it. */
export function isRedirectAllowed(uri: string, allowed: readonly string[]): boolean {
  if (allowed.includes(uri)) return true;
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname, pathname } = new URL(uri);
  const isLoopback = protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return isLoopback && allowed.some((each) => {
    const known = URL.canParse(each) ? new URL(each) : undefined;
    return known?.protocol === protocol && known.hostname === hostname && known.pathname === pathname;
  });
}

/** What the signature does not say: for whom it is, and from whom. An empty list asks for nothing. */
export function checkClaims(claims: Claims, { boundAudiences, boundIssuer }: Pick<AclAuthMethodConfig, "boundAudiences" | "boundIssuer">): Result<undefined, string> {
  const audiences = [claims["aud"]].flat();
  if (boundAudiences.length > 0 && !boundAudiences.some((each) => audiences.includes(each))) return err("audience claim found in JWT does not match any audience bound to the auth method");
  const issuer = claims["iss"];
  if (boundIssuer.length > 0 && !(typeof issuer === "string" && boundIssuer.includes(issuer))) return err("issuer claim found in JWT does not match any issuer bound to the auth method");
  return ok(undefined);
}
