/** @module ACL objects with names, kept in memory, for the tests of the ACL endpoints. */
import type { KubeObject } from "../../../../src/api/meta.ts";
import type { Logins, NamedObjects } from "../../../../src/bridge/bridge-deps.ts";
import { err, ok } from "../../../../src/lib/result.ts";

type Named = KubeObject & { readonly spec: { readonly name?: string | undefined; readonly description?: string | undefined } };

export function namedObjects<T extends Named>(kind: string): NamedObjects<T> & { readonly objects: Map<string, T> } {
  const objects = new Map<string, T>();
  let version = 500;
  return {
    objects,
    all: () => objects.values(),
    byKey: (key) => objects.get(key),
    byName: (name) => [...objects.values()].find(({ spec }) => spec.name === name),
    put: async (key, spec) => {
      const object = { apiVersion: "nomad-bridge.dev/v1alpha1", kind, metadata: { name: key, resourceVersion: String(++version) }, spec } as unknown as T;
      objects.set(key, object);
      return ok(object);
    },
    remove: async (object) => {
      objects.delete(object.metadata.name);
      return ok(undefined);
    },
  };
}

export const NO_LOGINS: Logins = {
  verifyJwt: async () => err("no key"),
  authUrl: async () => err("no issuer"),
  completeOidc: async () => err("no issuer"),
  keepSecret: async (name) => ok(`nb-auth-${name}`),
  forgetSecret: async () => undefined,
};
