/** @module Opens pods/exec over WebSocket and moves its bytes with back-pressure. The only place that does; `access` wraps it in its gate. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import type { ClusterAccess } from "./credentials.ts";
import { createDial, type Dial } from "./dialer.ts";
import { EXEC_PROTOCOLS, podExecPath, readExecMessage, stdinMessages, type ExecEnd } from "./exec-channel.ts";
import { errorOfAnswer } from "./status.ts";
import type { OpenPodExec, PodExec, PodExecError, PodExecHandlers, PodExecTarget } from "./types.ts";

export type PodExecOptions = {
  /** Until the upgrade is answered; default 10 000 ms. */
  readonly handshakeTimeoutMs?: number;
};

type Opening = Promise<Result<PodExec, PodExecError>>;

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;
const PING_INTERVAL_MS = 7000;
const CLOSE_GRACE_MS = 1000;

/**
 * One opener for one identity. It resolves once the API server has accepted the upgrade, and calls no handler before that. The node is
 * asked only then, so a container that is not there comes as the end of a stream. An aborted signal closes the stream as `close` does,
 * also after it was opened.
 */
export function createPodExecOpener(access: ClusterAccess, options: PodExecOptions = {}): OpenPodExec {
  const dial = createDial(access);
  return async (target, handlers, signal) => {
    const address = await addressOf(access, target);
    if (!address.ok) return address;
    if (signal.aborted) return lost("cancelled before it began");
    const socket = connect(address.value, dial, access);
    return await handshake(socket, handlers, { signal, timeoutMs: options.handshakeTimeoutMs ?? 10_000 });
  };
}

type Address = { readonly url: string; readonly authorization: string | undefined };

async function addressOf(access: ClusterAccess, target: PodExecTarget): Promise<Result<Address, PodExecError>> {
  const path = podExecPath(target);
  if (!path.ok) return err({ kind: "refused", code: 400, message: path.error.message });
  try {
    const token = await access.token?.();
    const url = `${access.server.replace(/^http/, "ws")}${access.basePath}${path.value}`;
    return ok({ url, authorization: token === undefined ? undefined : `Bearer ${token}` });
  } catch (thrown) {
    return lost(`no credential for the API server: ${messageOf(thrown)}`);
  }
}

function connect(address: Address, dial: Dial, access: ClusterAccess): WebSocket {
  return new WebSocket(address.url, [...EXEC_PROTOCOLS], {
    createConnection: dial,
    headers: {
      "user-agent": "nomad-bridge",
      ...(address.authorization === undefined ? {} : { authorization: address.authorization }),
    },
    ...(access.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    followRedirects: false,
  });
}

/** Resolves with the stream, the server's refusal, or why there was no answer. Whatever is not a clean upgrade closes the connection. */
async function handshake(socket: WebSocket, handlers: PodExecHandlers, limits: { readonly signal: AbortSignal; readonly timeoutMs: number }): Opening {
  const { promise, resolve } = Promise.withResolvers<Result<PodExec, PodExecError>>();
  const giveUp = (error: Result<never, PodExecError>): void => {
    resolve(error);
    socket.terminate();
  };
  const timer = setTimeout(() => giveUp(lost(`the API server did not answer the upgrade within ${limits.timeoutMs} ms`)), limits.timeoutMs);
  const onAbort = (): void => giveUp(lost("cancelled while it was opened"));
  limits.signal.addEventListener("abort", onAbort, { once: true });
  socket.on("error", (error) => giveUp(lost(`the connection to the API server failed: ${error.message}`)));
  socket.on("unexpected-response", (_request: ClientRequest, response: IncomingMessage) => {
    readRefusal(response, (body) => giveUp(err(refusalOf(response.statusCode ?? 0, body))));
  });
  // In the same turn as "open": a first message may already be waiting behind it.
  socket.on("open", () => {
    limits.signal.removeEventListener("abort", onAbort);
    resolve(ok(startStream(socket, handlers, limits.signal)));
  });
  return await promise.finally(() => {
    clearTimeout(timer);
    limits.signal.removeEventListener("abort", onAbort);
  });
}

/** Collects at most 64 KiB of a refused upgrade's body; a connection that breaks meanwhile ends it. */
function readRefusal(response: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (): void => done(Buffer.concat(chunks).toString("utf8"));
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_REFUSAL_BYTES) response.destroy();
  });
  for (const event of ["end", "error", "close"]) response.on(event, finish);
}

function refusalOf(code: number, body: string): PodExecError {
  const error = errorOfAnswer(code, body);
  return { kind: "refused", code: error.kind === "status" ? error.code : code, message: error.message };
}

type Stream = { readonly socket: WebSocket; readonly handlers: PodExecHandlers; ended: boolean; readonly cleanUp: () => void };

function startStream(socket: WebSocket, handlers: PodExecHandlers, signal: AbortSignal): PodExec {
  const pings = setInterval(() => {
    // Bytes on their way show the same as a ping would, and a ping would only queue behind them.
    if (socket.bufferedAmount === 0) socket.ping();
  }, PING_INTERVAL_MS);
  const stream: Stream = {
    socket,
    handlers,
    ended: false,
    cleanUp: () => {
      clearInterval(pings);
      signal.removeEventListener("abort", close);
    },
  };
  function close(): void {
    stream.ended = true;
    stream.cleanUp();
    socket.terminate();
  }
  signal.addEventListener("abort", close, { once: true });
  listen(stream);
  let paused = false;
  // The caller gets the stream in a later turn; what the server has sent already waits until then.
  socket.pause();
  setImmediate(() => {
    if (!paused) socket.resume();
  });
  return {
    write: (parts) => {
      if (stream.ended || socket.readyState !== WebSocket.OPEN) return;
      for (const message of stdinMessages(parts)) socket.send(message);
    },
    bufferedBytes: () => socket.bufferedAmount,
    pause: () => {
      paused = true;
      socket.pause();
    },
    resume: () => {
      paused = false;
      socket.resume();
    },
    close,
  };
}

function listen(stream: Stream): void {
  const { socket, handlers } = stream;
  let failure: string | undefined;
  // Replaces the opening's listener: an error from here on is told by "close", which always follows.
  socket.removeAllListeners("error");
  socket.on("error", (error) => {
    failure = error.message;
  });
  socket.on("message", (message: Buffer, isBinary) => {
    if (stream.ended || !isBinary) return;
    const read = readExecMessage(message);
    if (read.kind === "stdout") handlers.onStdout(read.data);
    else if (read.kind === "stderr") handlers.onStderr(read.data);
    else if (read.kind === "end") finish(stream, read.end);
  });
  socket.on("close", (code, reason) => {
    const why = failure ?? `closed with code ${code}${reason.length > 0 ? ` (${reason.toString("utf8")})` : ""}`;
    finish(stream, { error: { kind: "lost", message: `the exec stream ended without an exit status: ${why}` } });
  });
}

function finish(stream: Stream, end: ExecEnd): void {
  if (stream.ended) return;
  stream.ended = true;
  stream.cleanUp();
  stream.handlers.onEnd(end);
  stream.socket.close(1000);
  const force = setTimeout(() => stream.socket.terminate(), CLOSE_GRACE_MS);
  stream.socket.on("close", () => clearTimeout(force));
}

const lost = (message: string): { readonly ok: false; readonly error: PodExecError } => err({ kind: "lost", message });
