/** @module The shape of an open pods/exec stream: what the Kubernetes room makes and the bridge uses. Types only. */
import type { Result } from "../lib/result.ts";

/** What a pod exec was refused or ended with, when it was not the process's own end. */
export type PodExecError = {
  readonly kind: "refused" | "lost";
  readonly code?: number;
  readonly message: string;
};

/** Which process to start in which container; always without a tty, with stdin, stdout and stderr. */
export type PodExecTarget = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
};

/** What the channel tells its owner. No handler is called after `onEnd`. */
export type PodExecHandlers = {
  readonly onStdout: (data: Buffer) => void;
  readonly onStderr: (data: Buffer) => void;
  /** The stream is over. `exitCode` is the API server's own last word; a missing one always comes with an error. */
  readonly onEnd: (end: { readonly exitCode?: number; readonly error?: PodExecError }) => void;
};

/** One open pods/exec stream. */
export type PodExec = {
  /** Sends stdin; parts go out as few unfragmented messages as possible. */
  readonly write: (parts: readonly Uint8Array[]) => void;
  /** Bytes accepted by `write` that have not left this process yet. */
  readonly bufferedBytes: () => number;
  /** Stops and resumes reading from the API server (back-pressure). */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Closes at once; `onEnd` is not called. */
  readonly close: () => void;
};

export type OpenPodExec = (target: PodExecTarget, handlers: PodExecHandlers, signal: AbortSignal) => Promise<Result<PodExec, PodExecError>>;
