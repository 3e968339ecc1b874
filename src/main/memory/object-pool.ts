/**
 * @module One object in memory for one version of it, however many caches hold it: controller and bridge each watch pods and jobs with rights
 * of their own, and what they are told is the same. Used by the caches of a server.
 */
import type { KubeObject } from "../../api/meta.ts";

export type ObjectPool = {
  /**
   * What another cache holds of that very version, or else `make` of it, which the pool itself keeps nobody from dropping. `other` is another
   * version of the object, where one is still held.
   */
  readonly of: <T extends KubeObject>(object: T, make: (object: T, other?: T) => T) => T;
};

/** Every object of one kind that comes here must be made in the same way. Objects are never changed by who holds them. */
export function createObjectPool(): ObjectPool {
  const known = new Map<string, WeakRef<KubeObject>>();
  const dropped = new FinalizationRegistry((uid: string) => {
    if (known.get(uid)?.deref() === undefined) known.delete(uid);
  });
  return {
    of: <T extends KubeObject>(object: T, make: (object: T, other?: T) => T): T => {
      const { uid, resourceVersion } = object.metadata;
      if (uid === undefined || resourceVersion === undefined) return make(object);
      const found = known.get(uid)?.deref();
      if (found !== undefined && found.metadata.resourceVersion === resourceVersion) return found as T;
      const made = make(object, found as T | undefined);
      // Of two caches the one behind would have the one ahead lose its place.
      if (found !== undefined && Number(found.metadata.resourceVersion) > Number(resourceVersion)) return made;
      known.set(uid, new WeakRef(made));
      dropped.register(made, uid);
      return made;
    },
  };
}
