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
  global: z.boolean().default(false).describe("Kept for Nomad's clients: there is one region."),
  createTime: z.string().max(64).describe("RFC 3339."),
  expirationTime: z.string().max(64).optional().describe("RFC 3339; absent: never expires."),
  expirationTtl: durationText("0s").describe("The lifetime asked for."),
});

export type AclPolicyObject = KubeObject & { readonly kind: "ACLPolicy"; readonly spec: z.input<typeof aclPolicySpec> };
export type AclTokenObject = KubeObject & { readonly kind: "ACLToken"; readonly spec: z.input<typeof aclTokenSpec> };
