/**
 * @module Nomad's HTTP API without its sockets: a Request in, a Response out. Authorises first, by access's table; then the handler of
 * the row that fits. Every row has a handler, or it does not compile.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { httpStatusOf } from "../access/access-error.ts";
import type { Authenticate } from "../access/authenticate.ts";
import { authorizeRequest, type AuthorizedRequest } from "../access/authorize-request.ts";
import { findEndpoint } from "../access/endpoints.ts";
import { requestSecret } from "../access/request-secret.ts";
import { parseGoBool } from "../lib/go-bool.ts";
import { messageOf } from "../lib/result.ts";
import { INVALID_METHOD } from "../nomad/texts.ts";
import * as acl from "./acl-handlers.ts";
import { parseBody } from "./body.ts";
import type { AclObjects, ClusterState } from "./bridge-deps.ts";
import type { ClientDeps } from "./client/client-deps.ts";
import { CLIENT_ROUTES, type ClientHandler } from "./client/client-routes.ts";
import { readQuery, type QueryOptions } from "./query.ts";
import * as read from "./read-handlers.ts";
import { type Reply, text } from "./reply.ts";

export type HttpAppDeps = {
  readonly cluster: ClusterState;
  readonly acl: AclObjects;
  readonly client: ClientDeps;
  readonly authenticate: Authenticate;
  /** host:port that this server is reached at. */
  readonly address: () => string;
  readonly log: { readonly error: (fields: object, message: string) => void; readonly info: (fields: object, message: string) => void };
  /** Epoch ms. */
  readonly now: () => number;
};

/** A policy's rules may have 128 KiB; nothing else that is served here comes near. */
const MAX_BODY_BYTES = 1024 * 1024;

export function createHttpApp(deps: HttpAppDeps): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    deps.log.error({ reason: messageOf(error), path: context.req.path }, "request failed");
    return context.text("internal error: the server's log says more", 500);
  });
  app.use(compress({ encoding: "gzip" }));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => context.text(`the body is larger than ${MAX_BODY_BYTES} bytes`, 413) }));
  app.all("*", async (context) => toResponse(await answer(deps, context.req.raw, sourceOf(context.env)), new URL(context.req.url).searchParams, deps));
  return app;
}

/** The client's address, where a socket is behind the request. */
function sourceOf(env: unknown): string {
  const { incoming } = (env ?? {}) as { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? "";
}

async function answer(deps: HttpAppDeps, request: Request, source: string): Promise<Reply> {
  const url = new URL(request.url);
  const path = decodePath(url.pathname);
  if (path === undefined) return text(400, "the path is not valid percent-encoding");
  const query = readQuery(url.searchParams);
  if (!query.ok) return text(400, query.error);
  const secret = secretOf(request.headers);
  const authorized = authorizeRequest(deps.authenticate, { method: request.method, path, secret, namespace: query.value.namespace, now: deps.now() });
  if (!authorized.ok) return refuse(deps, authorized.error);
  const region = deps.cluster.config()?.region;
  if (query.value.region !== undefined && query.value.region !== "" && query.value.region !== region) return text(500, "No path to region");
  return dispatch(deps, { request, path, query: query.value, secret, authorized: authorized.value, source });
}

function refuse(deps: HttpAppDeps, error: Parameters<typeof httpStatusOf>[0]): Reply {
  if (error.detail !== undefined) deps.log.error({ reason: error.detail }, "access refused for a reason that an operator must mend");
  return text(httpStatusOf(error), error.message);
}

export const secretOf = (headers: Headers) =>
  requestSecret({ nomadToken: headers.get("x-nomad-token") ?? undefined, authorization: headers.get("authorization") ?? undefined });

/** Undefined for broken percent-encoding. A job's ID may hold an encoded slash. */
export function decodePath(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // The only thing decodeURIComponent throws is a URIError for its argument.
    return undefined;
  }
}

type Incoming = {
  readonly request: Request;
  readonly path: string;
  readonly query: QueryOptions;
  readonly secret: string | undefined;
  readonly authorized: AuthorizedRequest;
  readonly source: string;
};

const READS: Readonly<Record<string, (context: read.ReadContext) => Reply>> = {
  "/v1/status/leader": read.leader,
  "/v1/status/peers": read.peers,
  "/v1/regions": read.regions,
  "/v1/agent/health": read.health,
  "/v1/agent/self": read.self,
  "/v1/nodes": read.listNodes,
  "/v1/node/:nodeId": read.readNode,
  "/v1/jobs": read.listJobs,
  "/v1/job/:jobId*": read.readJob,
  "/v1/job/:jobId*/allocations": read.listJobAllocations,
  "/v1/allocations": read.listAllocations,
  "/v1/allocation/:allocId": read.readAllocation,
};

type AclHandler = (context: acl.AclContext) => Reply | Promise<Reply>;

