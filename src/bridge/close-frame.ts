/** @module Closing a WebSocket with Nomad's code and text. Used wherever the bridge ends an exec socket. */
import { WebSocket } from "ws";

/** A close reason may have 123 bytes; ws throws on more. */
const MAX_REASON_BYTES = 123;

/** How long a client may take to answer the close before its connection is cut. */
const CLOSE_GRACE_MS = 2_000;

/** Nomad closes with 1011 for a status of 500 or none, and with 1008 for any other. */
export const closeCodeOf = (status: number | undefined): 1008 | 1011 => (status === undefined || status === 500 ? 1011 : 1008);

/** Closes once; a client that does not answer is cut off. */
export function closeWith(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CLOSED || socket.readyState === WebSocket.CLOSING) return;
  socket.close(code, truncateUtf8(reason, MAX_REASON_BYTES));
  // What the client still sends must be read, or its answer to the close is never seen and the kernel resets the connection.
  if (socket.isPaused) socket.resume();
  const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
}

/** The longest beginning of `text` that has at most `maxBytes` bytes and cuts no character. */
export function truncateUtf8(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
