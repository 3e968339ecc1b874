/** @module The PEM files behind the TLS options of the CLI, read once before the first connection. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import type { TlsSettings } from "./settings.ts";

/** Options of node:tls that every connection of one command shares. */
export type TlsOptions = { readonly secureContext: SecureContext; readonly servername?: string; readonly rejectUnauthorized: boolean };

/**
 * A CA file wins over a CA directory, and either replaces the system's authorities.
 * The error says which file cannot be used; a client certificate without its key is an error, and the other way round.
 */
export function readTlsFiles(tls: TlsSettings): Result<TlsOptions, string> {
  if ((tls.clientCert === "") !== (tls.clientKey === "")) return err("both client cert and client key must be provided");
  try {
    const identity = tls.clientCert === "" ? {} : { cert: readPem(tls.clientCert), key: readPem(tls.clientKey) };
    return ok({
      secureContext: createSecureContext({ ...authorities(tls), ...identity }),
      ...(tls.serverName === "" ? {} : { servername: tls.serverName }),
      rejectUnauthorized: !tls.skipVerify,
    });
  } catch (error) {
    return err(`TLS options: ${messageOf(error)}`);
  }
}

function authorities(tls: TlsSettings): { readonly ca?: string[] } {
  if (tls.caCert !== "") return { ca: [readPem(tls.caCert)] };
  if (tls.caPath !== "") return { ca: readDirectory(tls.caPath) };
  if (tls.skipVerify) return {};
  // Node trusts its own list unless told; a Go program trusts what the machine trusts.
  const system = getCACertificates("system");
  return system.length === 0 ? {} : { ca: system };
}

/** Links are followed, since a mounted Secret is made of links. Directories in it are left out: they hold the same files. */
function readDirectory(directory: string): string[] {
  const files = readdirSync(directory)
    .toSorted()
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
  if (files.length === 0) throw new Error(`no CA certificate in "${directory}": it holds no file`);
  return files.map(readPem);
}

function readPem(path: string): string {
  const text = readFileSync(path, "utf8");
  if (!text.includes("-----BEGIN ")) throw new Error(`"${path}" is not a PEM file: it has no "-----BEGIN" line`);
  return text;
}
