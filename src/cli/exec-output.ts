/** @module Output of an exec session: written with back-pressure onto the connection, and flushed before the process ends. */
import type { Writable } from "node:stream";
import type { WebSocket } from "ws";

export type Outputs = { readonly stdout: Writable; readonly stderr: Writable };
export type OutputWriter = {
  /** Reading from the connection stops until every stream that said "full" has drained. */
  readonly write: (stream: keyof Outputs, bytes: Buffer) => void;
  /** Settles once all that was written has left the process, or cannot leave it any more. */
  readonly flushed: () => Promise<void>;
};

/** @param onClosed called when nobody reads an output any more, with the error of the write */
export function outputWriter(socket: WebSocket, outputs: Outputs, onClosed: (error: Error) => void): OutputWriter {
  const full = new Set<Writable>();
  for (const stream of [outputs.stdout, outputs.stderr]) {
    stream.on("error", onClosed);
    stream.on("drain", () => {
      full.delete(stream);
      if (full.size === 0) socket.resume();
    });
  }
  return {
    write: (name, bytes) => {
      if (outputs[name].write(bytes)) return;
      full.add(outputs[name]);
      socket.pause();
    },
    flushed: async () => {
      await Promise.all([flush(outputs.stdout), flush(outputs.stderr)]);
    },
  };
}

/** An empty write is called back after all writes before it, with an error too. */
function flush(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}
