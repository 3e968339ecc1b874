/** @module The loop around stepOperation: one operation that a handler reads piece by piece, as fast as its client takes them. Used by begin-operation.ts. */
import type { OperationGrant } from "../../access/authorize-operation.ts";
import type { OperationGate, OperationStream } from "../../access/operation-gate.ts";
import type { PodExecHandlers } from "../../api/pod-exec.ts";
import { decodeFrames, type FromLauncher, initialDecoder } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type OperationEffect, type OperationEvent, type OperationProblem, type Piece, startOperation, stepOperation } from "./operation-session.ts";

export type OperationReader = {
  /** The next piece; undefined at the end. Asking for it says that the one before is dealt with, which is what lets more come. */
  readonly next: () => Promise<Result<Piece | undefined, OperationProblem>>;
  /** Ends it with this, whatever has come. */
  readonly fail: (problem: OperationProblem) => void;
  readonly close: () => void;
};

export type ReaderDeps = {
  readonly gate: OperationGate;
  /** Monotonic ms. */
  readonly monotonic: () => number;
};

const PING_MS = 10_000;
const MAX_STDERR_CHARS = 1024;

/** Resolves once the stream is open or cannot be; a refusal of the launcher comes as the first `next`. */
export async function openOperation(deps: ReaderDeps, grant: OperationGrant): Promise<Result<OperationReader, OperationProblem>> {
  const abort = new AbortController();
  const run = createRun(deps, grant);
  const opened = await deps.gate(grant, podHandlers(run), abort.signal);
  if (!opened.ok) return err({ kind: "lost", message: opened.error.message, status: 500 });
  run.attach(opened.value);
  const timer = setInterval(() => run.feed({ kind: "tick" }), PING_MS);
  timer.unref();
  const close = (): void => {
    clearInterval(timer);
    opened.value.close();
    abort.abort("the operation is over");
  };
  return ok({ next: run.next, fail: run.fail, close });
}

type Run = Pick<OperationReader, "next" | "fail"> & {
  readonly feed: (event: OperationEvent) => void;
  readonly attach: (stream: OperationStream) => void;
};

function createRun({ monotonic }: ReaderDeps, grant: OperationGrant): Run {
  let state = startOperation(grant.allocId, grant.operation.operation, monotonic());
  let pieces: Piece[] = [];
  let end: Result<undefined, OperationProblem> | undefined;
  let wake = (): void => undefined;
  let stream: OperationStream | undefined;
  /** What was to be sent before the opener had returned. */
  let early: OperationEffect[] = [];
  /** Of the piece that the reader has; undefined before the first. */
  let handed: number | undefined;
  const perform = (effect: OperationEffect): void => {
    if (effect.kind === "piece") pieces.push(owned(effect.piece));
    else if (effect.kind === "end") end ??= effect.end;
    else if (stream === undefined) early.push(effect);
    else send(stream, effect);
  };
  const feed = (event: OperationEvent): void => {
    const [next, effects] = stepOperation(state, event, monotonic());
    state = next;
    for (const effect of effects) perform(effect);
    if (effects.length > 0) wake();
  };
  const isIdle = (): boolean => pieces.length === 0 && end === undefined;
  const next: OperationReader["next"] = async () => {
    if (handed !== undefined) feed({ kind: "taken", bytes: handed });
    handed = undefined;
    while (isIdle()) await new Promise<void>((resolve) => (wake = resolve));
    const piece = pieces.shift();
    if (piece === undefined) return end ?? ok(undefined);
    handed = piece.kind === "data" ? piece.data.length : 0;
    return ok(piece);
  };
  return {
    feed,
    next,
    fail: (problem) => {
      pieces = [];
      end = err(problem);
      wake();
    },
    attach: (opened) => {
      stream = opened;
      for (const effect of early) perform(effect);
      early = [];
    },
  };
}

/** The bytes of a frame are a view into a whole message, which would be kept as long as they are. */
const owned = (piece: Piece): Piece => (piece.kind === "data" ? { kind: "data", data: Uint8Array.from(piece.data) } : piece);

function send(stream: OperationStream, effect: OperationEffect): void {
  if (effect.kind === "begin") stream.begin();
  else if (effect.kind === "grant") stream.grantBytes(effect.bytes);
  else if (effect.kind === "ping") stream.ping();
}

function podHandlers({ feed }: Run): PodExecHandlers {
  let decoder = initialDecoder;
  let stderr = "";
  return {
    onStdout: (chunk) => {
      const decoded = decodeFrames(decoder, chunk);
      if (!decoded.ok) return feed({ kind: "gone", reason: `the pod does not speak the launcher's protocol: ${decoded.error}` });
      decoder = decoded.value.state;
      for (const frame of decoded.value.frames) feed({ kind: "frame", frame: frame as FromLauncher });
    },
    onStderr: (chunk) => {
      stderr = (stderr + chunk.toString("utf8")).slice(0, MAX_STDERR_CHARS);
    },
    onEnd: ({ error, exitCode }) => feed({ kind: "gone", reason: stderr.trim() || (error?.message ?? `the launcher ended with ${exitCode ?? "no status"}`) }),
  };
}
