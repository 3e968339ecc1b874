/**
 * @module An API server as far as our server needs one: lists in pages, watches, writes with generations and preconditions, and whatever an
 * object owns goes with it. It checks nothing and keeps nothing but in memory.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeObject } from "../../src/api/meta.ts";
import { fakeKubelet } from "./kubelet.ts";
import { type ObjectsByKind, type Stored, type SyntheticStore, syntheticStore } from "./store.ts";

export type SyntheticApiServer = {
  readonly url: string;
  readonly store: SyntheticStore;
  /** How many it was asked so far, but for the leader's lease, which is renewed all the time. */
  readonly requests: () => number;
  readonly close: () => void;
};

/** @param runsPods whether new pods are placed and succeed at once */
export async function syntheticApiServer(objects: ObjectsByKind, runsPods = false): Promise<SyntheticApiServer> {
  const store = syntheticStore(objects);
  if (runsPods) fakeKubelet(store);
  let requests = 0;
  const server = createServer((request, response) => {
    if (request.url?.includes("/leases") !== true) requests += 1;
    void answer(store, request, response);
  });
  // Connections stay for as long as the bench, as a cluster's do.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    requests: () => requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

type Target = { readonly plural: string; readonly namespace: string | undefined; readonly name: string | undefined; readonly subresource: string | undefined; readonly query: URLSearchParams };

/** /api/v1/… or /apis/group/version/…, then perhaps namespaces/…, then plural, name, subresource. */
function targetOf(request: IncomingMessage): Target {
  const url = new URL(request.url ?? "", "http://api");
  const segments = url.pathname.split("/").slice(1).map(decodeURIComponent);
  const rest = segments.slice(segments[0] === "api" ? 2 : 3);
  const isNamespaced = rest[0] === "namespaces" && rest.length > 2;
  const [plural = "", name, subresource] = isNamespaced ? rest.slice(2) : rest;
  return { plural, namespace: isNamespaced ? rest[1] : undefined, name, subresource, query: url.searchParams };
}

async function answer(store: SyntheticStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = targetOf(request);
  response.setHeader("content-type", "application/json");
  if (target.query.get("watch") === "true") {
    response.flushHeaders();
    const stop = store.watch(target.plural, (type, object) => {
      if (isSelected(object, target)) response.write(`${JSON.stringify({ type, object })}\n`);
    });
    response.on("close", stop);
    return;
  }
  if (request.method === "GET" && target.name === undefined) return void response.end(pageOf(store, target));
  const body = request.method === "GET" ? undefined : await bodyOf(request);
  const { code, object } = perform(store, request.method ?? "GET", target, body);
  response.statusCode = code;
  response.end(JSON.stringify(object));
}

type Outcome = { readonly code: number; readonly object: object };

const failure = (code: number, reason: string): Outcome => ({ code, object: { kind: "Status", status: "Failure", code, reason, message: reason } });

/** The options of a removal have no metadata. */
type Body = Omit<Stored, "metadata"> & { readonly metadata?: Stored["metadata"]; readonly preconditions?: { readonly resourceVersion?: string } };

function perform(store: SyntheticStore, method: string, target: Target, body: Body | undefined): Outcome {
  const { plural, namespace } = target;
  const present = store.get(plural, namespace, target.name ?? body?.metadata?.name ?? "");
  const create = (): Outcome => ({ code: 201, object: store.create(plural, namespace, body as Stored) });
  if (method === "POST") return present === undefined ? create() : failure(409, "AlreadyExists");
  const isApply = method === "PATCH" && body?.apiVersion !== undefined && target.subresource === undefined;
  if (present === undefined) return isApply ? create() : failure(404, "NotFound");
  return method === "GET" ? { code: 200, object: present } : change(store, method, target, { present, body });
}

function change(store: SyntheticStore, method: string, { plural, subresource }: Target, { present, body }: { readonly present: Stored; readonly body: Body | undefined }): Outcome {
  const wanted = { DELETE: body?.preconditions?.resourceVersion, PUT: body?.metadata?.resourceVersion }[method] ?? "";
  if (wanted !== "" && wanted !== present.metadata.resourceVersion) return failure(409, "Conflict");
  if (method === "DELETE") return { code: 200, object: store.remove(plural, present) };
  if (subresource === "status") return { code: 200, object: store.put(plural, { ...present, status: body?.status }) };
  return { code: 200, object: store.put(plural, method === "PUT" ? { ...(body as Stored), status: present.status } : (merged(present, body) as Stored)) };
}

/** A merge patch, which is what an apply comes to where nobody else writes the same fields. */
function merged(present: unknown, patch: unknown): unknown {
  if (!isFields(present) || !isFields(patch)) return patch;
  const after = { ...present };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete after[name];
    else after[name] = merged(present[name], value);
  }
  return after;
}

const isFields = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

async function bodyOf(request: IncomingMessage): Promise<Body | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : (JSON.parse(text) as Body);
}

function pageOf(store: SyntheticStore, target: Target): string {
  const { query, plural } = target;
  const all = store.all(plural).filter((object) => isSelected(object, target));
  const from = Number(query.get("continue") ?? 0);
  const to = from + Number(query.get("limit") ?? all.length);
  const rest = to < all.length ? { continue: String(to) } : {};
  return JSON.stringify({ kind: "List", metadata: { resourceVersion: String(store.version()), ...rest }, items: all.slice(from, to) });
}

/** Of selectors those of the form that our caches use: one label, or one name. */
function isSelected({ metadata }: KubeObject, { namespace, query }: Target): boolean {
  const [label, value] = (query.get("labelSelector") ?? "").split("=");
  const name = query.get("fieldSelector")?.split("=")[1];
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (name !== undefined && metadata.name !== name) return false;
  return label === undefined || label === "" || metadata.labels?.[label] === value;
}
