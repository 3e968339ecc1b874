/** @module One HTTP conversation with the API server: shared connections, deadline, retry. Used by the client's verbs and the watch. */
import { Agent, type Dispatcher } from "undici";
import { err, messageOf, ok, type Result } from "../lib/result.ts";
import { backoffMs, type Clock } from "./clock.ts";
import type { ClusterAccess } from "./credentials.ts";
import { withQuery } from "./paths.ts";
import { errorOfAnswer, parseJson } from "./status.ts";
import type { KubeError, KubeResult, RawRequest } from "./types.ts";

/** Whom to act as instead of the credential's own identity (needs the `impersonate` verb). */
export type Impersonation = { readonly user: string; readonly groups?: readonly string[] };

export type TransportOptions = {
  readonly clock: Clock;
  /** For one call with all its retries, milliseconds. */
  readonly deadlineMs: number;
  readonly impersonate?: Impersonation;
};

export type StreamOptions = {
  /** The stream fails after this many milliseconds without a byte. */
  readonly idleTimeoutMs: number;
};

export type Transport = {
  readonly call: (request: RawRequest, signal?: AbortSignal) => KubeResult<unknown>;
  readonly stream: (request: RawRequest, options: StreamOptions, signal: AbortSignal) => KubeResult<AsyncIterable<Buffer>>;
  readonly close: () => Promise<void>;
};

type Answer = { readonly code: number; readonly text: string; readonly json: boolean; readonly retryAfter: string | undefined };
type Attempt = Result<Answer, KubeError>;

const MAX_ATTEMPTS = 8;
const RETRY_BACKOFF = { baseMs: 250, maxMs: 8000 } as const;
const PING_INTERVAL_MS = 15_000;
/** Each has a connection of its own; more wait. As many as one connection carries over HTTP/2. */
const MAX_WRITES_AT_ONCE = 100;

/** Opens no connection before the first call. */
export function createTransport(access: ClusterAccess, options: TransportOptions): Transport {
  const agents = sharedAgents(access, options);
  const open = async (request: RawRequest, timing: { idleTimeoutMs: number; signal: AbortSignal }): Promise<Dispatcher.ResponseData> =>
    await (request.body === undefined ? agents.reading : agents.writing).request({
      origin: access.server,
      path: withQuery(`${access.basePath}${request.path}`, request.query ?? {}),
      method: request.method,
      headers: await unlessGivenUp(requestHeaders(access, request, options.impersonate), timing.signal),
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: timing.signal,
      headersTimeout: 0,
      bodyTimeout: timing.idleTimeoutMs,
    });
  return {
    call: async (request, signal) => await withDeadline(request, { open, options }, signal),
    stream: async (request, timing, signal) => await openStream(request, { open, options, timing }, signal),
    close: async () => {
      await Promise.all([agents.reading.destroy(), agents.writing.destroy()]);
    },
  };
}

/** A token can take as long as the API server or a plugin likes, and a call must end in time all the same; later calls may still have it. */
async function unlessGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

type Agents = { readonly reading: Agent; readonly writing: Agent };

/**
 * What has a body goes over HTTP/1.1. Over HTTP/2 undici gives a request up without resetting its stream when the body has not left yet, and Node
 * then sends empty frames of that body as soon as it may, in a loop of its own that never ends and takes all memory: seen with undici 8.12 and
 * Node 24 under an API server that read too slowly. Over HTTP/1.1 giving up ends the connection.
 *
 * Over HTTP/2 undici also joins a repeated header with commas, and several groups would become one: who impersonates speaks HTTP/1.1 alone.
 */
function sharedAgents(access: ClusterAccess, options: TransportOptions): Agents {
  return {
    reading: new Agent({ ...connectionOptions(access), allowH2: options.impersonate === undefined, h2Options: { pingInterval: PING_INTERVAL_MS } }),
    writing: new Agent({ ...connectionOptions(access), allowH2: false, connections: MAX_WRITES_AT_ONCE }),
  };
}

function connectionOptions(access: ClusterAccess): Agent.Options {
  return {
    keepAliveTimeout: 30_000,
    connect: {
      ca: access.ca,
      cert: access.cert,
      key: access.key,
      rejectUnauthorized: access.insecureSkipTlsVerify !== true,
      ...(access.serverName === undefined ? {} : { servername: access.serverName }),
      timeout: 10_000,
    },
  };
}

