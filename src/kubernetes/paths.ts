/** @module URL paths and queries of the Kubernetes API, from names that nobody has checked. Used by the client, the watch and the exec channel. */
import { err, ok, type Result } from "../lib/result.ts";
import type { KubeError, ListQuery, ObjectRef, Resource } from "./types.ts";

/** "v1" or "apps/v1", as objects carry it. */
export const apiVersionOf = (resource: Resource): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;

/** The path of a collection: of one namespace, of all of them, or of a cluster-scoped kind. */
export function collectionPath(resource: Resource, namespace?: string): Result<string, KubeError> {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (!resource.namespaced || namespace === undefined) return ok(`${root}/${resource.plural}`);
  return joinPath(`${root}/namespaces`, [namespace, resource.plural]);
}

/** The path of one object, with its sub-resource if one is given. A namespaced kind needs its namespace. */
export function objectPath(ref: ObjectRef, subresource?: string): Result<string, KubeError> {
  if (ref.resource.namespaced && ref.namespace === undefined) {
    return err(badRequest(`${ref.resource.kind} "${ref.name}" needs a namespace`));
  }
  const collection = collectionPath(ref.resource, ref.namespace);
  if (!collection.ok) return collection;
  return joinPath(collection.value, subresource === undefined ? [ref.name] : [ref.name, subresource]);
}

/** Appends percent-encoded segments. "", "." and ".." are refused: a server would resolve them to another path. */
export function joinPath(root: string, segments: readonly string[]): Result<string, KubeError> {
  let path = root;
  for (const segment of segments) {
    if (segment === "" || segment === "." || segment === ".." || !segment.isWellFormed()) {
      return err(badRequest(`"${segment.toWellFormed()}" cannot be the name of a Kubernetes object`));
    }
    path += `/${encodeURIComponent(segment)}`;
  }
  return ok(path);
}

/** `path?a=b`, or the bare path without parameters. */
export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The selectors of a list or watch as query parameters. */
export function selectorQuery(query: ListQuery): Record<string, string> {
  return {
    ...(query.labelSelector === undefined ? {} : { labelSelector: query.labelSelector }),
    ...(query.fieldSelector === undefined ? {} : { fieldSelector: query.fieldSelector }),
  };
}

const badRequest = (message: string): KubeError => ({ kind: "status", code: 400, reason: "BadRequest", message });
