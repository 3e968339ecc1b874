/** @module Standard input of an exec session: read, searched for the escape sequence, sent as frames with back-pressure. */
import type { Readable } from "node:stream";
import type { WebSocket } from "ws";
import { encodeStdin, encodeStdinClose } from "../nomad/exec-frames.ts";
import { ESCAPE_START, flushEscape, stepEscape, type EscapeState } from "../nomad/escape.ts";

export type InputSource = {
  /** Undefined means the task gets end-of-file at once. */
  readonly stdin: Readable | undefined;
  /** The byte that starts an escape sequence; undefined leaves the input alone. */
  readonly escape: number | undefined;
};
export type InputEvents = { readonly onEscape: () => void; readonly onFailure: (error: Error) => void };

/** No frame holds more input than this. */
const MAX_CHUNK_BYTES = 32 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;

/** Sends until end of input or until the function returned is called. */
export function sendInput(socket: WebSocket, source: InputSource, events: InputEvents): () => void {
  const { stdin, escape } = source;
  if (stdin === undefined) {
    socket.send(encodeStdinClose(), { binary: false });
    return () => undefined;
  }
  let state: EscapeState = ESCAPE_START;
  const onData = (chunk: Buffer): void => {
    if (escape === undefined) return sendChunks(socket, stdin, chunk);
    const step = stepEscape(state, chunk, escape);
    state = step.state;
    sendChunks(socket, stdin, step.send);
    if (step.disconnect) events.onEscape();
  };
  const onEnd = (): void => {
    if (escape !== undefined) sendChunks(socket, stdin, flushEscape(state, escape));
    socket.send(encodeStdinClose(), { binary: false });
  };
  stdin.on("data", onData).on("end", onEnd);
  // Never taken off: giving the terminal back can fail too, and must not end the process.
  stdin.on("error", events.onFailure);
  return () => {
    stdin.off("data", onData).off("end", onEnd).pause();
  };
}

/** Stops reading while much is on its way, and goes on when most of it has left. */
function sendChunks(socket: WebSocket, stdin: Readable, bytes: Buffer): void {
  const onSent = (): void => {
    // Without its listener the session is over, and what stdin still holds is not for it.
    const over = stdin.listenerCount("data") === 0;
    if (!over && stdin.isPaused() && socket.bufferedAmount <= LOW_WATER_BYTES) stdin.resume();
  };
  for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) {
    socket.send(encodeStdin(bytes.subarray(at, at + MAX_CHUNK_BYTES)), { binary: false }, onSent);
  }
  if (socket.bufferedAmount > HIGH_WATER_BYTES) stdin.pause();
}
