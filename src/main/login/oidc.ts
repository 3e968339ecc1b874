/** @module The OIDC authorization code flow: where a person is sent to, and what the code that comes back is worth. Used by logins. */
import { checkState, codeChallenge, codeVerifier, type LoginBeginning, makeState } from "../../access/login/oidc-state.ts";
import type { Claims } from "../../access/login/bindings.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { fetchJson } from "./fetch-json.ts";
import { verifyToken } from "./jwt.ts";
import type { MethodContext } from "./method-context.ts";

type Issuer = { readonly authorization: string; readonly token: string; readonly userInfo: string; readonly name: string };

async function discover({ config }: MethodContext): Promise<Result<Issuer, string>> {
  const found = await fetchJson(`${config.oidcDiscoveryUrl.replace(/\/$/, "")}/.well-known/openid-configuration`, { ca: config.discoveryCaPem });
  if (!found.ok) return found;
  const text = (name: string) => (typeof found.value[name] === "string" ? found.value[name] : "");
  const issuer = { authorization: text("authorization_endpoint"), token: text("token_endpoint"), userInfo: text("userinfo_endpoint"), name: text("issuer") };
  return issuer.authorization === "" || issuer.token === "" ? err(`the issuer ${config.oidcDiscoveryUrl} names no authorization or token endpoint`) : ok(issuer);
}

export async function oidcAuthUrl(context: MethodContext, beginning: LoginBeginning): Promise<Result<string, string>> {
  const { config, secret, now } = context;
  const issuer = await discover(context);
  if (!issuer.ok) return issuer;
  const state = makeState(beginning, secret.stateKey, now);
  const url = new URL(issuer.value.authorization);
  const parameters = {
    client_id: config.oidcClientId,
    response_type: "code",
    redirect_uri: beginning.redirectUri,
    scope: ["openid", ...config.oidcScopes.filter((scope) => scope !== "openid")].join(" "),
    state,
    nonce: beginning.clientNonce,
    ...(config.oidcEnablePkce ? { code_challenge: codeChallenge(codeVerifier(state, secret.stateKey)), code_challenge_method: "S256" } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return ok(url.href);
}

export async function oidcComplete(context: MethodContext, end: LoginBeginning & { readonly state: string; readonly code: string }): Promise<Result<Claims, string>> {
  const known = checkState(end.state, end, { key: context.secret.stateKey, now: context.now });
  if (!known.ok) return known;
  const issuer = await discover(context);
  if (!issuer.ok) return issuer;
  const tokens = await exchange(context, issuer.value, end);
  if (!tokens.ok) return tokens;
  const { id_token: idToken, access_token: accessToken } = tokens.value;
  if (typeof idToken !== "string") return err("the issuer gave no ID token");
  const claims = await verifyToken({ ...context, config: { ...context.config, jwtValidationPubKeys: [], jwksUrl: "" } }, idToken);
  if (!claims.ok) return claims;
  const wrong = checkIdToken(context, issuer.value, { claims: claims.value, nonce: end.clientNonce });
  if (wrong !== undefined) return err(wrong);
  return withUserInfo(context, issuer.value, { claims: claims.value, accessToken });
}

function exchange({ config, secret }: MethodContext, issuer: Issuer, end: { readonly code: string; readonly state: string; readonly redirectUri: string }) {
  const verifier = config.oidcEnablePkce ? { code_verifier: codeVerifier(end.state, secret.stateKey) } : {};
  const form = { grant_type: "authorization_code", code: end.code, redirect_uri: end.redirectUri, client_id: config.oidcClientId, ...verifier };
  const credentials = `${encodeURIComponent(config.oidcClientId)}:${encodeURIComponent(secret.clientSecret)}`;
  const authorization = secret.clientSecret === "" ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
  return fetchJson(issuer.token, { ca: config.discoveryCaPem, form, ...authorization });
}

/** What makes a token of the issuer's one for us, and for this login. */
function checkIdToken({ config }: MethodContext, issuer: Issuer, { claims, nonce }: { readonly claims: Claims; readonly nonce: string }): string | undefined {
  if (issuer.name !== "" && claims["iss"] !== issuer.name) return "the ID token is of another issuer";
  const audiences = [claims["aud"]].flat();
  if (config.boundAudiences.length === 0 && !audiences.includes(config.oidcClientId)) return "the ID token is for another client";
  return claims["nonce"] === nonce ? undefined : "the ID token is of another login";
}

/** The ID token's own claims win. */
async function withUserInfo({ config }: MethodContext, { userInfo }: Issuer, { claims, accessToken }: { readonly claims: Claims; readonly accessToken: unknown }): Promise<Result<Claims, string>> {
  if (config.oidcDisableUserInfo || userInfo === "" || typeof accessToken !== "string") return ok(claims);
  const found = await fetchJson(userInfo, { ca: config.discoveryCaPem, authorization: `Bearer ${accessToken}` });
  if (!found.ok) return found;
  return found.value["sub"] === claims["sub"] ? ok({ ...found.value, ...claims }) : err("the issuer's user info is of somebody else");
}
