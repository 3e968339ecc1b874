/**
 * @module Nomad's HTTP API without its sockets: a Request in, a Response out. Authorises first, by access's table; then the handler of
 * the row that fits. Every row has a handler, or it does not compile.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { httpStatusOf } from "../access/access-error.ts";
import type { Authenticate } from "../access/authenticate.ts";
import { authorizeRequest, type AuthorizedRequest } from "../access/authorize-request.ts";
import { type EndpointMatch, findEndpoint } from "../access/endpoints.ts";
import { refusalOf } from "../access/nomad-routes.ts";
import { requestSecret } from "../access/request-secret.ts";
import { parseGoBool } from "../lib/go-bool.ts";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { AUTH_METHOD_ROUTES } from "./acl/auth-methods.ts";
import { BINDING_RULE_ROUTES } from "./acl/binding-rules.ts";
import { LOGIN_ROUTES } from "./acl/login.ts";
import { ROLE_ROUTES } from "./acl/roles.ts";
import { ACL_ROUTES } from "./acl-handlers.ts";
import { interestOf } from "./blocking/blocking-kinds.ts";
import { type ChangeFeed, waitForChange } from "./blocking/change-feed.ts";
import type { Interest } from "./blocking/feed-state.ts";
import { type Body, parseBody } from "./body.ts";
import { MAX_BODY_BYTES, maxBodyBytes } from "./body-limits.ts";
import type { AclObjects, ClusterState, JobObjects, Logins, NodeMarks } from "./bridge-deps.ts";
import type { ClientDeps } from "./client/client-deps.ts";
import { CLIENT_ROUTES } from "./client/client-routes.ts";
import { acceptsGzip, type JsonBodies, jsonBodies } from "./json-body.ts";
import { type AllocationStubs, allocationStubs } from "./lists/allocation-stubs.ts";
import { type SharedReplies, sharedReplies } from "./lists/shared-replies.ts";
import { AGENT_ROUTES } from "./cluster/agent.ts";
import { METRIC_ROUTES } from "./cluster/metrics.ts";
import { type RememberedGauges, rememberedGauges } from "./cluster/remembered-gauges.ts";
import { NAMESPACE_ROUTES } from "./cluster/namespaces.ts";
import { NODE_POOL_ROUTES } from "./cluster/node-pools.ts";
import { NODE_ROUTES } from "./cluster/nodes.ts";
import { SCALING_ROUTES } from "./cluster/scaling.ts";
import { SEARCH_ROUTES } from "./cluster/search.ts";
import { SERVICE_ROUTES } from "./cluster/services.ts";
import { VOLUME_ROUTES } from "./cluster/volumes.ts";
import { EVENT_ROUTES } from "./events/event-route.ts";
import type { EventBroker } from "./events/event-stream.ts";
import { JOB_ROUTES } from "./jobs/routes.ts";
import type { LogLines } from "./monitor/log-lines.ts";
import { MONITOR_ROUTES } from "./monitor/monitor-route.ts";
import { readQuery, type QueryOptions } from "./query.ts";
import { READ_ROUTES } from "./read-handlers.ts";
import { type Reply, text } from "./reply.ts";
import { hasIndex } from "./reply-headers.ts";
import type { RequestContext, Routes } from "./request-context.ts";

export type HttpAppDeps = {
  readonly cluster: ClusterState;
  readonly acl: AclObjects;
  readonly logins: Logins;
  readonly nodes: NodeMarks;
  readonly jobs: JobObjects;
  readonly feed: ChangeFeed;
  readonly client: ClientDeps;
  readonly events: EventBroker;
  readonly logLines: LogLines;
  readonly authenticate: Authenticate;
  /** host:port that this server is reached at. */
  readonly address: () => string;
  readonly log: { readonly error: (fields: object, message: string) => void; readonly info: (fields: object, message: string) => void };
  /** Epoch ms. */
  readonly now: () => number;
};

