/** @module What the two exec clients of the bench share: the request, the input that they send, and how they end. */
import type { WebSocket } from "ws";

export type ExecRequest = {
  readonly command: readonly string[];
  /** Zero bytes to send, in frames of this size; nothing and end-of-file without it. */
  readonly input?: { readonly bytes: number; readonly frameBytes: number };
  /** Bytes of output that must have arrived with the exit. */
  readonly outputBytes: number;
};

/** Runs one command over a connection of its own. Rejects when it does not end with 0 and all its output. */
export type RunExec = (request: ExecRequest) => Promise<void>;

const HIGH_WATER_BYTES = 1024 * 1024;

/** Sends the same frame until all input is out, never with more than a megabyte waiting in this process. */
export async function sendAll(socket: WebSocket, frame: Buffer, options: { readonly times: number; readonly binary: boolean }): Promise<void> {
  for (let sent = 0; sent < options.times; sent++) {
    if (socket.bufferedAmount < HIGH_WATER_BYTES) {
      socket.send(frame, { binary: options.binary });
      continue;
    }
    await new Promise<void>((resolve) => socket.send(frame, { binary: options.binary }, () => resolve()));
  }
}

export type Settle = { readonly done: () => void; readonly fail: (why: string) => void };

/** Rejects on `fail`, on a refused upgrade, and on a connection that ends before `done`. */
export async function untilSettled(socket: WebSocket, listen: (settle: Settle) => void): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      const settle = { done: resolve, fail: (why: string) => reject(new Error(why)) };
      socket.on("error", reject);
      socket.on("close", (code, reason) => settle.fail(`the connection ended with ${code} ${reason.toString("utf8")}`));
      listen(settle);
    });
  } finally {
    socket.close();
  }
}

export function complaint(request: ExecRequest, end: { readonly code: number; readonly outputBytes: number }): string | undefined {
  if (end.code !== 0) return `${request.command.join(" ")} ended with ${end.code}`;
  return end.outputBytes === request.outputBytes ? undefined : `${end.outputBytes} bytes of output came, not ${request.outputBytes}`;
}
