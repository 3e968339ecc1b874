/** @module Why a connection failed, in the words that users of Go programs know. Used by the HTTP client. */
import { messageOf } from "../lib/result.ts";

type SystemError = { readonly code?: string; readonly address?: string; readonly port?: number; readonly hostname?: string };

/** Node has a code for each place in the chain at which no authority is known. */
const UNKNOWN_AUTHORITY = new Set(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]);

/** Never empty: a name with several addresses fails with one error for each, and no message of its own. */
export function networkError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(networkError).join("; ");
  const { code = "", address, port, hostname } = error as SystemError;
  if (code === "ECONNREFUSED" && address !== undefined) return `dial ${port === undefined ? `unix ${address}` : `tcp ${hostAndPort(address, port)}`}: connect: connection refused`;
  if (code === "ENOTFOUND" && hostname !== undefined) return `dial tcp: lookup ${hostname}: no such host`;
  if (UNKNOWN_AUTHORITY.has(code)) return "tls: failed to verify certificate: x509: certificate signed by unknown authority";
  if (code === "CERT_HAS_EXPIRED") return "tls: failed to verify certificate: x509: certificate has expired or is not yet valid";
  const message = messageOf(error);
  if (message.includes("wrong version number")) return "http: server gave HTTP response to HTTPS client";
  return message === "socket hang up" ? "EOF" : message;
}

const hostAndPort = (address: string, port: number): string => (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
