/** @module One exec session over an open WebSocket: input, output, heartbeat, terminal, and how it ended. Used by alloc exec. */
import type { RawData, WebSocket } from "ws";
import { decodeServerFrame, encodeResize, HEARTBEAT } from "../nomad/exec-frames.ts";
import { sendInput, type InputSource } from "./exec-input.ts";
import { outputWriter, type Outputs, type OutputWriter } from "./exec-output.ts";
import type { Terminal } from "./terminal.ts";

export type SessionEnd =
  | { readonly kind: "exited"; readonly code: number }
  /** The person left with the escape sequence. */
  | { readonly kind: "escaped" }
  /** Nobody reads stdout or stderr any more. */
  | { readonly kind: "output-closed" }
  | { readonly kind: "failed"; readonly message: string };

export type SessionSetup = {
  readonly input: InputSource;
  readonly outputs: Outputs;
  /** Present when the session has a tty. */
  readonly terminal: Terminal | undefined;
};

type Finish = (end: SessionEnd) => void;

const HEARTBEAT_MS = 10_000;
const NORMAL_CLOSURE = 1000;

/**
 * Runs until the first of: exit frame, close, failure, escape, abort. What arrived before the end has been written when this settles,
 * except after an abort. The terminal is back in its old mode and the connection is closing.
 */
export async function runSession(socket: WebSocket, setup: SessionSetup, signal: AbortSignal): Promise<SessionEnd> {
  const { promise: ended, resolve: finish } = Promise.withResolvers<SessionEnd>();
  const aborted = cancellation(signal);
  const output = outputWriter(socket, setup.outputs, (error) => finish(outputFailure(error)));
  receive(socket, output, finish);
  const stopInput = sendInput(socket, setup.input, {
    onEscape: () => finish({ kind: "escaped" }),
    onFailure: (error) => finish({ kind: "failed", message: `failed to send input: ${error.message}` }),
  });
  const release = attachTerminal(socket, setup.terminal);
  const heartbeat = setInterval(() => socket.send(HEARTBEAT), HEARTBEAT_MS);
  socket.resume();
  try {
    return await Promise.race([aborted, flushedEnd(ended, output)]);
  } finally {
    clearInterval(heartbeat);
    stopInput();
    release();
    socket.close(NORMAL_CLOSURE);
  }
}

/** The end, once the output that came before it is out; output that can no longer be written becomes the end instead. */
async function flushedEnd(ended: Promise<SessionEnd>, output: OutputWriter): Promise<SessionEnd> {
  const end = await ended;
  if (end.kind !== "output-closed") await output.flushed();
  return end;
}

function cancellation(signal: AbortSignal): Promise<SessionEnd> {
  const end: SessionEnd = { kind: "failed", message: "context canceled" };
  if (signal.aborted) return Promise.resolve(end);
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(end), { once: true });
  });
}

function receive(socket: WebSocket, output: OutputWriter, finish: Finish): void {
  let failure = "unexpected EOF";
  let finished = false;
  socket.on("error", (error) => {
    failure = error.message;
  });
  socket.on("message", (message) => {
    if (finished) return;
    const end = takeFrame(message, output);
    if (end === undefined) return;
    finished = true;
    finish(end);
  });
  socket.on("close", (code, reason) => finish({ kind: "failed", message: closeMessage(code, reason.toString("utf8"), failure) }));
}

/** Writes the output of one frame; the end of the session if the frame is one. */
function takeFrame(message: RawData, output: OutputWriter): SessionEnd | undefined {
  const frame = decodeServerFrame(Buffer.isBuffer(message) ? message : Buffer.alloc(0));
  if (!frame.ok) return { kind: "failed", message: `the server sent an invalid frame: ${frame.error}` };
  const { stdout, stderr, exit } = frame.value;
  if (stdout?.data !== undefined) output.write("stdout", stdout.data);
  if (stderr?.data !== undefined) output.write("stderr", stderr.data);
  return exit === undefined ? undefined : { kind: "exited", code: exit.code };
}

/** Raw mode and the size now, every new size later; the function returned undoes both. */
function attachTerminal(socket: WebSocket, terminal: Terminal | undefined): () => void {
  if (terminal === undefined) return () => undefined;
  const sendSize = (): void => socket.send(encodeResize(terminal.size()), { binary: false });
  sendSize();
  const stopResize = terminal.onResize(sendSize);
  const restore = terminal.enterRaw();
  return () => {
    stopResize();
    restore();
  };
}

/** A broken pipe is how `| head` says "enough"; anything else is worth a message. */
function outputFailure(error: NodeJS.ErrnoException): SessionEnd {
  return error.code === "EPIPE" ? { kind: "output-closed" } : { kind: "failed", message: `failed to write output: ${error.message}` };
}

/** Names of close codes as Nomad's WebSocket library gives them. */
const CLOSE_NAMES: Readonly<Record<number, string>> = {
  1000: "normal",
  1001: "going away",
  1002: "protocol error",
  1003: "unsupported data",
  1005: "no status",
  1006: "abnormal closure",
  1007: "invalid payload data",
  1008: "policy violation",
  1009: "message too big",
  1010: "mandatory extension missing",
  1011: "internal server error",
  1012: "service restart",
  1013: "try again later",
  1015: "TLS handshake error",
};

/** The server's own reason if it gave one. Without an exit frame a session has no exit code, whatever the close code says. */
function closeMessage(code: number, reason: string, failure: string): string {
  if (reason !== "") return reason;
  const name = CLOSE_NAMES[code];
  const close = name === undefined ? `close ${code}` : `close ${code} (${name})`;
  const detail = code === 1006 ? `: ${failure}` : "";
  return `websocket closed before receiving exit code: websocket: ${close}${detail}`;
}
