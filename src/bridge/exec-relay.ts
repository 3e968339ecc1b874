/**
 * @module The loop around stepSession: turns what the two sockets say into session events and performs the effects. Used by the exec route.
 */
import type { RawData, WebSocket } from "ws";
import type { PodExec, PodExecError, PodExecHandlers } from "../api/pod-exec.ts";
import { decodeFrames, encodeDataHeader, encodeFrame, type FromLauncher, initialDecoder, STDIN_FRAME_BYTES, type ToLauncher } from "../contract/frames.ts";
import { assertNever, type Result } from "../lib/result.ts";
import { decodeClientFrame, encodeExit, encodeOutput, encodeOutputClose } from "../nomad/exec-frames.ts";
import { closeWith } from "./close-frame.ts";
import { type SessionEffect, type SessionEnd, type SessionEvent, type SessionSettings, startSession, stepSession } from "./exec-session.ts";
import { gatherInput } from "./gather-input.ts";
import type { SessionVerdict } from "./session-registry.ts";

export type RelayDeps = {
  /** Paused by its acceptor until the relay listens, so that no frame is lost. */
  readonly client: WebSocket;
  readonly settings: SessionSettings;
  /** Opens the pod's stream; the grant is already inside. */
  readonly open: (handlers: PodExecHandlers, signal: AbortSignal) => Promise<Result<PodExec, PodExecError>>;
  /** Monotonic ms. */
  readonly now: () => number;
  /** What the cluster says has become of the pod; undefined while it runs. */
  readonly podFate: () => string | undefined;
  /** Tells when the pod is deleted, ends or is replaced; returns how to stop listening. */
  readonly onPodGone: (listener: (reason: string) => void) => () => void;
  /** How many bytes of stdin may wait for this session now. */
  readonly stdinQueueBytes: () => number;
  /** Aborted with a SessionVerdict when rights are withdrawn or the server shuts down. */
  readonly revoked: AbortSignal;
};

/** How it ended, and the bytes of stdin and of output that went through. */
export type SessionReport = SessionEnd & { readonly bytesIn: number; readonly bytesOut: number };

const TICK_MS = 500;
/** Nomad's own client sends a heartbeat every 10 s, and answers pings while it reads. */
const CLIENT_PING_MS = 10_000;
const CLIENT_SILENCE_MS = 45_000;

/** The launcher's own stderr is for its last words only. */
const MAX_LAUNCHER_STDERR = 1024;

/** Runs one session to its end. Never rejects: what went wrong is in the report, and the client was told. */
export async function relayExec(deps: RelayDeps): Promise<SessionReport> {
  const { promise, resolve } = Promise.withResolvers<SessionEnd>();
  const run = createRun(deps, resolve);
  const stop = [listenToClient(deps, run), deps.onPodGone((reason) => run.feed({ kind: "pod-gone", reason })), everyTick(run), watchClient(deps, run), onRevoked(deps, run)];
  await openPod(deps, run);
  const end = await promise;
  for (const each of stop) each();
  return { ...end, ...run.counts() };
}

/** The machine with its state and its two sockets: what one session needs between two events. */
type Run = {
  readonly feed: (event: SessionEvent) => void;
  readonly attach: (pod: PodExec) => void;
  readonly abort: AbortController;
  readonly counts: () => { readonly bytesIn: number; readonly bytesOut: number };
};

function createRun(deps: RelayDeps, done: (end: SessionEnd) => void): Run {
  const abort = new AbortController();
  const counts = { bytesIn: 0, bytesOut: 0 };
  let state = startSession(deps.settings, deps.now());
  let pod: PodExec | undefined;
  /** What was to be sent before the opener had returned. */
  let early: ToLauncher[] = [];
  const resize = latestOnly(() => pod);
  const attach = (opened: PodExec): void => {
    pod = opened;
    for (const frame of early) sendToLauncher(opened, frame);
    early = [];
  };
  const feed = (event: SessionEvent): void => {
    if (event.kind === "tick") resize.flush();
    const [next, effects] = stepSession(state, event, deps.now());
    state = next;
    for (const effect of effects) perform(effect);
  };
  const perform = (effect: SessionEffect): void => {
    if (effect.kind === "to-launcher") {
      if (effect.frame.kind === "stdin") counts.bytesIn += effect.frame.data.length;
      if (pod === undefined) early.push(effect.frame);
      else if (effect.frame.kind === "resize") resize.send(effect.frame);
      else sendToLauncher(pod, effect.frame);
      return;
    }
    if (effect.kind === "to-client") counts.bytesOut += effect.data.length;
    if (effect.kind === "ended") return done(effect.end);
    if (effect.kind === "close-launcher") {
      pod?.close();
      // A reason of our own: without one Node makes an exception with its stack for every session.
      return abort.abort("the session is over");
    }
    performOnClient(deps.client, effect, feed);
  };
  return { feed, abort, counts: () => counts, attach };
}

type ClientEffect = Exclude<SessionEffect, { readonly kind: "to-launcher" | "ended" | "close-launcher" }>;

function performOnClient(client: WebSocket, effect: ClientEffect, feed: Run["feed"]): void {
  switch (effect.kind) {
    case "to-client": {
      const { stream, data } = effect;
      client.send(encodeOutput(stream, data), { binary: false }, () => feed({ kind: "client-flushed", stream, bytes: data.length }));
      return;
    }
    case "client-exit":
      client.send(encodeOutputClose("stdout"), { binary: false });
      client.send(encodeOutputClose("stderr"), { binary: false });
      client.send(encodeExit(effect.code), { binary: false });
      return closeWith(client, 1000, "");
    case "client-close":
      return closeWith(client, effect.code, effect.reason);
    case "pause-client":
      return client.pause();
    case "resume-client":
      return client.resume();
    default:
      return assertNever(effect, "performOnClient");
  }
}

