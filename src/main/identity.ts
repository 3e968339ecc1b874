/** @module How a server outside the cluster is one of our two identities: a short-lived token that renews itself with itself. */
import { type ClusterAccess, fileToken, type TokenProvider, tokenAccess } from "../kubernetes/credentials.ts";
import { createKubeClient } from "../kubernetes/client.ts";
import type { Clock } from "../kubernetes/clock.ts";
import { createTokenMinter } from "../kubernetes/token-minter.ts";

export const SYSTEM_NAMESPACE = "nomad-bridge";
export type IdentityName = "controller" | "bridge";

/**
 * @param tokenFile the first token, made by whoever installed us; it is needed once, and again only when our own has expired
 */
export function identityAccess(cluster: ClusterAccess, name: IdentityName, tokenFile: string, clock: Clock): ClusterAccess {
  const first = fileToken(tokenFile, clock);
  let latest: string | undefined;
  const mintingClient = createKubeClient(tokenAccess(cluster, async () => latest ?? first()), { clock });
  const mint = createTokenMinter(mintingClient, { namespace: SYSTEM_NAMESPACE, name }, { clock });
  const provider: TokenProvider = async () => {
    try {
      latest = await mint();
      return latest;
    } catch (error) {
      // A machine that slept may hold a token that has expired meanwhile: the file may have a newer one.
      latest = undefined;
      throw error;
    }
  };
  return tokenAccess(cluster, provider);
}
