/** @module What the Kubernetes room offers the others: resource names, the client's verbs, its errors. Implemented in client.ts and watch.ts. */
import type { KubeObject } from "../api/meta.ts";
import type { Result } from "../lib/result.ts";

/** A kind as the API server's paths name it. `group` is "" for the core group. */
export type Resource = {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
};

/**
 * `status`: the API server answered with a Status; `code` and `reason` are its own.
 * `network`: no answer that can be trusted (refused, reset, time-out); whether a write happened is unknown.
 */
export type KubeError =
  | { readonly kind: "status"; readonly code: number; readonly reason: string; readonly message: string }
  | { readonly kind: "network"; readonly message: string };

/** What this room logs with; a pino logger is one. Constant message, data in fields. */
export type Log = {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
};

export type KubeResult<T> = Promise<Result<T, KubeError>>;

export type ObjectRef = { readonly resource: Resource; readonly namespace?: string; readonly name: string };

export type ListQuery = {
  readonly resource: Resource;
  /** Absent: all namespaces (or a cluster-scoped kind). */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
};

export type ApplyOptions = {
  readonly fieldManager: string;
  readonly force?: boolean;
  readonly subresource?: "status";
  readonly namespace?: string;
};

/** The verbs that our controller, bridge and installer use. Raw JSON both ways: no field is dropped. Retries 429 and 503, and a GET also after a broken connection. */
export type KubeClient = {
  readonly get: <T extends KubeObject>(ref: ObjectRef, signal?: AbortSignal) => KubeResult<T>;
  /** All items with apiVersion and kind filled in, in pages of 500, and the list's resourceVersion. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the kind that it reads
  readonly list: <T extends KubeObject>(query: ListQuery, signal?: AbortSignal) => KubeResult<{ readonly items: readonly T[]; readonly resourceVersion: string }>;
  readonly create: <T extends KubeObject>(resource: Resource, object: T, signal?: AbortSignal) => KubeResult<T>;
  /** Server-side apply. */
  readonly apply: <T extends KubeObject>(resource: Resource, object: unknown, options: ApplyOptions, signal?: AbortSignal) => KubeResult<T>;
  /** JSON merge patch (application/merge-patch+json). */
  readonly mergePatch: <T extends KubeObject>(ref: ObjectRef, patch: unknown, signal?: AbortSignal) => KubeResult<T>;
  readonly replace: <T extends KubeObject>(resource: Resource, object: T, signal?: AbortSignal) => KubeResult<T>;
  /** With `uid`, only that very object. Gone already is ok. */
  readonly remove: (ref: ObjectRef, options?: RemoveOptions, signal?: AbortSignal) => KubeResult<undefined>;
  /** Anything else: sub-resources, discovery, TokenRequest. `path` begins with "/". */
  readonly raw: (request: RawRequest, signal?: AbortSignal) => KubeResult<unknown>;
};

/** `uid`, `resourceVersion`: only if the object is that one, and has not changed since; else 409. */
export type RemoveOptions = { readonly uid?: string; readonly resourceVersion?: string; readonly gracePeriodSeconds?: number };

export type RawRequest = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly contentType?: string;
};

/** A local copy of one list, kept fresh by a watch. Reads cost no request. */
export type Cache<T extends KubeObject> = {
  readonly get: (namespace: string | undefined, name: string) => T | undefined;
  readonly byUid: (uid: string) => T | undefined;
  /** Objects that the index function gave `value` for. */
  readonly byIndex: (index: string, value: string) => readonly T[];
  /** How many `byIndex` would give, without making the list. */
  readonly countByIndex: (index: string, value: string) => number;
  /** The objects under every value that begins so, each once. */
  readonly byIndexPrefix: (index: string, prefix: string) => readonly T[];
  readonly all: () => Iterable<T>;
  readonly size: () => number;
  /** The newest resourceVersion seen, as a number; 0 before the first list. */
  readonly version: () => number;
  /** Resolves once the first list has been delivered. */
  readonly synced: Promise<void>;
  /** Called after the copy has changed; returns the unsubscribe function. A throwing listener is a bug and ends the process. */
  readonly onChange: (listener: (change: Change<T>) => void) => () => void;
};

export type Change<T extends KubeObject> = {
  readonly type: "added" | "updated" | "deleted";
  readonly object: T;
  readonly previous?: T;
};

export type { OpenPodExec, PodExec, PodExecError, PodExecHandlers, PodExecTarget } from "../api/pod-exec.ts";