/** Data goes out as headers and views, uncopied, in pieces that a launcher takes, but in one write: a message of its own for a short rest costs as much as a long one. */
function sendToLauncher(pod: PodExec, frame: ToLauncher): void {
  if (frame.kind !== "stdin") return pod.write([encodeFrame(frame)]);
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < frame.data.length; offset += STDIN_FRAME_BYTES) {
    const part = frame.data.subarray(offset, offset + STDIN_FRAME_BYTES);
    parts.push(encodeDataHeader("stdin", part.length), part);
  }
  pod.write(parts);
}

/** Above this, a launcher does not keep up with what it is sent. */
const BACKED_UP_BYTES = 256 * 1024;

/** Resizes that a launcher does not keep up with: only the newest is kept, and goes out once there is room. */
function latestOnly(pod: () => PodExec | undefined): { readonly send: (frame: ToLauncher) => void; readonly flush: () => void } {
  let waiting: ToLauncher | undefined;
  const flush = (): void => {
    const opened = pod();
    if (opened === undefined || waiting === undefined || opened.bufferedBytes() > BACKED_UP_BYTES) return;
    sendToLauncher(opened, waiting);
    waiting = undefined;
  };
  return {
    send: (frame) => {
      waiting = frame;
      flush();
    },
    flush,
  };
}

async function openPod(deps: RelayDeps, run: Run): Promise<void> {
  const opened = await deps.open(podHandlers(deps, run), run.abort.signal);
  if (!opened.ok) return run.feed({ kind: "launcher-gone", reason: opened.error.message });
  run.attach(opened.value);
  if (run.abort.signal.aborted) opened.value.close();
}

function podHandlers({ podFate }: RelayDeps, run: Run): PodExecHandlers {
  let decoder = initialDecoder;
  let stderr = "";
  return {
    onStdout: (chunk) => {
      const decoded = decodeFrames(decoder, chunk);
      if (!decoded.ok) return run.feed({ kind: "launcher-gone", reason: `the pod does not speak the launcher's protocol: ${decoded.error}` });
      decoder = decoded.value.state;
      for (const frame of decoded.value.frames) run.feed({ kind: "launcher-frame", frame: frame as FromLauncher });
    },
    onStderr: (chunk) => {
      stderr = (stderr + chunk.toString("utf8")).slice(0, MAX_LAUNCHER_STDERR);
    },
    onEnd: (end) => run.feed({ kind: "launcher-gone", reason: podFate() ?? lastWords(end, stderr) }),
  };
}

/** Kubernetes' own exit code is the launcher's, never the command's: without an exit frame nothing is proved. */
function lastWords(end: { readonly exitCode?: number; readonly error?: PodExecError }, stderr: string): string {
  const why = end.error?.message ?? `the launcher ended with ${end.exitCode ?? "no status"}`;
  const said = stderr.trim();
  return `the session ended without an exit code: ${said === "" ? why : `${why} (${said})`}`;
}

function listenToClient({ client, stdinQueueBytes }: RelayDeps, run: Run): () => void {
  const input = gatherInput((frame) => run.feed({ kind: "client-frame", frame, queueBytes: stdinQueueBytes() }));
  /** What came before the end still counts. */
  const end = (event: SessionEvent): void => {
    input.flush();
    run.feed(event);
  };
  const onMessage = (data: RawData, isBinary: boolean) => {
    if (isBinary) return end({ kind: "client-refused", reason: "binary frames are not part of this protocol: send JSON text frames" });
    const frame = decodeClientFrame(data as Buffer);
    if (frame.ok) input.take(frame.value);
    else end({ kind: "client-refused", reason: frame.error });
  };
  const onClose = () => end({ kind: "client-gone", reason: "the client went away" });
  const onError = (error: Error) => end({ kind: "client-gone", reason: `the client's connection failed: ${error.message}` });
  client.on("message", onMessage).on("close", onClose).on("error", onError);
  client.resume();
  return () => {
    client.off("message", onMessage).off("close", onClose);
    // The error listener stays: a socket that fails while it closes must not end the process.
  };
}

function everyTick(run: Run): () => void {
  const timer = setInterval(() => run.feed({ kind: "tick" }), TICK_MS);
  return () => clearInterval(timer);
}

/**
 * A client whose machine or network is lost says nothing more: it is asked every few seconds, and taken for gone after a silence. One
 * that is made to wait is not read, so its silence means nothing; asking it still shows a connection that is broken.
 */
function watchClient({ client, now }: RelayDeps, run: Run): () => void {
  let heardAt = now();
  const hear = (): void => {
    heardAt = now();
  };
  const timer = setInterval(() => {
    if (client.isPaused) hear();
    if (now() - heardAt > CLIENT_SILENCE_MS) return run.feed({ kind: "client-gone", reason: `nothing was heard from the client for ${CLIENT_SILENCE_MS / 1000} s` });
    client.ping();
  }, CLIENT_PING_MS);
  client.on("message", hear).on("pong", hear);
  return () => {
    clearInterval(timer);
    client.off("message", hear).off("pong", hear);
  };
}

function onRevoked({ revoked }: RelayDeps, run: Run): () => void {
  const listener = () => run.feed(revoked.reason as SessionVerdict);
  if (revoked.aborted) listener();
  revoked.addEventListener("abort", listener, { once: true });
  return () => revoked.removeEventListener("abort", listener);
}
