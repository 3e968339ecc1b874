/** @module ACLPolicy and ACLToken: Nomad's ACL objects as cluster-scoped kinds. A token is stored as the SHA-256 of its secret. */
import * as z from "zod";
import type { KubeObject } from "./meta.ts";
import { durationText } from "./schema-parts.ts";

export const aclPolicySpec = z.object({
  name: z.string().regex(/^[a-zA-Z0-9-]{1,128}$/).describe("Nomad's name of the policy; the object's own name is derived from it."),
  description: z.string().max(256).default("").describe("What the policy is for."),
  rules: z.string().max(131_072).describe("Rules in Nomad's policy language."),
});

export const aclTokenSpec = z.object({
  accessorId: z.string().max(36).describe("Public ID of the token."),
  secretHash: z.string().regex(/^[0-9a-f]{64}$/).describe("SHA-256 of the secret, in hex."),
  name: z.string().max(256).default("").describe("Free text."),
  type: z.enum(["client", "management"]).describe("management passes every check."),
  policies: z.array(z.string().max(128)).max(128).default([]).describe("Names of policies. One that does not exist grants nothing."),
  roles: z.array(z.string().max(36)).max(128).default([]).describe("IDs of roles. One that does not exist grants nothing."),
  global: z.boolean().default(false).describe("Kept for Nomad's clients: there is one region."),
  createTime: z.string().max(64).describe("RFC 3339."),
  expirationTime: z.string().max(64).optional().describe("RFC 3339; absent: never expires."),
  expirationTtl: durationText("0s").describe("The lifetime asked for."),
});

const name128 = z.string().regex(/^[a-zA-Z0-9-]{1,128}$/);

export const aclRoleSpec = z.object({
  id: z.string().max(36).describe("ID of the role; also the object's name."),
  name: name128.describe("Nomad's name of the role."),
  description: z.string().max(256).default("").describe("What the role is for."),
  policies: z.array(z.string().max(128)).min(1).max(128).describe("Names of policies. One that does not exist grants nothing."),
});

const texts = (max: number, chars: number) => z.array(z.string().max(chars)).max(max);
const claimMappings = z.record(z.string(), z.string().max(256)).meta({ maxProperties: 64 }).default({});

/** Nomad's own names in camel case. The client's secret is in a Secret of the namespace nomad-bridge. */
const authMethodConfig = z.object({
  jwtValidationPubKeys: texts(16, 16_384).default([]).describe("PEM-encoded public keys that a JWT may be signed with."),
  jwksUrl: z.string().max(2048).default("").describe("Where the public keys are."),
  jwksCaCert: z.string().max(65_536).default("").describe("PEM-encoded CA certificate of jwksUrl's server."),
  oidcDiscoveryUrl: z.string().max(2048).default("").describe("The issuer's address, without /.well-known."),
  oidcClientId: z.string().max(512).default("").describe("What the issuer calls us."),
  oidcClientSecret: z.string().max(253).default("").describe("Name of the Secret that holds the client's secret; empty: it has none."),
  oidcEnablePkce: z.boolean().default(false).describe("Whether the code is bound to a proof key."),
  oidcDisableUserInfo: z.boolean().default(false).describe("Whether the issuer's user info is not asked for."),
  oidcScopes: texts(64, 256).default([]).describe("Scopes beside openid."),
  boundAudiences: texts(64, 512).default([]).describe("Audiences of which a token must have one."),
  boundIssuer: texts(16, 2048).default([]).describe("Issuers of which one must have made a token."),
  allowedRedirectUris: texts(64, 2048).default([]).describe("Where the issuer may send people back to."),
  discoveryCaPem: texts(16, 65_536).default([]).describe("PEM-encoded CA certificates of the issuer's server."),
  signingAlgs: texts(16, 16).default([]).describe("Algorithms that may sign; default: RS256."),
  expirationLeeway: durationText("0s").describe("How long after its end a token still counts."),
  notBeforeLeeway: durationText("0s").describe("How long before its beginning a token counts already."),
  clockSkewLeeway: durationText("0s").describe("How far the issuer's clock may be off."),
  claimMappings: claimMappings.describe("Claims by the names that selectors use: value.<name>."),
  listClaimMappings: claimMappings.describe("Claims that are lists, by the names that selectors use: list.<name>."),
});

export const aclAuthMethodSpec = z.object({
  name: name128.describe("Nomad's name of the method."),
  type: z.enum(["OIDC", "JWT"]).describe("How someone proves who they are."),
  tokenLocality: z.enum(["local", "global"]).default("local").describe("Kept for Nomad's clients: there is one region."),
  tokenNameFormat: z.string().max(256).default("").describe("Name of the tokens that come of it. ${auth_method_type}, ${auth_method_name}, ${value.<name>}."),
  maxTokenTtl: durationText("1h").describe("How long the tokens that come of it last."),
  default: z.boolean().default(false).describe("Whether nomad login takes it when none is named."),
  config: authMethodConfig.prefault({}).describe("What is believed."),
  createTime: z.string().max(64).describe("RFC 3339."),
  modifyTime: z.string().max(64).describe("RFC 3339."),
});

export const aclBindingRuleSpec = z.object({
  id: z.string().max(36).describe("ID of the rule; also the object's name."),
  description: z.string().max(256).default("").describe("What the rule is for."),
  authMethod: name128.describe("Name of the method that it is for."),
  selector: z.string().max(4096).default("").describe("A filter over value and list; empty: always."),
  bindType: z.enum(["policy", "role", "management"]).describe("What whoever fits gets."),
  bindName: z.string().max(256).default("").describe("Its name, with ${value.<name>} filled in; none for management."),
  createTime: z.string().max(64).describe("RFC 3339."),
  modifyTime: z.string().max(64).describe("RFC 3339."),
});

export type AclAuthMethodSpec = z.output<typeof aclAuthMethodSpec>;
export type AclAuthMethodConfig = AclAuthMethodSpec["config"];
export type AclBindingRuleSpec = z.output<typeof aclBindingRuleSpec>;

export type AclRoleObject = KubeObject & { readonly kind: "ACLRole"; readonly spec: z.input<typeof aclRoleSpec> };
export type AclAuthMethodObject = KubeObject & { readonly kind: "ACLAuthMethod"; readonly spec: z.input<typeof aclAuthMethodSpec> };
export type AclBindingRuleObject = KubeObject & { readonly kind: "ACLBindingRule"; readonly spec: z.input<typeof aclBindingRuleSpec> };
export type AclPolicyObject = KubeObject & { readonly kind: "ACLPolicy"; readonly spec: z.input<typeof aclPolicySpec> };
export type AclTokenObject = KubeObject & { readonly kind: "ACLToken"; readonly spec: z.input<typeof aclTokenSpec> };