/** With what the app itself remembers. */
type AppDeps = HttpAppDeps & { readonly stubs: AllocationStubs; readonly shared: SharedReplies; readonly bodies: JsonBodies; readonly gauges: RememberedGauges };

export function createHttpApp(given: HttpAppDeps): Hono {
  const stubs = allocationStubs();
  const deps: AppDeps = { ...given, stubs, shared: sharedReplies((row) => stubs.textOf(row) !== undefined), bodies: jsonBodies(stubs), gauges: rememberedGauges() };
  const app = new Hono();
  app.onError((error, context) => {
    deps.log.error({ reason: messageOf(error), path: context.req.path }, "request failed");
    return context.text("internal error: the server's log says more", 500);
  });
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: async (context) => {
    await discard(context.req.raw);
    return context.text(tooLarge(MAX_BODY_BYTES), 413);
  } });
  app.use(async (context, next) => (hasBody(context.req.raw.headers) ? await limit(context, next) : await next()));
  app.all("*", async (context) => await toResponse(deps, await answer(deps, context.req.raw, sourceOf(context.env)), context.req.raw));
  return app;
}

/** Looking for a body that is not there takes longer than all else about a read. */
const hasBody = (headers: Headers): boolean => headers.has("content-length") || headers.has("transfer-encoding");

/** What is not worth the wait for its end. */
const MAX_DISCARDED_BYTES = 64 * 1024 * 1024;

/** Who is still sending would find the connection reset and never read why. Node's limit for a whole request bounds the time. */
async function discard({ body, headers }: Request): Promise<void> {
  if (body === null || body.locked || !(Number(headers.get("content-length") ?? Number.NaN) <= MAX_DISCARDED_BYTES)) return;
  for await (const _chunk of body);
}

