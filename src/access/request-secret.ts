/** @module Where a request carries its token's secret. Used by the bridge for every route. */

/** Headers as they came; absent ones undefined. */
export type TokenHeaders = { readonly nomadToken: string | undefined; readonly authorization: string | undefined };

/**
 * The secret: X-Nomad-Token first, then a bearer token, then what a browser sends in its handshake frame. Basic auth never carries one.
 * @param handshake the `auth_token` of the handshake frame, where there is one
 */
export function requestSecret(headers: TokenHeaders, handshake?: string): string | undefined {
  const bearer = /^bearer +(\S+)$/i.exec(headers.authorization?.trim() ?? "")?.[1];
  return [headers.nomadToken?.trim(), bearer, handshake?.trim()].find((secret) => secret !== undefined && secret !== "");
}
