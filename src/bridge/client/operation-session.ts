/**
 * @module One operation of a launcher as a pure state machine: its frames in; pieces for the reader, and what is to be sent, out. It owns no socket;
 * the loop in operation-reader.ts feeds it.
 *
 * Invariants: nothing is passed on before the launcher has proved which pod it is in; it ends once, and well only with the launcher's proof
 * of every byte; what waits for the reader is bounded.
 */
import { type ExitMessage, type FileMessage, type Frame, type HelloMessage, type OperationName, OUTPUT_WINDOW_BYTES, PROTOCOL_VERSION } from "../../contract/frames.ts";
import { assertNever, err, ok, type Result } from "../../lib/result.ts";

export type Piece = { readonly kind: "file"; readonly message: FileMessage } | { readonly kind: "data"; readonly data: Uint8Array };

/** `refused`: the answer is no, with Nomad's status. `lost`: nobody knows what has become of it. */
export type OperationProblem = { readonly kind: "refused" | "lost"; readonly message: string; readonly status: number };

export type OperationState = {
  /** What the grant is for: another pod, or a launcher that does not know the operation, gets nothing. */
  readonly podUid: string;
  readonly operation: OperationName;
  readonly phase: "opening" | "running" | "ended";
  readonly received: number;
  readonly granted: number;
  /** Bytes that the reader is done with. */
  readonly taken: number;
  /** Pieces that the reader does not have yet. */
  readonly waiting: number;
  readonly heardMs: number;
};

export type OperationEvent =
  | { readonly kind: "frame"; readonly frame: Frame }
  /** The reader has a piece with that many bytes, and asks for the next. */
  | { readonly kind: "taken"; readonly bytes: number }
  | { readonly kind: "tick" }
  | { readonly kind: "gone"; readonly reason: string };

export type OperationEffect =
  | { readonly kind: "begin" }
  | { readonly kind: "grant"; readonly bytes: number }
  | { readonly kind: "ping" }
  | { readonly kind: "piece"; readonly piece: Piece }
  | { readonly kind: "end"; readonly end: Result<undefined, OperationProblem> };

type Step = readonly [OperationState, readonly OperationEffect[]];

const SILENCE_MS = 30_000;
/** So that what is granted is on its way while the rest is read. */
const CREDIT_BATCH_BYTES = OUTPUT_WINDOW_BYTES / 2;
/** Frames that say where bytes are from need no credit, so their number is what is bounded. */
const MAX_WAITING_PIECES = 32_768;

export const startOperation = (podUid: string, operation: OperationName, nowMs: number): OperationState => ({
  podUid, operation, phase: "opening", received: 0, granted: 0, taken: 0, waiting: 0, heardMs: nowMs,
});

/** Total: every (state, event) pair has an answer. */
export function stepOperation(state: OperationState, event: OperationEvent, nowMs: number): Step {
  if (state.phase === "ended") return [state, []];
  switch (event.kind) {
    case "frame":
      return onFrame({ ...state, heardMs: nowMs }, event.frame);
    case "taken":
      return onTaken({ ...state, taken: state.taken + event.bytes, waiting: state.waiting - 1 });
    case "tick":
      return nowMs - state.heardMs > SILENCE_MS ? fail(state, `nothing was heard from the pod for ${SILENCE_MS / 1000} s`) : [state, [{ kind: "ping" }]];
    case "gone":
      return fail(state, event.reason);
    default:
      return assertNever(event, "stepOperation");
  }
}

function onFrame(state: OperationState, frame: Frame): Step {
  if (frame.kind === "hello") return onHello(state, frame.message);
  if (state.phase === "opening") return fail(state, "the pod spoke before its launcher said hello");
  switch (frame.kind) {
    case "stdout":
      return onData(state, frame.data);
    case "file":
      return passOn(state, { kind: "file", message: frame.message });
    case "pong":
      return [state, []];
    case "error":
      return end(state, err({ kind: "refused", message: frame.message.message, status: statusOf(frame.message.status) }));
    case "exit":
      return onExit(state, frame.message);
    default:
      return fail(state, `the pod sent a ${frame.kind} frame, which is no answer to an operation`);
  }
}

/** A status that is no error's would make a success of one. */
const statusOf = (said: number | undefined): number => (said !== undefined && said >= 400 && said <= 599 ? said : 500);

function onHello(state: OperationState, { version, podUid, operations = [] }: HelloMessage): Step {
  if (state.phase !== "opening") return [state, []];
  if (version !== PROTOCOL_VERSION) return fail(state, `the pod's launcher speaks version ${version} of the protocol, and this server version ${PROTOCOL_VERSION}`);
  if (podUid !== state.podUid) return fail(state, "the allocation was replaced meanwhile; look up its present ID and try again");
  if (operations.includes(state.operation)) return [{ ...state, phase: "running" }, [{ kind: "begin" }]];
  return fail(state, `the pod's launcher is of a version without "${state.operation}": replace the allocation first, for example with "nomad alloc stop"`);
}

function onData(state: OperationState, data: Uint8Array): Step {
  const received = state.received + data.length;
  if (received - state.granted > OUTPUT_WINDOW_BYTES) return fail(state, "the pod sent more than it was granted");
  return passOn({ ...state, received }, { kind: "data", data });
}

function passOn(state: OperationState, piece: Piece): Step {
  if (state.waiting >= MAX_WAITING_PIECES) return fail(state, "the pod sent more than was asked for");
  return [{ ...state, waiting: state.waiting + 1 }, [{ kind: "piece", piece }]];
}

function onTaken(state: OperationState): Step {
  const due = state.taken - state.granted;
  return due < CREDIT_BATCH_BYTES ? [state, []] : [{ ...state, granted: state.taken }, [{ kind: "grant", bytes: due }]];
}

function onExit(state: OperationState, { code, stdoutBytes }: ExitMessage): Step {
  return code === 0 && stdoutBytes === state.received ? end(state, ok(undefined)) : fail(state, "output was lost on its way from the pod");
}

const fail = (state: OperationState, message: string): Step => end(state, err({ kind: "lost", message, status: 500 }));

const end = (state: OperationState, result: Result<undefined, OperationProblem>): Step => [{ ...state, phase: "ended" }, [{ kind: "end", end: result }]];
