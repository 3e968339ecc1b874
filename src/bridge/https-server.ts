/** @module The bridge's sockets: TLS, the HTTP app behind it, and the upgrade of exec requests. */
import { createServer, type Server } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { WebSocketServer } from "ws";
import { requestSecret } from "../access/request-secret.ts";
import { MAX_FRAME_BYTES } from "../nomad/exec-frames.ts";
import { execRoute } from "./exec-request.ts";
import type { ExecUpgrade } from "./exec-route.ts";
import { decodePath } from "./http-app.ts";

export type TlsFiles = {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** With it, every client must show a certificate that it signed. */
  readonly clientCa?: string;
};

export type HttpsServerDeps = {
  readonly app: Hono;
  readonly tls: TlsFiles;
  readonly onExec: (upgrade: ExecUpgrade) => void;
};

/** A command travels in the URL, as on Nomad, whose limit this is. */
const MAX_HEADER_BYTES = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than the 90 s for which Go's clients keep an idle connection: a request that crosses our goodbye would be lost, and a write is not sent again. */
const KEEP_ALIVE_MS = 95_000;

/** A client that has said goodbye and keeps its connection open is cut off after `closeTimeout` ms: until then its session counts as open. */
const SOCKET_OPTIONS = { noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, clientTracking: false, closeTimeout: 2_000 };

export function createHttpsServer({ app, tls, onExec }: HttpsServerDeps): Server {
  const listener = getRequestListener(app.fetch);
  const server = createServer(
    {
      cert: tls.cert,
      key: tls.key,
      minVersion: "TLSv1.2",
      ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    },
    (request, response) => void listener(request, response),
  );
  const sockets = new WebSocketServer(SOCKET_OPTIONS);
  server.on("upgrade", (request, socket, head) => upgrade({ sockets, onExec }, request, { socket, head }));
  return server;
}

type Upgrading = { readonly sockets: WebSocketServer; readonly onExec: (upgrade: ExecUpgrade) => void };

function upgrade({ sockets, onExec }: Upgrading, request: IncomingMessage, { socket, head }: { readonly socket: Duplex; readonly head: Buffer }): void {
  // A client that resets while it is being refused must not end the process.
  socket.on("error", () => socket.destroy());
  const url = requestUrl(request);
  const route = url === undefined ? undefined : execRoute(decodePath(url.pathname) ?? "");
  if (url === undefined || route === undefined) return refuse(socket, 404, "no WebSocket is served at this path");
  if (!isSameOrigin(request)) return refuse(socket, 403, "websocket: request origin not allowed by Upgrader.CheckOrigin");
  sockets.handleUpgrade(request, socket, head, (client) => {
    const secret = requestSecret({ nomadToken: header(request, "x-nomad-token"), authorization: request.headers.authorization });
    onExec({ client, target: route, params: url.searchParams, secret, source: request.socket.remoteAddress ?? "" });
  });
}

function requestUrl(request: IncomingMessage): URL | undefined {
  const url = request.url ?? "";
  return url.startsWith("/") && URL.canParse(url, "https://bridge") ? new URL(url, "https://bridge") : undefined;
}

/** A page of another site must not open a session with a browser's stored credentials. Programs send no Origin. */
function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host.toLowerCase() === host?.toLowerCase();
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const REASON: Readonly<Record<number, string>> = { 403: "Forbidden", 404: "Not Found" };

function refuse(socket: Duplex, status: number, body: string): void {
  const head = `HTTP/1.1 ${status} ${REASON[status] ?? ""}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  socket.end(head + body);
}
