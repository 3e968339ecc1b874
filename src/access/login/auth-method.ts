/** @module What an auth method must look like to be stored, and what a proof must say to be believed by it. Pure. Used by the ACL endpoints. */
import type { AclAuthMethodConfig } from "../../api/acl.ts";
import { formatDuration } from "../../lib/duration.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { errorIf, multierror } from "../../nomad/jobspec/validation/multierror.ts";
import type { Claims } from "./bindings.ts";

export type AuthMethodRequest = {
  readonly name: string;
  readonly type: string;
  readonly tokenLocality: string;
  readonly maxTokenTtlMs: number;
  readonly config: AclAuthMethodConfig | undefined;
};

/** Where they lie for any token, in Go's spelling. */
type Bounds = { readonly minTtlMs: number; readonly maxTtlMs: number };

/** All that is wrong, in one text for a 400. A config that was not sent is undefined. */
export function checkAuthMethod(request: AuthMethodRequest, { minTtlMs, maxTtlMs }: Bounds): Result<"OIDC" | "JWT", string> {
  const { name, type, tokenLocality, maxTokenTtlMs, config } = request;
  const known = type === "OIDC" || type === "JWT" ? type : undefined;
  const configProblems = config === undefined ? ["missing auth method Config"] : known === undefined ? [] : (known === "OIDC" ? checkOidc : checkJwt)(config);
  const problems = [
    ...errorIf(!/^[a-zA-Z0-9-]{1,128}$/.test(name), `invalid name '${name}'`),
    ...errorIf(tokenLocality !== "local" && tokenLocality !== "global", `invalid token locality '${tokenLocality}'`),
    ...errorIf(known === undefined, `invalid token type '${type}'`),
    ...errorIf(configProblems.length > 0, `invalid config: ${configProblems.length === 1 ? (configProblems[0] ?? "") : multierror(configProblems)}`),
    ...errorIf(
      maxTokenTtlMs < minTtlMs || maxTokenTtlMs > maxTtlMs,
      `invalid MaxTokenTTL value '${formatDuration(maxTokenTtlMs)}' (should be between ${formatDuration(minTtlMs)} and ${formatDuration(maxTtlMs)})`,
    ),
  ];
  return known !== undefined && problems.length === 0 ? ok(known) : err(`auth method 0 invalid: ${multierror(problems)}`);
}

/** What is more than Nomad asks for: an https address, and that someone can come back from it. */
function checkOidc({ oidcDiscoveryUrl, oidcClientId, allowedRedirectUris }: AclAuthMethodConfig): readonly string[] {
  return [
    ...errorIf(oidcDiscoveryUrl === "", "missing OIDCDiscoveryURL"),
    ...errorIf(oidcDiscoveryUrl !== "" && !isHttps(oidcDiscoveryUrl), `OIDCDiscoveryURL must be an https address; got "${oidcDiscoveryUrl}"`),
    ...errorIf(oidcClientId === "", "missing OIDCClientID"),
    ...errorIf(oidcDiscoveryUrl !== "" && oidcClientId !== "" && allowedRedirectUris.length === 0, "missing AllowedRedirectURIs"),
  ];
}

function checkJwt({ jwtValidationPubKeys, jwksUrl, oidcDiscoveryUrl }: AclAuthMethodConfig): readonly string[] {
  const sources = [jwtValidationPubKeys.length > 0, jwksUrl !== "", oidcDiscoveryUrl !== ""].filter(Boolean).length;
  if (sources === 0) return ["JWT auth method requires either OIDCDiscoveryURL, or JWKS URL, or JWTValidationPubKeys set"];
  if (sources !== 1) return ["exactly one of JWTValidationPubKeys, JWKSURL, or OIDCDiscoveryURL must be set for JWT auth method"];
  const address = jwksUrl === "" ? oidcDiscoveryUrl : jwksUrl;
  return errorIf(address !== "" && !isHttps(address), `the keys must come from an https address; got "${address}"`);
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
