/** @module The bridge's ACL objects: reads from the caches, writes that resolve when the caches show them. */
import type { AclPolicyObject, AclTokenObject } from "../api/acl.ts";
import { API_VERSION } from "../api/exec-task.ts";
import type { AclObjects } from "../bridge/bridge-deps.ts";
import type { AccessStore } from "../access/store.ts";
import { storedPolicy, storedToken } from "../access/store.ts";
import type { KubeClient } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
import { seen, unseen } from "./seen.ts";
import { sha256 } from "./sha256.ts";

export function accessStore({ tokens, policies }: BridgeCaches): AccessStore {
  return {
    tokenBySecretHash: (hash) => tokens.byIndex("hash", hash).map(storedToken)[0],
    policy: (name) => policies.byIndex("name", name).map(storedPolicy)[0],
  };
}

export function aclObjects(client: KubeClient, { tokens, policies }: BridgeCaches): AclObjects {
  const token = (name: string, spec: AclTokenObject["spec"]): AclTokenObject => ({ apiVersion: API_VERSION, kind: "ACLToken", metadata: { name }, spec });
  return {
    tokens: () => tokens.all(),
    tokenByAccessor: (accessorId) => tokens.byIndex("accessor", accessorId)[0],
    policies: () => policies.all(),
    policy: (name) => policies.byIndex("name", name)[0],
    createToken: async (name, spec) => seen(tokens, await client.create(RESOURCES.aclTokens, token(name, spec))),
    replaceToken: async (object) => seen(tokens, await client.replace(RESOURCES.aclTokens, object)),
    deleteToken: async ({ metadata }) => unseen(tokens, metadata, await client.remove({ resource: RESOURCES.aclTokens, name: metadata.name })),
    putPolicy: async (name, spec) => {
      const object = { apiVersion: API_VERSION, kind: "ACLPolicy", metadata: { name: policyObjectName(name) }, spec };
      return seen(policies, await client.apply<AclPolicyObject>(RESOURCES.aclPolicies, object, { fieldManager: "nomad-bridge-bridge", force: true }));
    },
    deletePolicy: async ({ metadata }) => unseen(policies, metadata, await client.remove({ resource: RESOURCES.aclPolicies, name: metadata.name })),
  };
}

/** Nomad's names may have upper case and 128 characters; the hash keeps two that differ only in case apart. */
function policyObjectName(name: string): string {
  const hash = sha256(name).slice(0, 8);
  return `${name.toLowerCase().replace(/^-+/, "").slice(0, 50)}-${hash}`.replace(/^-/, "p-");
}
