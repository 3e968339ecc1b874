/** @module Short-lived tokens of a service account, for our processes outside the cluster. Source: authentication.k8s.io/v1 TokenRequest */
import { messageOf } from "../lib/result.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { TokenProvider } from "./credentials.ts";
import { joinPath } from "./paths.ts";
import type { KubeClient, Log } from "./types.ts";

export type ServiceAccountRef = { readonly namespace: string; readonly name: string };

export type TokenMinterOptions = {
  /** What to ask for; default 3600. The server gives at least 600 and may give less than asked. */
  readonly lifetimeSeconds?: number;
  readonly audiences?: readonly string[];
  readonly clock?: Clock;
  /** Hears of a refresh that failed while the old token was still good. */
  readonly log?: Log;
};

type Minted = { readonly token: string; readonly refreshAt: number; readonly expiresAt: number };
type TokenAnswer = { readonly status?: { readonly token?: string; readonly expirationTimestamp?: string } };

/**
 * Mints at the first call and again at about half of each token's life, one request at a time. A refresh that fails leaves
 * the old token in use until it expires. Rejects when there is no token to give; the error never holds one.
 */
export function createTokenMinter(client: Pick<KubeClient, "raw">, account: ServiceAccountRef, options: TokenMinterOptions = {}): TokenProvider {
  const clock = options.clock ?? systemClock;
  let current: Minted | undefined;
  let running: Promise<Minted> | undefined;
  const refresh = async (): Promise<Minted> => {
    running ??= mint(client, account, { ...options, clock }).finally(() => {
      running = undefined;
    });
    current = await running;
    return current;
  };
  return async () => {
    const now = clock.monotonic();
    if (current === undefined || now >= current.expiresAt) return (await refresh()).token;
    const usable = current;
    if (now < usable.refreshAt) return usable.token;
    // A caller never waits for a token it does not need yet; one that fails now is asked for again a little later.
    refresh().catch((thrown: unknown) => {
      options.log?.warn({ namespace: account.namespace, name: account.name, reason: messageOf(thrown) }, "token not refreshed");
      if (current === usable) current = { ...usable, refreshAt: now + (usable.expiresAt - now) / 10 };
    });
    return usable.token;
  };
}

async function mint(client: Pick<KubeClient, "raw">, account: ServiceAccountRef, options: TokenMinterOptions & { readonly clock: Clock }): Promise<Minted> {
  const who = `service account ${account.namespace}/${account.name}`;
  const path = joinPath("/api/v1/namespaces", [account.namespace, "serviceaccounts", account.name, "token"]);
  if (!path.ok) throw new Error(`no token for ${who}: ${path.error.message}`);
  const askedAt = options.clock.monotonic();
  const spec = { expirationSeconds: options.lifetimeSeconds ?? 3600, ...(options.audiences === undefined ? {} : { audiences: options.audiences }) };
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
  const answer = await client.raw({ method: "POST", path: path.value, body });
  if (!answer.ok) throw new Error(`no token for ${who}: ${answer.error.message}`);
  const status = (answer.value as TokenAnswer).status;
  const lifeMs = Date.parse(status?.expirationTimestamp ?? "") - options.clock.now();
  if (status?.token === undefined || !(lifeMs > 0)) {
    throw new Error(`no token for ${who}: the API server answered without one that is still valid (is this machine's clock right?)`);
  }
  return { token: status.token, refreshAt: askedAt + lifeMs * (0.45 + options.clock.random() / 10), expiresAt: askedAt + lifeMs };
}
