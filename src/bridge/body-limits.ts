/**
 * @module How large a body may be, by who sends it: reading JSON takes this process' one thread, so whoever has no right to write anything is
 * heard out for as long as a login takes. Used by http-app.ts.
 */
import type { Identity } from "../access/authenticate.ts";
import type { Endpoint } from "../access/endpoints.ts";
import { allowNamespaceOperation } from "../nomad/acl/acl.ts";

/** A job of 1 MiB, written with blanks, and its source beside it. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** A policy's rules may have 128 KiB; no other ACL object comes near. */
const ACL_BYTES = 1024 * 1024;

/** A JWT, a code, a search. */
const STRANGERS_BYTES = 64 * 1024;

/** For a right in a namespace that only the body names, it has to be had somewhere. */
export function maxBodyBytes({ needs, pattern }: Pick<Endpoint, "needs" | "pattern">, identity: Identity | undefined): number {
  if (identity === undefined || needs.kind === "none" || needs.kind === "valid-token") return STRANGERS_BYTES;
  if (pattern.startsWith("/v1/acl/")) return ACL_BYTES;
  if (needs.kind !== "namespace") return MAX_BODY_BYTES;
  return needs.anyOf.some((capability) => allowNamespaceOperation(identity.acl, "*", capability)) ? MAX_BODY_BYTES : STRANGERS_BYTES;
}
