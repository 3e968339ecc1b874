/**
 * @module The audit lines of exec sessions, one before the exec is opened and one when it is over, and of what else is done in an allocation, one
 * before it is. Used by the bridge; main decides where they go.
 */
import type { OperationName } from "../contract/frames.ts";
import type { Result } from "../lib/result.ts";
import type { Identity } from "./authenticate.ts";
import type { Grant } from "./authorize-exec.ts";
import type { OperationGrant } from "./authorize-operation.ts";

/** Appends one line, and has it safely written when it returns. On an error no exec may be opened. */
export type AuditSink = (line: string) => Result<void, string>;

/** What the client asked for, next to what the grant says. `source` is its address. */
export type AuditedExec = {
  readonly jobId: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly source: string;
};

export type AuditExecStart = AuditedExec & {
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly event: "exec-start";
  readonly session: string;
  readonly accessor: string;
  readonly tokenName: string;
  readonly allocId: string;
  readonly namespace: string;
};

/** `exitCode` is absent where nobody proved one; `reason` says how it ended in any case. Bytes as they went to and came from the task. */
export type AuditedEnd = {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
};

export type AuditExecEnd = Omit<AuditExecStart, "event"> & AuditedEnd & { readonly event: "exec-end" };

const MAX_ARGUMENTS = 64;
const MAX_ARGUMENT_CHARS = 1024;
const MAX_TEXT_CHARS = 1024;

/** @param now epoch ms. Long commands are cut, with what is missing counted. */
export function auditExecStart(grant: Grant, exec: AuditedExec, now: number): AuditExecStart {
  return {
    time: new Date(now).toISOString(),
    event: "exec-start",
    session: grant.sessionId,
    accessor: grant.accessorId,
    tokenName: capped(grant.tokenName, MAX_TEXT_CHARS),
    allocId: grant.allocId,
    namespace: grant.namespace,
    jobId: exec.jobId,
    task: exec.task,
    command: cappedCommand(exec.command),
    tty: exec.tty,
    source: exec.source,
  };
}

/** Repeats the first line, so that each can be understood alone. */
export function auditExecEnd(start: AuditExecStart, end: AuditedEnd, now: number): AuditExecEnd {
  const { exitCode, reason, bytesIn, bytesOut, durationMs } = end;
  return {
    ...start,
    time: new Date(now).toISOString(),
    event: "exec-end",
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason: capped(reason, MAX_TEXT_CHARS) }),
    bytesIn,
    bytesOut,
    durationMs,
  };
}

/** A path as it was asked for, or the log's stream, or the signal. */
export type AuditOperation = Pick<AuditExecStart, "time" | "session" | "accessor" | "tokenName" | "allocId" | "namespace" | "jobId" | "task" | "source"> & {
  readonly event: `alloc-${OperationName}`;
  readonly subject?: string;
};

/** @param now epoch ms. `task` is the one that it is about, and not always the one whose container does it. */
export function auditOperation(grant: OperationGrant, about: Pick<AuditedExec, "jobId" | "task" | "source">, now: number): AuditOperation {
  const { operation } = grant;
  const subject = "path" in operation ? operation.path : "stream" in operation ? operation.stream : "signal" in operation ? operation.signal : undefined;
  return {
    time: new Date(now).toISOString(),
    event: `alloc-${operation.operation}`,
    session: grant.sessionId,
    accessor: grant.accessorId,
    tokenName: capped(grant.tokenName, MAX_TEXT_CHARS),
    allocId: grant.allocId,
    namespace: grant.namespace,
    jobId: about.jobId,
    task: about.task,
    source: about.source,
    ...(subject === undefined ? {} : { subject: capped(subject, MAX_TEXT_CHARS) }),
  };
}

/** For logs that are read from the kubelet, which takes no grant. */
export function auditEndedLogs(
  { accessorId, tokenName }: Identity,
  about: Pick<AuditOperation, "session" | "allocId" | "namespace" | "jobId" | "task" | "source"> & { readonly subject: string },
  now: number,
): AuditOperation {
  return { time: new Date(now).toISOString(), event: "alloc-logs", accessor: accessorId, tokenName: capped(tokenName, MAX_TEXT_CHARS), ...about };
}

/** One line of JSON with its line end. Nothing in it can move a terminal's cursor: JSON leaves DEL and the C1 characters as they are. */
export function encodeAuditLine(entry: AuditExecStart | AuditExecEnd | AuditOperation): string {
  const escaped = JSON.stringify(entry).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `${escaped}\n`;
}

function cappedCommand(command: readonly string[]): readonly string[] {
  const kept = command.slice(0, MAX_ARGUMENTS).map((argument) => capped(argument, MAX_ARGUMENT_CHARS));
  return command.length > MAX_ARGUMENTS ? [...kept, `… ${command.length - MAX_ARGUMENTS} more`] : kept;
}

const capped = (text: string, maxChars: number): string =>
  text.length > maxChars ? `${text.slice(0, maxChars).toWellFormed()}… ${text.length - maxChars} more` : text;
