/** @module What a login is checked with: the auth method as it is configured, its secrets, and the time. */
import type { AclAuthMethodConfig } from "../../api/acl.ts";

export type MethodSecret = {
  /** Of the client at the issuer; "": it has none. */
  readonly clientSecret: string;
  /** Signs the states of logins. */
  readonly stateKey: string;
};

export type MethodContext = { readonly config: AclAuthMethodConfig; readonly secret: MethodSecret; readonly now: number };
