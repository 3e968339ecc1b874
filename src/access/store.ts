/** @module What is stored of ACL tokens and policies, as access reads it, and how our kinds become it. Used by authenticate.ts and main. */
import type { AclPolicyObject, AclTokenObject } from "../api/acl.ts";

export type TokenType = "client" | "management";

/** Times are epoch ms. The secret itself is stored nowhere. */
export type StoredToken = {
  readonly accessorId: string;
  /** SHA-256 of the secret, lower-case hex. */
  readonly secretHash: string;
  readonly name: string;
  readonly type: TokenType;
  readonly policies: readonly string[];
  /** IDs. */
  readonly roles: readonly string[];
  readonly global: boolean;
  readonly createTime: number;
  /** Absent: never expires. NaN, which a text that is no time becomes, counts as expired. */
  readonly expirationTime?: number;
};

/** `version` changes with every write. */
export type StoredPolicy = { readonly name: string; readonly description: string; readonly rules: string; readonly version: string };

export type AccessStore = {
  readonly tokenBySecretHash: (hash: string) => StoredToken | undefined;
  readonly policy: (name: string) => StoredPolicy | undefined;
  /** Names of the policies of a role; undefined: there is none of that ID. */
  readonly rolePolicies: (roleId: string) => readonly string[] | undefined;
};

export function storedToken(object: AclTokenObject): StoredToken {
  const { accessorId, secretHash, name = "", type, policies = [], roles = [], global = false, createTime, expirationTime } = object.spec;
  const token = { accessorId, secretHash, name, type, policies, roles, global, createTime: Date.parse(createTime) };
  return expirationTime === undefined ? token : { ...token, expirationTime: Date.parse(expirationTime) };
}

export function storedPolicy(object: AclPolicyObject): StoredPolicy {
  const { name, description = "", rules } = object.spec;
  return { name, description, rules, version: `${object.metadata.uid ?? ""}/${object.metadata.resourceVersion ?? ""}` };
}
