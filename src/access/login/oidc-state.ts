/**
 * @module The state of an OIDC login, kept by nobody: it travels with the person, signed, so that any replica can end what another began.
 * Used by main's OIDC client.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { err, ok, type Result } from "../../lib/result.ts";

export type LoginBeginning = { readonly method: string; readonly clientNonce: string; readonly redirectUri: string };

/** How long a person may take. */
const LIFETIME_MS = 10 * 60_000;

/** @param key known to us alone, and the same on every replica @param now epoch ms */
export function makeState(beginning: LoginBeginning, key: string, now: number): string {
  const expires = now + LIFETIME_MS;
  return `${expires.toString(36)}.${sign(beginning, key, expires)}`;
}

export function checkState(state: string, beginning: LoginBeginning, context: { readonly key: string; readonly now: number }): Result<undefined, string> {
  const [time = "", signature = ""] = state.split(".");
  const expires = Number.parseInt(time, 36);
  const expected = Buffer.from(sign(beginning, context.key, expires));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return err("the login was begun elsewhere, or with other parameters; begin it again");
  return context.now < expires ? ok(undefined) : err("the login took longer than ten minutes; begin it again");
}

/** The proof key of one login, which nobody has to remember. */
export const codeVerifier = (state: string, key: string): string => createHmac("sha256", key).update(`pkce\0${state}`).digest("base64url");

export const codeChallenge = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url");

const sign = ({ method, clientNonce, redirectUri }: LoginBeginning, key: string, expires: number): string =>
  createHmac("sha256", key).update(JSON.stringify([method, clientNonce, redirectUri, expires])).digest("base64url");
