/** @module Why access refuses, and what each edge makes of it: an HTTP reply or a close frame. Used by every file of access and by the bridge. */
import { PERMISSION_DENIED, TOKEN_NOT_FOUND } from "../nomad/texts.ts";

export type AccessErrorKind =
  | "permission-denied"
  | "token-not-found"
  | "token-expired"
  | "token-invalid"
  | "policy-unreadable"
  | "acl-disabled"
  | "invalid-method"
  | "invalid-request"
  | "not-found"
  | "exec-refused"
  | "operation-refused"
  | "grant-void";

/**
 * `message` is the text for the client. `code` is the status that Nomad puts on the error, absent where it puts none: then an
 * HTTP reply takes its status from the text, and a close frame counts as 500. `detail` is for our log alone.
 */
export type AccessError = { readonly kind: AccessErrorKind; readonly message: string; readonly code?: number; readonly detail?: string };

export const permissionDenied = (): AccessError => ({ kind: "permission-denied", message: PERMISSION_DENIED });

/** The status of an HTTP reply with this error. */
export function httpStatusOf(error: AccessError): number {
  if (error.code !== undefined) return error.code;
  return error.message.endsWith(PERMISSION_DENIED) || error.message.endsWith(TOKEN_NOT_FOUND) ? 403 : 500;
}
