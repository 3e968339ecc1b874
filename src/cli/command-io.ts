/** @module What a command may touch of its process, as one value that `main` builds. Used by every command. */
import type { ReadStream, WriteStream } from "node:tty";
import type { Env } from "./settings.ts";

export type CommandIo = {
  readonly env: Env;
  /** Opened on demand: a command that does not read must not hold the terminal. */
  readonly stdin: () => ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly isTerminal: (fd: 0 | 1 | 2) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** From now on SIGINT, SIGTERM and SIGHUP abort this signal; before that they end the process. */
  readonly termination: () => AbortSignal;
};
