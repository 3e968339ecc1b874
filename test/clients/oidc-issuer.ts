/** @module A small OIDC issuer over TLS, which lets everybody in at once, for the tests of `nomad login`. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { selfSigned } from "../unit/login/self-signed.ts";

export type OidcIssuer = { readonly url: string; /** PEM. */ readonly ca: string; readonly close: () => void };

type Person = { /** The client ID that its ID tokens are for. */ readonly client: string; readonly groups: readonly string[] };
type Reply = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

const json = (value: unknown, status = 200): Reply => ({ status, headers: { "content-type": "application/json" }, body: JSON.stringify(value) });

export async function startOidcIssuer(person: Person): Promise<OidcIssuer> {
  const { key, cert } = await selfSigned();
  const answer = await answers(person);
  const server: Server = createServer({ key, cert }, (request, response) => {
    void (async () => {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { status, headers, body } = await answer(url, new URL(request.url ?? "/", url), new URLSearchParams(await text(request)));
      response.writeHead(status, headers).end(body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca: cert, close };
}

type Answer = (issuer: string, asked: URL, form: URLSearchParams) => Promise<Reply>;

async function answers({ client, groups }: Person): Promise<Answer> {
  const pair = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k", alg: "RS256", use: "sig" };
  /** Nonces by the codes that were given for them; a code is good once. */
  const codes = new Map<string, string>();
  const idToken = (issuer: string, nonce: string) =>
    new SignJWT({ nonce, groups: [...groups] }).setProtectedHeader({ alg: "RS256", kid: "k" }).setSubject("ada").setIssuer(issuer).setAudience(client).setIssuedAt().setExpirationTime("5m").sign(pair.privateKey);
  return async (issuer, { pathname, searchParams }, form) => {
    if (pathname === "/.well-known/openid-configuration") return json({ issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, userinfo_endpoint: `${issuer}/me`, jwks_uri: `${issuer}/keys` });
    if (pathname === "/keys") return json({ keys: [jwk] });
    if (pathname === "/me") return json({ sub: "ada" });
    if (pathname === "/authorize") return sendBack(searchParams, codes);
    const nonce = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    return pathname === "/token" && nonce !== undefined ? json({ id_token: await idToken(issuer, nonce), access_token: "access" }) : json({ error: "invalid_grant" }, 400);
  };
}

function sendBack(asked: URLSearchParams, codes: Map<string, string>): Reply {
  const code = randomUUID();
  codes.set(code, asked.get("nonce") ?? "");
  const back = new URL(asked.get("redirect_uri") ?? "");
  back.search = new URLSearchParams({ code, state: asked.get("state") ?? "" }).toString();
  return { status: 302, headers: { location: back.href }, body: "" };
}
