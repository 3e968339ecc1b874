/**
 * @module A small client of Nomad's HTTP API: JSON reads and the exec WebSocket, all over one kept connection. Used by the commands.
 * Source: developer.hashicorp.com/nomad/api-docs
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { buffer } from "node:stream/consumers";
import type { WebSocket } from "ws";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { MAX_FRAME_BYTES } from "../nomad/exec-frames.ts";
import { networkError } from "./network-error.ts";
import type { Settings } from "./settings.ts";
import { readTlsFiles } from "./tls-files.ts";

export type Query = Readonly<Record<string, string>>;
export type NomadClient = {
  /** The decoded body of a 200; any other end is the text that Nomad's own CLI shows after its "Error querying …: ". */
  readonly getJson: (path: string, query: Query) => Promise<Result<unknown, string>>;
  /** An open WebSocket, paused so that no frame is lost before someone listens. */
  readonly openSocket: (path: string, query: Query, signal: AbortSignal) => Promise<Result<WebSocket, string>>;
};

export type WritingClient = NomadClient & {
  /** As getJson, for a body that is sent with PUT. */
  readonly putJson: (path: string, query: Query, body: unknown) => Promise<Result<unknown, string>>;
};

/** What every request of one command shares. */
type Connection = {
  readonly settings: Settings;
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string>>;
  /** Loads while the first request is on its way. */
  readonly sockets: Promise<typeof import("ws")>;
};

/** As much of a refused handshake's body as Nomad's CLI shows. */
const MAX_REFUSAL_CHARACTERS = 1024;

/** Reads the TLS files; the error says which of them cannot be used. No connection is made yet. */
export function createClient(settings: Settings): Result<WritingClient, string> {
  const agent = createAgent(settings);
  if (!agent.ok) return agent;
  const connection: Connection = { settings, agent: agent.value, headers: headersOf(settings), sockets: import("ws") };
  return ok({
    getJson: (path, query) => callJson(connection, { method: "GET" }, path, query),
    putJson: (path, query, body) => callJson(connection, { method: "PUT", body: JSON.stringify(body) }, path, query),
    openSocket: (path, query, signal) => openSocket(connection, path, query, signal),
  });
}

/** One socket after the other, kept between requests: the upgrade then needs no new TLS handshake. */
function createAgent(settings: Settings): Result<HttpAgent, string> {
  const common = { keepAlive: true, ...(settings.socketPath === undefined ? {} : { socketPath: settings.socketPath }) };
  if (!settings.origin.startsWith("https:")) return ok(new HttpAgent(common));
  const tls = readTlsFiles(settings.tls);
  return tls.ok ? ok(new HttpsAgent({ ...common, ...tls.value })) : tls;
}

function headersOf(settings: Settings): Record<string, string> {
  const basic = Buffer.from(settings.basicAuth.includes(":") ? settings.basicAuth : `${settings.basicAuth}:`).toString("base64");
  return {
    ...(settings.token === "" ? {} : { "X-Nomad-Token": settings.token }),
    ...(settings.basicAuth === "" ? {} : { Authorization: `Basic ${basic}` }),
  };
}

/** Parameters in sorted order, as Go clients send them. What the call says itself wins over the settings. */
function urlOf(settings: Settings, path: string, query: Query): URL {
  const url = new URL(path, settings.origin);
  const { region, namespace } = settings;
  for (const [name, value] of Object.entries({ region, namespace, ...query })) {
    if (value !== "") url.searchParams.set(name, value);
  }
  url.searchParams.sort();
  return url;
}

type Call = { readonly method: "GET" | "PUT"; readonly body?: string };

/** A server that says nothing for so long is gone. */
const SILENCE_MS = 60_000;

async function callJson(connection: Connection, call: Call, path: string, query: Query): Promise<Result<unknown, string>> {
  const url = urlOf(connection.settings, path, query);
  try {
    const response = await send(connection, url, call);
    const body = (await buffer(response)).toString("utf8");
    if (response.statusCode !== 200) return err(unexpectedResponse(response.statusCode ?? 0, body));
    return ok(JSON.parse(body));
  } catch (error) {
    return err(`${call.method === "GET" ? "Get" : "Put"} "${url.href}": ${networkError(error)}`);
  }
}

function send(connection: Connection, url: URL, call: Call): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: connection.agent, headers: connection.headers, method: call.method }, resolve);
    sent.setTimeout(SILENCE_MS, () => sent.destroy(new Error(`no answer within ${SILENCE_MS / 1000} s`)));
    sent.on("error", (error) => {
      // The server closed an idle connection just when we wrote to it: Go's clients try a new one, too. What is put says what it must find there.
      if (sent.reusedSocket && CLOSED_BY_SERVER.has((error as NodeJS.ErrnoException).code ?? "")) return resolve(send(connection, url, call));
      reject(error);
    });
    sent.end(call.body);
  });
}

const CLOSED_BY_SERVER = new Set(["ECONNRESET", "EPIPE"]);

async function openSocket(connection: Connection, path: string, query: Query, signal: AbortSignal): Promise<Result<WebSocket, string>> {
  const { WebSocket: Socket } = await connection.sockets;
  const url = urlOf(connection.settings, path, query);
  url.protocol = url.protocol.replace("http", "ws");
  if (signal.aborted) return err("context canceled");
  const socket = new Socket(url, {
    agent: connection.agent,
    headers: connection.headers,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME_BYTES,
    // Frames are base64 in JSON: whatever is not UTF-8 fails to decode anyway.
    skipUTF8Validation: true,
  });
  return await opened(socket, signal);
}

function opened(socket: WebSocket, signal: AbortSignal): Promise<Result<WebSocket, string>> {
  return new Promise((resolve) => {
    const cancel = (): void => {
      resolve(err("context canceled"));
      socket.terminate();
    };
    signal.addEventListener("abort", cancel, { once: true });
    socket.once("open", () => {
      signal.removeEventListener("abort", cancel);
      socket.pause();
      resolve(ok(socket));
    });
    socket.once("unexpected-response", (_request, response) => {
      refusal(response).then(
        (text) => resolve(err(text)),
        (error: unknown) => resolve(err(messageOf(error))),
      );
    });
    // Stays for the whole session: an error is followed by "close", which is what the session acts on.
    socket.on("error", (error) => resolve(err(networkError(error))));
  });
}

async function refusal(response: IncomingMessage): Promise<string> {
  const body = (await buffer(response)).toString("utf8").slice(0, MAX_REFUSAL_CHARACTERS);
  return unexpectedResponse(response.statusCode ?? 0, body);
}

function unexpectedResponse(status: number, body: string): string {
  const text = body.trim();
  return text === "" ? `Unexpected response code: ${status}` : `Unexpected response code: ${status} (${text})`;
}
