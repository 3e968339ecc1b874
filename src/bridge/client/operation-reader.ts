/**
 * @module One operation of a launcher, as its reader sees it: opened with a grant, read piece by piece with back-pressure, ended by the launcher's own
 * proof that nothing is missing. Used by the handlers of this folder.
 */
import type { PodExecHandlers } from "../../api/pod-exec.ts";
import type { OperationGate, OperationStream } from "../../access/operation-gate.ts";
import type { OperationGrant } from "../../access/authorize-operation.ts";
import { decodeFrames, type FileMessage, type Frame, initialDecoder, OUTPUT_WINDOW_BYTES, PROTOCOL_VERSION } from "../../contract/frames.ts";
import { err, ok, type Result } from "../../lib/result.ts";

export type Piece = { readonly kind: "file"; readonly message: FileMessage } | { readonly kind: "data"; readonly data: Uint8Array };

/** `refused`: the launcher's own answer, with Nomad's status. `lost`: nobody knows what became of it. */
export type OperationProblem = { readonly kind: "refused" | "lost"; readonly message: string; readonly status: number };

export type OperationReader = {
  /** The next piece; undefined at the end. To be called again only when the piece before has been dealt with: that is what lets more come. */
  readonly next: () => Promise<Result<Piece | undefined, OperationProblem>>;
  /** Ends it with this, whatever comes. */
  readonly fail: (problem: OperationProblem) => void;
  readonly close: () => void;
};

export type ReaderDeps = {
  readonly gate: OperationGate;
  /** Monotonic ms. */
  readonly monotonic: () => number;
};

const PING_MS = 10_000;
const SILENCE_MS = 30_000;
/** So that what is granted is on its way while the rest is read. */
const CREDIT_BATCH_BYTES = OUTPUT_WINDOW_BYTES / 2;
/** Frames that say where bytes are from need no credit, so their number is what is bounded. */
const MAX_WAITING_PIECES = 4096;
const MAX_STDERR_CHARS = 1024;

/** What has come and was not read yet, and how it ended once it has. */
type Inbox = {
  readonly pieces: Piece[];
  end: Result<undefined, OperationProblem> | undefined;
  wake: () => void;
};

/** Resolves once the stream is open or cannot be; the launcher's refusal comes as the first `next`. */
export async function openOperation(deps: ReaderDeps, grant: OperationGrant): Promise<Result<OperationReader, OperationProblem>> {
  const inbox: Inbox = { pieces: [], end: undefined, wake: () => undefined };
  const abort = new AbortController();
  const link = createLink(deps, grant, inbox);
  const opened = await deps.gate(grant, link.handlers, abort.signal);
  if (!opened.ok) return err(lost(opened.error.message));
  link.attach(opened.value);
  const timer = setInterval(link.tick, PING_MS);
  timer.unref();
  const close = (): void => {
    clearInterval(timer);
    link.close();
    abort.abort("the operation is over");
  };
  const fail = (problem: OperationProblem): void => {
    inbox.pieces.length = 0;
    link.end(err(problem));
  };
  return ok({ next: async () => await nextPiece(inbox, link, close), fail, close });
}

async function nextPiece(inbox: Inbox, link: Link, close: () => void): Promise<Result<Piece | undefined, OperationProblem>> {
  link.settle();
  for (;;) {
    const piece = inbox.pieces.shift();
    if (piece !== undefined) {
      if (piece.kind === "data") link.took(piece.data.length);
      return ok(piece);
    }
    if (inbox.end !== undefined) {
      close();
      return inbox.end;
    }
    await new Promise<void>((resolve) => (inbox.wake = resolve));
  }
}

type Link = {
  readonly handlers: PodExecHandlers;
  readonly attach: (stream: OperationStream) => void;
  readonly tick: () => void;
  /** Bytes that were handed out; they are granted again with the next call for more. */
  readonly took: (bytes: number) => void;
  readonly settle: () => void;
  readonly end: (result: Result<undefined, OperationProblem>) => void;
  readonly close: () => void;
};

