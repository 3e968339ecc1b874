/** @module Makes a ConfigMap hold exactly what it should, and writes nothing where it does. Used for node records and for what probes found. */
import type { KubeObject } from "../api/meta.ts";
import type { Result } from "../lib/result.ts";
import type { WriteError } from "./reconcile.ts";

export type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>>; readonly binaryData?: Readonly<Record<string, string>> };

export type ConfigMapStore = {
  readonly readConfigMap: (namespace: string, name: string) => Promise<Result<ConfigMap | undefined, WriteError>>;
  readonly createConfigMap: (object: ConfigMap) => Promise<Result<undefined, WriteError>>;
  readonly patchConfigMap: (present: ConfigMap, patch: ConfigMapPatch) => Promise<Result<undefined, WriteError>>;
};

/** A JSON merge patch: null takes a key away. */
export type ConfigMapPatch = { readonly data?: Readonly<Record<string, string | null>>; readonly binaryData?: null };

/** What must change for `present` to hold exactly `wanted`; undefined: nothing. */
export function patchTo({ data = {}, binaryData }: Pick<ConfigMap, "data" | "binaryData">, wanted: Readonly<Record<string, string>>): ConfigMapPatch | undefined {
  const gone = Object.keys(data).filter((key) => !Object.hasOwn(wanted, key));
  const changed = Object.entries(wanted).filter(([key, value]) => data[key] !== value);
  if (gone.length + changed.length === 0 && binaryData === undefined) return undefined;
  return { data: Object.fromEntries([...gone.map((key) => [key, null]), ...changed]), ...(binaryData === undefined ? {} : { binaryData: null }) };
}

/** Throws for the queue to try again: what the API server refuses here, a person may soon have changed. */
export async function writeConfigMap(store: ConfigMapStore, { namespace, name }: { readonly namespace: string; readonly name: string }, data: Readonly<Record<string, string>>): Promise<void> {
  const present = await store.readConfigMap(namespace, name);
  if (!present.ok) throw failure(present.error, namespace, name);
  const patch = present.value === undefined ? undefined : patchTo(present.value, data);
  if (present.value !== undefined && patch === undefined) return;
  const object: ConfigMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
  const written = present.value === undefined || patch === undefined ? await store.createConfigMap(object) : await store.patchConfigMap(present.value, patch);
  if (!written.ok) throw failure(written.error, namespace, name);
}

const failure = ({ reason, message }: WriteError, namespace: string, name: string) => new Error(`ConfigMap ${namespace}/${name}: ${reason}: ${message}`);