/** The client's address, where a socket is behind the request. */
function sourceOf(env: unknown): string {
  const { incoming } = (env ?? {}) as { readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? "";
}

type Answer = { readonly reply: Reply; /** For X-Nomad-Index: no change before it is missing in the reply. */ readonly index: number; readonly pretty: boolean; readonly isStamped: boolean };

/** A blocking query is held between being let in and being answered; rights may have changed meanwhile, so it is let in twice. */
async function answer(deps: AppDeps, request: Request, source: string): Promise<Answer> {
  const asked = readRequest(request, source);
  const admitted = asked.ok ? admit(deps, asked.value) : asked;
  const refusal = (reply: Reply): Answer => ({ reply, index: deps.cluster.index(), pretty: false, isStamped: false });
  if (!admitted.ok) return refusal(admitted.error);
  const held = await hold(deps, admitted.value);
  if (!held.ok) return refusal(held.error);
  const index = indexFor(deps, admitted.value);
  const again = held.value === "held" ? admit(deps, admitted.value) : admitted;
  const reply = again.ok ? await dispatch(deps, again.value) : again.error;
  const { path, url } = admitted.value;
  return { reply, index, pretty: isPretty(url.searchParams), isStamped: hasIndex(reply, path, url.searchParams) };
}

const isPretty = (params: URLSearchParams): boolean => params.has("pretty") && parseGoBool(params.get("pretty") ?? "") !== false;

/** What a request says of itself. */
type Asked = Omit<Incoming, "authorized">;

function readRequest(request: Request, source: string): Result<Asked, Reply> {
  const url = new URL(request.url);
  const path = decodePath(url.pathname);
  if (path === undefined) return err(text(400, "the path is not valid percent-encoding"));
  const query = readQuery(url.searchParams);
  if (!query.ok) return err(text(400, query.error));
  return ok({ request, url, path, match: findEndpoint(request.method, path), query: query.value, secret: secretOf(request.headers), source });
}

function admit(deps: HttpAppDeps, asked: Asked): Result<Incoming, Reply> {
  const { request, path, match, query, secret } = asked;
  const authorized = authorizeRequest(deps.authenticate, { match, path, secret, namespace: query.namespace, now: deps.now() });
  if (!authorized.ok) return err((authorized.error.kind === "invalid-method" ? refused(request.method, path) : undefined) ?? refuse(deps, authorized.error));
  const region = deps.cluster.config()?.region;
  if (!OF_NO_REGION.test(path) && query.region !== undefined && query.region !== "" && query.region !== region) return err(text(500, "No path to region"));
  return ok({ ...asked, authorized: authorized.value });
}

/** Answered by the agent that is asked, whatever region it is asked for. */
const OF_NO_REGION = /^\/v1\/(regions$|agent\/)/;

function waitsFor({ cluster }: HttpAppDeps, { match }: Incoming): Interest | undefined {
  return match.kind === "found" && match.endpoint.method === "GET" ? interestOf(cluster, match.endpoint.pattern, match.params) : undefined;
}

async function hold(deps: HttpAppDeps, incoming: Incoming): Promise<Result<"held" | "at-once", Reply>> {
  const { query, request, authorized } = incoming;
  const interest = waitsFor(deps, incoming);
  if (interest === undefined || query.index === 0) return ok("at-once");
  const end = await waitForChange(deps.feed, { ...interest, index: query.index, waitMs: query.waitMs, holder: authorized.identity?.accessorId ?? "" }, request.signal);
  return end === "full" ? err(text(429, TOO_MANY_HELD)) : ok("held");
}

const TOO_MANY_HELD = "too many blocking queries are held; ask again with a longer pause between them";

function indexFor(deps: HttpAppDeps, incoming: Incoming): number {
  const interest = waitsFor(deps, incoming);
  return interest === undefined ? deps.cluster.index() : deps.feed.index(interest.kinds);
}

/** A route of Nomad's that is not served for good says why, which tells nothing of what is here. */
function refused(method: string, path: string): Reply | undefined {
  const reason = refusalOf(method, path);
  return reason === undefined ? undefined : text(501, reason);
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
  readonly url: URL;
  /** Decoded. */
  readonly path: string;
  readonly match: EndpointMatch;
  readonly query: QueryOptions;
  readonly secret: string | undefined;
  readonly authorized: AuthorizedRequest;
  readonly source: string;
};

const ROUTES: Routes = {
  ...READ_ROUTES,
  ...ACL_ROUTES,
  ...ROLE_ROUTES,
  ...AUTH_METHOD_ROUTES,
  ...BINDING_RULE_ROUTES,
  ...LOGIN_ROUTES,
  ...CLIENT_ROUTES,
  ...AGENT_ROUTES,
  ...NAMESPACE_ROUTES,
  ...NODE_ROUTES,
  ...NODE_POOL_ROUTES,
  ...SCALING_ROUTES,
  ...SEARCH_ROUTES,
  ...METRIC_ROUTES,
  ...SERVICE_ROUTES,
  ...VOLUME_ROUTES,
  ...MONITOR_ROUTES,
  ...EVENT_ROUTES,
  ...JOB_ROUTES,
};

/** What the table promises and this file has no handler for: the exec route, which needs a socket. A test compares. */
export const SERVED: readonly string[] = Object.keys(ROUTES);

async function dispatch(deps: AppDeps, incoming: Incoming): Promise<Reply> {
  const { request, match, authorized } = incoming;
  if (match.kind !== "found") return refused(request.method, incoming.path) ?? text(404, "");
  const { method, pattern } = match.endpoint;
  const handler = ROUTES[`${method} ${pattern}`];
  // What is said of an exec request that asks for no upgrade.
  if (handler === undefined) return text(400, NO_UPGRADE);
  const isRead = method === "GET";
  const maxBytes = maxBodyBytes(match.endpoint, authorized.identity);
  const sent = isRead ? "" : await request.text();
  if (sent.length > maxBytes) return text(413, tooLarge(maxBytes));
  const body = isRead ? ok({}) : parseBody(`${method} ${pattern}`, sent);
  if (!body.ok) return text(body.error.status, body.error.message);
  const reply = await shared(deps, incoming, pattern, () => handler(contextOf(deps, incoming, body.value)));
  // Nobody will read it.
  if (request.method === "HEAD" && reply.kind === "stream") void reply.body.cancel();
  if (!isRead) auditWrite(deps, incoming, { event: pattern.startsWith("/v1/acl/") ? "acl-write" : "write", status: reply.status, accessor: authorized.identity?.accessorId, ...(reply.kind === "json" ? reply.audit : {}) });
  return reply;
}

const NO_UPGRADE = "Bad Request\nfailed to upgrade connection: websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header";

const tooLarge = (bytes: number): string => `the body is larger than ${bytes} bytes`;

async function shared(deps: AppDeps, { request, path, url, authorized }: Incoming, pattern: string, make: () => Reply | Promise<Reply>): Promise<Reply> {
  if (request.method !== "GET" || authorized.identity === undefined) return await make();
  const version = `${deps.cluster.index()}/${deps.feed.newest()}`;
  return await deps.shared({ pattern, path, search: url.searchParams, acl: authorized.identity.acl, version, now: deps.now() }, make);
}

function contextOf(deps: AppDeps, { request, url, query, secret, authorized, source }: Incoming, body: Body): RequestContext {
  const { params, allowsNamespace, identity } = authorized;
  const { cluster, acl, logins, nodes, jobs, client, events, logLines, feed, stubs, gauges } = deps;
  const { searchParams: search } = url;
  const identityNow = () => {
    const again = deps.authenticate(secret, deps.now());
    return again.ok ? again.value : undefined;
  };
  const context = { cluster, acl, logins, nodes, jobs, client, events, logLines, feed, stubs, gauges, query, search, params, body, allowsNamespace, identityNow, secret, source, address: deps.address(), now: deps.now(), signal: request.signal };
  return identity === undefined ? context : { ...context, identity };
}

/** A write leaves a line, whatever came of it. */
function auditWrite({ log }: HttpAppDeps, { request, path, query }: Incoming, line: { readonly event: string; readonly status: number; readonly accessor: string | undefined }): void {
  log.info({ ...line, method: request.method, path, namespace: query.namespace }, "audit");
}

async function toResponse({ bodies }: AppDeps, { reply, index, pretty, isStamped }: Answer, request: Request): Promise<Response> {
  // Not as Headers: those cost more than the rest of a reply that is made already.
  const stamp = isStamped ? { "X-Nomad-Index": String(index), "X-Nomad-KnownLeader": "true", "X-Nomad-LastContact": "0" } : {};
  const headers = { ...stamp, Vary: "Accept-Encoding" };
  // A compressor would hold back what has to be there at once.
  if (reply.kind === "stream") return new Response(reply.body, { status: reply.status, headers: { ...headers, "Content-Type": reply.contentType, "Cache-Control": "no-transform" } });
  // A null body, unlike an empty text, gets no Content-Type from the platform.
  if (reply.kind === "text" && reply.body === "") return new Response(null, { status: reply.status, headers });
  const gzip = request.method !== "HEAD" && acceptsGzip(request.headers.get("accept-encoding"));
  const { bytes, isCompressed } = await bodies(reply, { pretty, gzip });
  const content = {
    "Content-Type": reply.kind === "json" ? "application/json" : "text/plain; charset=utf-8",
    ...(isCompressed ? { "Content-Encoding": "gzip" } : {}),
    "Content-Length": String(bytes.length),
  };
  const page = reply.kind === "json" && reply.nextToken !== undefined ? { "X-Nomad-NextToken": Buffer.from(reply.nextToken).toString("base64url") } : {};
  return new Response(bytes, { status: reply.status, headers: { ...headers, ...content, ...page } });
}
