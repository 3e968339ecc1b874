/** @module The Kubernetes client of all our processes: raw JSON verbs over one set of shared connections. */
import { err, ok, type Result } from "../lib/result.ts";
import { systemClock, type Clock } from "./clock.ts";
import type { ClusterAccess } from "./credentials.ts";
import { listAll } from "./list.ts";
import { collectionPath, objectPath } from "./paths.ts";
import { createTransport, type Impersonation, type StreamOptions, type Transport } from "./transport.ts";
import type { KubeClient, KubeError, KubeResult, RawRequest, RemoveOptions, Resource } from "./types.ts";
import type { KubeObject } from "../api/meta.ts";

export type KubeClientOptions = {
  /** For one call with all its retries; default 30 000 ms. */
  readonly deadlineMs?: number;
  readonly impersonate?: Impersonation;
  readonly clock?: Clock;
};

/** A client that can also hold a long answer open (watch, log follow) and must be closed by its owner. */
export type ConnectedKubeClient = KubeClient & {
  /** Bytes of an answer as they come. Opening has the call deadline; the stream itself only the idle limit. Throws while read when it breaks. */
  readonly stream: (request: RawRequest, options: StreamOptions, signal: AbortSignal) => KubeResult<AsyncIterable<Buffer>>;
  /** Ends every connection; calls in flight fail. */
  readonly close: () => Promise<void>;
};

const MERGE_PATCH = "application/merge-patch+json";
const APPLY_PATCH = "application/apply-patch+yaml";

/** One client for one identity. Nothing is sent before the first call. */
export function createKubeClient(access: ClusterAccess, options: KubeClientOptions = {}): ConnectedKubeClient {
  const transport = createTransport(access, {
    clock: options.clock ?? systemClock,
    deadlineMs: options.deadlineMs ?? 30_000,
    ...(options.impersonate === undefined ? {} : { impersonate: options.impersonate }),
  });
  return { ...verbs(transport), stream: transport.stream, close: transport.close };
}

function verbs(transport: Transport): KubeClient {
  return {
    get: async (ref, signal) => await send(transport, objectPath(ref), { method: "GET" }, signal),
    list: async (query, signal) => await listAll(transport.call, query, {}, signal),
    create: async (resource, object, signal) =>
      await send(transport, collectionPath(resource, object.metadata.namespace), { method: "POST", body: object }, signal),
    apply: async (resource, object, options, signal) => {
      const metadata = (object as Partial<KubeObject>).metadata;
      const path = objectPath(refOf(resource, metadata?.name ?? "", options.namespace ?? metadata?.namespace), options.subresource);
      const query = { fieldManager: options.fieldManager, ...(options.force === true ? { force: "true" } : {}) };
      return await send(transport, path, { method: "PATCH", query, body: object, contentType: APPLY_PATCH }, signal);
    },
    mergePatch: async (ref, patch, signal) =>
      await send(transport, objectPath(ref), { method: "PATCH", body: patch, contentType: MERGE_PATCH }, signal),
    replace: async (resource, object, signal) => {
      const path = objectPath(refOf(resource, object.metadata.name, object.metadata.namespace));
      return await send(transport, path, { method: "PUT", body: object }, signal);
    },
    remove: async (ref, options, signal) => goneIsFine(await send(transport, objectPath(ref), { method: "DELETE", body: deleteOptions(options) }, signal)),
    raw: transport.call,
  };
}

async function send<T>(transport: Transport, path: Result<string, KubeError>, request: Omit<RawRequest, "path">, signal?: AbortSignal): KubeResult<T> {
  if (!path.ok) return path;
  // The server's schema is what makes this a T; nothing is converted, so nothing is lost.
  return (await transport.call({ ...request, path: path.value }, signal)) as Result<T, KubeError>;
}

const refOf = (resource: Resource, name: string, namespace: string | undefined): { resource: Resource; name: string; namespace?: string } =>
  namespace === undefined ? { resource, name } : { resource, name, namespace };

function deleteOptions({ uid, resourceVersion, gracePeriodSeconds }: RemoveOptions = {}): unknown {
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  };
}

function goneIsFine(result: Result<unknown, KubeError>): Result<undefined, KubeError> {
  if (result.ok) return ok(undefined);
  return result.error.kind === "status" && result.error.code === 404 ? ok(undefined) : err(result.error);
}