function createLink(deps: ReaderDeps, grant: OperationGrant, inbox: Inbox): Link {
  let decoder = initialDecoder;
  let stderr = "";
  let stream: OperationStream | undefined;
  let heardAt = deps.monotonic();
  let greeted = false;
  const counts = { received: 0, granted: 0, taken: 0 };
  const end = (result: Result<undefined, OperationProblem>): void => {
    inbox.end ??= result;
    inbox.wake();
  };
  const push = (piece: Piece): void => {
    if (inbox.pieces.length >= MAX_WAITING_PIECES) return end(err(lost("the pod sent more than was asked for")));
    inbox.pieces.push(piece);
    inbox.wake();
  };
  const onData = (data: Uint8Array): void => {
    counts.received += data.length;
    if (counts.received - counts.granted > OUTPUT_WINDOW_BYTES) return end(err(lost("the pod sent more than it was granted")));
    // A copy: the bytes are a view into a message that would be kept whole.
    push({ kind: "data", data: Uint8Array.from(data) });
  };
  const begin = (): void => {
    greeted = true;
    stream?.begin();
  };
  const onFrame = (frame: Frame): void => {
    if (inbox.end !== undefined) return;
    if (frame.kind === "hello") {
      const wrong = whyWrongLauncher(frame.message, grant);
      return wrong === undefined ? begin() : end(err(lost(wrong)));
    }
    if (!greeted) return end(err(lost("the pod spoke before its launcher said hello")));
    if (frame.kind === "stdout") return onData(frame.data);
    if (frame.kind === "file") return push({ kind: "file", message: frame.message });
    if (frame.kind === "pong") return;
    if (frame.kind === "error") return end(err({ kind: "refused", message: frame.message.message, status: frame.message.status ?? 500 }));
    if (frame.kind === "exit") return end(frame.message.stdoutBytes === counts.received ? ok(undefined) : err(lost("output was lost on its way from the pod")));
    end(err(lost(`the pod sent a ${frame.kind} frame, which is no answer to an operation`)));
  };
  return {
    handlers: {
      onStdout: (chunk) => {
        heardAt = deps.monotonic();
        const decoded = decodeFrames(decoder, chunk);
        if (!decoded.ok) return end(err(lost(`the pod does not speak the launcher's protocol: ${decoded.error}`)));
        decoder = decoded.value.state;
        for (const frame of decoded.value.frames) onFrame(frame);
      },
      onStderr: (chunk) => {
        stderr = (stderr + chunk.toString("utf8")).slice(0, MAX_STDERR_CHARS);
      },
      onEnd: ({ error, exitCode }) => end(err(lost(stderr.trim() || (error?.message ?? `the launcher ended with ${exitCode ?? "no status"}`)))),
    },
    attach: (opened) => {
      stream = opened;
      if (greeted) opened.begin();
    },
    tick: () => {
      if (deps.monotonic() - heardAt > SILENCE_MS) return end(err(lost(`nothing was heard from the pod for ${SILENCE_MS / 1000} s`)));
      stream?.ping();
    },
    took: (bytes) => {
      counts.taken += bytes;
    },
    settle: () => {
      const due = counts.taken - counts.granted;
      if (due < CREDIT_BATCH_BYTES) return;
      counts.granted += due;
      stream?.grantBytes(due);
    },
    end,
    close: () => stream?.close(),
  };
}

function whyWrongLauncher({ version, podUid, operations = [] }: { readonly version: number; readonly podUid: string; readonly operations?: readonly string[] }, { allocId, operation }: OperationGrant): string | undefined {
  if (version !== PROTOCOL_VERSION) return `the pod's launcher speaks version ${version} of the protocol, and this server version ${PROTOCOL_VERSION}`;
  if (podUid !== allocId) return "the allocation was replaced meanwhile; look up its present ID and try again";
  if (operations.includes(operation.operation)) return undefined;
  return `the pod's launcher is of a version without "${operation.operation}": the allocation has to be replaced first, for example by "nomad alloc stop"`;
}

const lost = (message: string): OperationProblem => ({ kind: "lost", message, status: 500 });
