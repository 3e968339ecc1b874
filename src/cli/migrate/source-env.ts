/** @module Which of the environment's credentials the source of jobs may see. Used by assess and import. */
import type { Env } from "../settings.ts";

/**
 * NOMAD_TOKEN is the token of NOMAD_ADDR. Where -from names another place, as whoever has sourced a bridge's variables does, that token would go to a
 * stranger: there it has to be given with -token.
 */
export function sourceEnv(from: string | undefined, env: Env): Env {
  const address = env["NOMAD_ADDR"] ?? "";
  if (from === undefined || address === "" || originOf(from) === originOf(address)) return env;
  return { ...env, NOMAD_TOKEN: undefined, NOMAD_HTTP_AUTH: undefined };
}

const originOf = (address: string): string => (URL.canParse(address) ? new URL(address).origin : address);
