/**
 * @module The messages of a pods/exec stream: which byte means what, and what the last status says. Pure; pod-exec.ts moves them.
 * Source: kubernetes.io/docs/reference/using-api/websockets, sub-protocols v4.channel.k8s.io and v5.channel.k8s.io
 */
import { ok, type Result } from "../lib/result.ts";
import { joinPath } from "./paths.ts";
import { parseStatus } from "./status.ts";
import type { KubeError, PodExecError, PodExecTarget } from "./types.ts";

/** Newest first. Both ask the server for the same messages, except that v5 also knows how to close one channel. */
export const EXEC_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** The server ends a connection on a message of more than 32 MiB. Measured: 256 KiB is a tenth faster than 32 KiB, more gains nothing. */
export const MAX_STDIN_MESSAGE_BYTES = 256 * 1024;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

/** How the API server says a stream ended; a missing exit code always comes with an error. */
export type ExecEnd = { readonly exitCode: number } | { readonly error: PodExecError };

export type ExecMessage =
  | { readonly kind: "stdout" | "stderr"; readonly data: Buffer }
  | { readonly kind: "end"; readonly end: ExecEnd }
  /** Nothing to tell anyone: an empty frame, or a channel that we never opened. */
  | { readonly kind: "ignored" };

/** Reads one binary message. Anything unknown is ignored, as the protocol asks. */
export function readExecMessage(message: Buffer): ExecMessage {
  if (message.length < 2) return { kind: "ignored" };
  const data = message.subarray(1);
  switch (message[0]) {
    case STDOUT:
      return { kind: "stdout", data };
    case STDERR:
      return { kind: "stderr", data };
    case STATUS:
      return { kind: "end", end: readFinalStatus(data.toString("utf8")) };
    default:
      return { kind: "ignored" };
  }
}

/** Only an explicit Success is exit 0, and only a NonZeroExitCode with a readable code of 1 to 255 is that code. */
export function readFinalStatus(text: string): ExecEnd {
  const status = parseStatus(text);
  if (status === undefined) return lost(`the API server ended the exec with a status that is not readable: ${text.slice(0, 200)}`);
  if (status.status === "Success") return { exitCode: 0 };
  if (status.reason !== "NonZeroExitCode") return lost(status.message ?? "the API server ended the exec without saying why");
  const written = status.details?.causes?.find((cause) => cause.reason === "ExitCode")?.message ?? "";
  const exitCode = /^\d{1,3}$/.test(written) ? Number(written) : 0;
  if (exitCode < 1 || exitCode > 255) return lost(`the process failed, but its exit code is "${written}"`);
  return { exitCode };
}

const lost = (message: string): ExecEnd => ({ error: { kind: "lost", message } });

/** Stdin as messages of at most MAX_STDIN_MESSAGE_BYTES, each with its channel byte in front. No bytes give no message. */
export function stdinMessages(parts: readonly Uint8Array[]): readonly Buffer[] {
  const messages: Buffer[] = [];
  let left = parts.reduce((sum, part) => sum + part.length, 0);
  let message = Buffer.alloc(0);
  let used = 0;
  for (const part of parts) {
    for (let taken = 0; taken < part.length; ) {
      if (used === message.length) {
        message = Buffer.allocUnsafe(1 + Math.min(left, MAX_STDIN_MESSAGE_BYTES - 1));
        message[0] = STDIN;
        used = 1;
        messages.push(message);
      }
      const chunk = part.subarray(taken, taken + message.length - used);
      message.set(chunk, used);
      used += chunk.length;
      taken += chunk.length;
      left -= chunk.length;
    }
  }
  return messages;
}

/** Path and query of one exec: stdin, stdout and stderr, no tty. */
export function podExecPath(target: PodExecTarget): Result<string, KubeError> {
  const path = joinPath("/api/v1/namespaces", [target.namespace, "pods", target.pod, "exec"]);
  if (!path.ok) return path;
  const query = new URLSearchParams({ container: target.container, stdin: "true", stdout: "true", stderr: "true", tty: "false" });
  for (const argument of target.command) query.append("command", argument);
  return ok(`${path.value}?${query.toString()}`);
}
