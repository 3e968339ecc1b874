/** @module Writes that resolve when this process's own reads show them, so that a client which has its answer meets no older state. */
import type { KubeObject, ObjectMeta } from "../api/meta.ts";
import type { WriteFailure } from "../bridge/bridge-deps.ts";
import type { Cache, KubeError } from "../kubernetes/types.ts";
import { err, ok, type Result } from "../lib/result.ts";

/** A write that the cache never shows is still a write: after this long it is answered all the same. */
const SEEN_TIMEOUT_MS = 3_000;

/** The object as it was written, once the cache has it or something newer. */
export async function seen<T extends KubeObject>(cache: Cache<T>, written: Result<T, KubeError>): Promise<Result<T, WriteFailure>> {
  if (!written.ok) return err(failureOf(written.error));
  const { name, namespace, resourceVersion } = written.value.metadata;
  await until(cache, () => cache.get(namespace, name)?.metadata.resourceVersion === resourceVersion || cache.version() >= Number(resourceVersion));
  return written;
}

/** Once the cache does not have it any more, or has another of its name. */
export async function unseen<T extends KubeObject>(cache: Cache<T>, { namespace, name, uid }: ObjectMeta, removed: Result<undefined, KubeError>): Promise<Result<undefined, WriteFailure>> {
  if (!removed.ok) return err(failureOf(removed.error));
  await until(cache, () => {
    const there = cache.get(namespace, name);
    return there === undefined || there.metadata.uid !== uid;
  });
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

export function failureOf(error: KubeError): WriteFailure {
  if (error.kind === "network") return { kind: "failed", message: error.message };
  if (error.code === 409) return { kind: "conflict", message: error.message };
  return { kind: error.code === 404 ? "missing" : "failed", message: error.message };
}