const ACL: Readonly<Record<string, AclHandler>> = {
  "PUT /v1/acl/bootstrap": acl.bootstrap,
  "GET /v1/acl/tokens": acl.listTokens,
  "PUT /v1/acl/token": acl.writeToken,
  "GET /v1/acl/token/self": acl.readOwnToken,
  "GET /v1/acl/token/:accessorId": acl.readToken,
  "PUT /v1/acl/token/:accessorId": acl.writeToken,
  "DELETE /v1/acl/token/:accessorId": acl.deleteToken,
  "GET /v1/acl/policies": acl.listPolicies,
  "GET /v1/acl/policy/self": acl.listOwnPolicies,
  "GET /v1/acl/policy/:policy": acl.readPolicy,
  "PUT /v1/acl/policy/:policy": acl.writePolicy,
  "DELETE /v1/acl/policy/:policy": acl.deletePolicy,
};

/** What the table promises and this file has no handler for: the exec route, which needs a socket. A test compares. */
export const SERVED: readonly string[] = [...Object.keys(READS).map((pattern) => `GET ${pattern}`), ...Object.keys(ACL), ...Object.keys(CLIENT_ROUTES)];

async function dispatch(deps: HttpAppDeps, incoming: Incoming): Promise<Reply> {
  const match = findEndpoint(incoming.request.method, incoming.path);
  if (match.kind !== "found") return text(404, "");
  const { method, pattern } = match.endpoint;
  const readHandler = method === "GET" ? READS[pattern] : undefined;
  if (readHandler !== undefined) return readHandler(readContext(deps, incoming));
  const aclHandler = ACL[`${method} ${pattern}`];
  if (aclHandler !== undefined) return answerAcl(deps, incoming, aclHandler);
  const clientHandler = CLIENT_ROUTES[`${method} ${pattern}`];
  if (clientHandler !== undefined) return answerClient(deps, incoming, clientHandler);
  // Nomad's own words for an exec request that asks for no upgrade.
  return text(500, "websocket connection not found in context");
}

function readContext(deps: HttpAppDeps, { query, authorized }: Incoming): read.ReadContext {
  const { params, allowsNamespace, identity } = authorized;
  const context = { cluster: deps.cluster, query, params, allowsNamespace, address: deps.address(), now: deps.now() };
  return identity === undefined ? context : { ...context, identity };
}

async function answerClient(deps: HttpAppDeps, { request, secret, authorized, source }: Incoming, handler: ClientHandler): Promise<Reply> {
  const { identity, params } = authorized;
  if (identity === undefined || request.method === "HEAD") return text(405, INVALID_METHOD);
  const identityNow = () => {
    const again = deps.authenticate(secret, deps.now());
    return again.ok ? again.value : undefined;
  };
  const { client, cluster, now } = deps;
  const allocId = (params["allocId"] ?? "").toLowerCase();
  return await handler({ client, cluster, allocId, params: new URL(request.url).searchParams, identity, identityNow, source, body: () => request.text(), now });
}

async function answerAcl(deps: HttpAppDeps, { request, secret, authorized }: Incoming, handler: AclHandler): Promise<Reply> {
  const body = request.method === "GET" || request.method === "HEAD" ? parseBody("") : parseBody(await request.text());
  if (!body.ok) return text(400, body.error);
  const { params, identity } = authorized;
  const context = { acl: deps.acl, params, body: body.value, secret, now: deps.now() };
  const reply = await handler(identity === undefined ? context : { ...context, identity });
  if (request.method !== "GET" && request.method !== "HEAD") {
    deps.log.info({ event: "acl-write", method: request.method, path: new URL(request.url).pathname, accessor: identity?.accessorId, status: reply.status }, "audit");
  }
  return reply;
}

function toResponse(reply: Reply, params: URLSearchParams, deps: HttpAppDeps): Response {
  const headers = new Headers({
    "X-Nomad-Index": String(deps.cluster.index()),
    "X-Nomad-KnownLeader": "true",
    "X-Nomad-LastContact": "0",
  });
  if (reply.kind === "text") {
    if (reply.body !== "") headers.set("Content-Type", "text/plain; charset=utf-8");
    return new Response(reply.body, { status: reply.status, headers });
  }
  if (reply.kind === "stream") {
    headers.set("Content-Type", reply.contentType);
    // A compressor would hold back what has to be there at once.
    headers.set("Cache-Control", "no-transform");
    return new Response(reply.body, { status: 200, headers });
  }
  headers.set("Content-Type", "application/json");
  if (reply.nextToken !== undefined) headers.set("X-Nomad-NextToken", Buffer.from(reply.nextToken).toString("base64url"));
  const pretty = params.has("pretty") && parseGoBool(params.get("pretty") ?? "") !== false;
  return new Response(JSON.stringify(reply.body, undefined, pretty ? 4 : undefined), { status: 200, headers });
}
