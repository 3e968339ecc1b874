/** @module The bridge's ACL objects: reads from the caches, writes that resolve when the caches show them. */
import type { AclPolicyObject, AclTokenObject } from "../api/acl.ts";
import { API_VERSION } from "../api/exec-task.ts";
import type { KubeObject } from "../api/meta.ts";
import type { AclObjects, WriteFailure } from "../bridge/bridge-deps.ts";
import type { AccessStore } from "../access/store.ts";
import { storedPolicy, storedToken } from "../access/store.ts";
import type { Cache, KubeClient, KubeError } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";
import type { BridgeCaches } from "./caches.ts";
import { RESOURCES } from "./resources.ts";
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
    deleteToken: async ({ metadata }) => unseen(tokens, metadata.name, await client.remove({ resource: RESOURCES.aclTokens, name: metadata.name })),
    putPolicy: async (name, spec) => {
      const object = { apiVersion: API_VERSION, kind: "ACLPolicy", metadata: { name: policyObjectName(name) }, spec };
      return seen(policies, await client.apply<AclPolicyObject>(RESOURCES.aclPolicies, object, { fieldManager: "nomad-bridge-bridge", force: true }));
    },
    deletePolicy: async ({ metadata }) => unseen(policies, metadata.name, await client.remove({ resource: RESOURCES.aclPolicies, name: metadata.name })),
  };
}

/** Nomad's names may have upper case and 128 characters; the hash keeps two that differ only in case apart. */
function policyObjectName(name: string): string {
  const hash = sha256(name).slice(0, 8);
  return `${name.toLowerCase().replace(/^-+/, "").slice(0, 50)}-${hash}`.replace(/^-/, "p-");
}

/** A write that the cache never shows is still a write: after this long it is answered all the same. */
const SEEN_TIMEOUT_MS = 3_000;

async function seen<T extends KubeObject>(cache: Cache<T>, written: Result<T, KubeError>): Promise<Result<T, WriteFailure>> {
  if (!written.ok) return err(failureOf(written.error));
  const { name, resourceVersion } = written.value.metadata;
  await until(cache, () => cache.get(undefined, name)?.metadata.resourceVersion === resourceVersion || cache.version() >= Number(resourceVersion));
  return written;
}

async function unseen<T extends KubeObject>(cache: Cache<T>, name: string, removed: Result<undefined, KubeError>): Promise<Result<undefined, WriteFailure>> {
  if (!removed.ok) return err(failureOf(removed.error));
  await until(cache, () => cache.get(undefined, name) === undefined);
  return ok(undefined);
}

function until<T extends KubeObject>(cache: Cache<T>, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = cache.onChange(() => {
    if (holds()) resolve();
  });
  const timer = setTimeout(resolve, SEEN_TIMEOUT_MS);
  return promise.finally(() => {
    clearTimeout(timer);
    stop();
  });
}

function failureOf(error: KubeError): WriteFailure {
  if (error.kind === "network") return { kind: "failed", message: error.message };
  if (error.code === 409) return { kind: "conflict", message: error.message };
  return { kind: error.code === 404 ? "missing" : "failed", message: error.message };
}
