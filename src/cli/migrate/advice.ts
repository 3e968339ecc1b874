/** @module What to do about a Nomad or a bridge that cannot be asked. Used by assess and import. */

/** The options of a side, as a person writes them. */
type Side = { readonly address: string; readonly token: string; readonly caCert: string; readonly rights: string };

export const SOURCE: Side = { address: "-from", token: "-token or NOMAD_TOKEN", caCert: "-ca-cert or NOMAD_CACERT", rights: "list-jobs and read-job" };
export const TARGET: Side = { address: "-to", token: "-to-token or NOMAD_TO_TOKEN", caCert: "-to-ca-cert or NOMAD_TO_CACERT", rights: "read-job and submit-job" };

/** Begins with a semicolon; "" where the error says all. */
export function adviceFor(error: string, { address, token, caCert, rights }: Side): string {
  if (/code: 403\b/.test(error)) return `; the token needs ${rights}: ${token}`;
  if (error.includes("unknown authority")) return `; name the certificate of its authority with ${caCert}`;
  if (error.includes("HTTP response to HTTPS client")) return `; it speaks plain HTTP: write http:// in ${address}`;
  if (/"http:.*: EOF$/.test(error)) return `; if it speaks TLS, write https:// in ${address}`;
  return "";
}
