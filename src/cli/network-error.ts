/** @module Why a connection failed, in the words that users of Go programs know. Used by the HTTP client. */
import { messageOf } from "../lib/result.ts";

type SystemError = { readonly code?: string; readonly address?: string; readonly port?: number };

/** Never empty: a name with several addresses fails with one error for each, and no message of its own. */
export function networkError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(networkError).join("; ");
  const { code, address, port } = error as SystemError;
  if (code !== "ECONNREFUSED" || address === undefined) return messageOf(error);
  return `dial ${port === undefined ? `unix ${address}` : `tcp ${hostAndPort(address, port)}`}: connect: connection refused`;
}

const hostAndPort = (address: string, port: number): string => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
