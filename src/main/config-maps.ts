/** @module The few ConfigMaps that the controller keeps, read and written one by one: it has a right to no other. Used by controller.ts and node-records.ts. */
import type { ConfigMap, ConfigMapStore } from "../controller/config-map.ts";
import type { WriteError } from "../controller/reconcile.ts";
import type { KubeClient, KubeError } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { RESOURCES } from "./resources.ts";

const FIELD_MANAGER = "nomad-bridge-controller";

/** @param mayWrite asked before every write: a process that was held up may have lost the lease without having heard of it */
export function configMapStore(client: KubeClient, mayWrite: () => boolean): ConfigMapStore {
  return {
    readConfigMap: async (namespace, name) => {
      const read = await client.get<ConfigMap>({ resource: RESOURCES.configMaps, namespace, name });
      if (read.ok) return read;
      return read.error.kind === "status" && read.error.code === 404 ? ok(undefined) : err(writeError(read.error));
    },
    // By apply, because a right to create can be bound to a name only where the name is in the request's path.
    createConfigMap: async (object) => {
      if (!mayWrite()) return NOT_LEADER;
      return written(await client.apply(RESOURCES.configMaps, object, { fieldManager: FIELD_MANAGER, force: true }));
    },
    patchConfigMap: async ({ metadata: { name, namespace = "default", uid } }, patch) => {
      if (!mayWrite()) return NOT_LEADER;
      return written(await client.mergePatch({ resource: RESOURCES.configMaps, namespace, name }, { ...patch, metadata: { uid } }));
    },
  };
}

const NOT_LEADER = err({ retry: true, reason: "NotLeader", message: "another replica leads now" });

const written = (result: Result<unknown, KubeError>): Result<undefined, WriteError> => (result.ok ? ok(undefined) : err(writeError(result.error)));

const writeError = (error: KubeError): WriteError => ({ retry: true, reason: error.kind === "network" ? "ApiServerUnreachable" : error.reason, message: error.message });
