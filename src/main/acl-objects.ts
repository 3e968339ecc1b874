/** @module The bridge's ACL objects: reads from the caches, writes that resolve when the caches show them. */
import type { AclAuthMethodObject, AclBindingRuleObject, AclPolicyObject, AclRoleObject, AclTokenObject } from "../api/acl.ts";
import { API_VERSION } from "../api/exec-task.ts";
import type { KubeObject } from "../api/meta.ts";
import type { AclObjects, NamedObjects } from "../bridge/bridge-deps.ts";
import type { AccessStore } from "../access/store.ts";
import { storedPolicy, storedToken } from "../access/store.ts";
import type { Cache, KubeClient, Resource } from "../kubernetes/types.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
import { seen, unseen } from "./seen.ts";
import { sha256 } from "../access/sha256.ts";

export function accessStore({ tokens, policies, roles }: BridgeCaches): AccessStore {
  return {
    tokenBySecretHash: (hash) => tokens.byIndex("hash", hash).map(storedToken)[0],
    policy: (name) => policies.byIndex("name", name).map(storedPolicy)[0],
    rolePolicies: (roleId) => roles.get(undefined, roleId)?.spec.policies,
  };
}

export function aclObjects(client: KubeClient, { tokens, policies, roles, authMethods, bindingRules }: BridgeCaches): AclObjects {
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
      const object = { apiVersion: API_VERSION, kind: "ACLPolicy", metadata: { name: objectName(name) }, spec };
      return seen(policies, await client.apply<AclPolicyObject>(RESOURCES.aclPolicies, object, { fieldManager: "nomad-bridge-bridge", force: true }));
    },
    deletePolicy: async ({ metadata }) => unseen(policies, metadata, await client.remove({ resource: RESOURCES.aclPolicies, name: metadata.name })),
    roles: namedObjects<AclRoleObject>(client, { cache: roles, resource: RESOURCES.aclRoles, nameOf: (id) => id, byName: (name) => roles.byIndex("name", name)[0] }),
    authMethods: namedObjects<AclAuthMethodObject>(client, {
      cache: authMethods,
      resource: RESOURCES.aclAuthMethods,
      nameOf: objectName,
      byName: (name) => authMethods.byIndex("name", name)[0],
    }),
    bindingRules: namedObjects<AclBindingRuleObject>(client, { cache: bindingRules, resource: RESOURCES.aclBindingRules, nameOf: (id) => id, byName: () => undefined }),
  };
}

type NamedKind<T extends KubeObject> = {
  readonly cache: Cache<T>;
  readonly resource: Resource;
  /** The object's name for a key of Nomad's. */
  readonly nameOf: (key: string) => string;
  readonly byName: (name: string) => T | undefined;
};

function namedObjects<T extends KubeObject>(client: KubeClient, { cache, resource, nameOf, byName }: NamedKind<T>): NamedObjects<T> {
  return {
    all: () => cache.all(),
    byKey: (key) => cache.get(undefined, nameOf(key)),
    byName,
    put: async (key, spec) => {
      const object = { apiVersion: API_VERSION, kind: resource.kind, metadata: { name: nameOf(key) }, spec };
      return seen(cache, await client.apply<T>(resource, object, { fieldManager: "nomad-bridge-bridge", force: true }));
    },
    remove: async ({ metadata }) => unseen(cache, metadata, await client.remove({ resource, name: metadata.name })),
  };
}

/** Nomad's names may have upper case and 128 characters; the hash keeps two that differ only in case apart. */
export function objectName(name: string): string {
  const hash = sha256(name).slice(0, 8);
  return `${name.toLowerCase().replace(/^-+/, "").slice(0, 50)}-${hash}`.replace(/^-/, "p-");
}