async function requestHeaders(access: ClusterAccess, request: RawRequest, as?: Impersonation): Promise<Record<string, string | string[]>> {
  const token = await access.token?.();
  return {
    accept: "application/json",
    "user-agent": "nomad-bridge",
    ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(as === undefined ? {} : { "impersonate-user": as.user }),
    ...(as?.groups === undefined || as.groups.length === 0 ? {} : { "impersonate-group": [...as.groups] }),
  };
}

type Open = (request: RawRequest, timing: { idleTimeoutMs: number; signal: AbortSignal }) => Promise<Dispatcher.ResponseData>;

async function withDeadline(request: RawRequest, deps: { open: Open; options: TransportOptions }, signal?: AbortSignal): KubeResult<unknown> {
  const deadline = new AbortController();
  const onAbort = (): void => deadline.abort();
  const timer = setTimeout(onAbort, deps.options.deadlineMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    const outcome = await callWithRetry(request, deps, deadline.signal);
    if (outcome.ok || !deadline.signal.aborted || outcome.error.kind === "status") return outcome;
    const reason = signal?.aborted === true ? "cancelled by the caller" : `no answer within ${deps.options.deadlineMs} ms`;
    return networkError(request, reason);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

async function callWithRetry(request: RawRequest, deps: { open: Open; options: TransportOptions }, signal: AbortSignal): KubeResult<unknown> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await callOnce(request, deps.open, signal);
    const pauseMs = retryPauseMs(request, answer, { attempt, random: deps.options.clock.random() });
    if (pauseMs === undefined || attempt + 1 >= MAX_ATTEMPTS || signal.aborted) return resultOf(request, answer);
    await deps.options.clock.sleep(pauseMs, signal);
    if (signal.aborted) return resultOf(request, answer);
  }
}

async function callOnce(request: RawRequest, open: Open, signal: AbortSignal): Promise<Attempt> {
  try {
    const response = await open(request, { idleTimeoutMs: 0, signal });
    const text = await response.body.text();
    return ok({
      code: response.statusCode,
      text,
      json: String(response.headers["content-type"] ?? "").includes("json"),
      retryAfter: firstHeader(response.headers["retry-after"]),
    });
  } catch (thrown) {
    return networkError(request, causeText(thrown));
  }
}

/**
 * Milliseconds to wait before the same call is worth repeating, or undefined when it is final. 429 and 503 were refused before
 * anything happened; a connection error leaves that open, so only a GET is repeated after one.
 */
export function retryPauseMs(request: RawRequest, answer: Attempt, chance: { readonly attempt: number; readonly random: number }): number | undefined {
  const backoff = backoffMs(chance.attempt, RETRY_BACKOFF, chance.random);
  if (!answer.ok) return request.method === "GET" ? backoff : undefined;
  if (answer.value.code !== 429 && answer.value.code !== 503) return undefined;
  const seconds = Number(answer.value.retryAfter ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return backoff;
  return Math.max(seconds * 1000, 0) + backoff / 4;
}

function resultOf(request: RawRequest, answer: Attempt): Result<unknown, KubeError> {
  if (!answer.ok) return answer;
  const { code, text, json } = answer.value;
  if (code >= 300) return err(errorOfAnswer(code, text));
  if (!json) return ok(text);
  const value = parseJson(text);
  return value === undefined ? networkError(request, "the answer is not valid JSON") : ok(value);
}

async function openStream(
  request: RawRequest,
  deps: { open: Open; options: TransportOptions; timing: StreamOptions },
  signal: AbortSignal,
): KubeResult<AsyncIterable<Buffer>> {
  const opening = new AbortController();
  const timer = setTimeout(() => opening.abort(), deps.options.deadlineMs);
  try {
    const response = await deps.open(request, { idleTimeoutMs: deps.timing.idleTimeoutMs, signal: AbortSignal.any([opening.signal, signal]) });
    if (response.statusCode < 300) return ok(response.body as AsyncIterable<Buffer>);
    return err(errorOfAnswer(response.statusCode, await response.body.text()));
  } catch (thrown) {
    return networkError(request, opening.signal.aborted ? `no answer within ${deps.options.deadlineMs} ms` : causeText(thrown));
  } finally {
    clearTimeout(timer);
  }
}

/** The query is left out: an exec command or a token could be in it. */
function networkError(request: RawRequest, reason: string): { readonly ok: false; readonly error: KubeError } {
  return err({ kind: "network", message: `${request.method} ${request.path}: ${reason}` });
}

function causeText(thrown: unknown): string {
  const code = (thrown as { readonly code?: unknown } | null)?.code;
  const text = messageOf(thrown);
  return typeof code === "string" && !text.includes(code) ? `${text} (${code})` : text;
}

const firstHeader = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);
