/**
 * @module The frames that bridge and launcher speak on the stdin and stdout of `launcher exec`: a pure codec, version 1.
 * Both sides test against vectors/frames.json, so that neither can drift. ARCHITECTURE.md, "The stream inside the stream".
 *
 * A frame is: uint32 big-endian length of what follows (type byte and payload), one type byte, payload.
 */
import { err, ok, type Result } from "../lib/result.ts";

export const PROTOCOL_VERSION = 1;

/** Bytes that may be in flight on one stream before the receiver has granted more; fixed for version 1. */
export const STDIN_WINDOW_BYTES = 1024 * 1024;
export const OUTPUT_WINDOW_BYTES = 1024 * 1024;

/** A frame's payload is never longer; a longer one is a broken or hostile peer. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;

const HEADER_BYTES = 5;

/**
 * What the bridge puts into one stdin frame at the most. The launcher's output frames are shorter: 32 KiB with their header, as every hop
 * behind it moves 32 KiB at a time.
 */
export const STDIN_FRAME_BYTES = 128 * 1024;

export type HangupPolicy = "hangup" | "kill" | "keep";

/** Opens the session: exactly once, after `hello`. Rows and columns are ignored without a tty. */
export type StartMessage = {
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly rows: number;
  readonly cols: number;
  /** What becomes of the session's processes when the client goes before they end. */
  readonly policy: HangupPolicy;
};

/** `operations` are those that this launcher knows; absent, it knows none. */
export type HelloMessage = { readonly version: number; readonly podUid: string; readonly operations?: readonly string[] };

/** A byte of a rotated log: which of its files, and where in it. */
export type LogPosition = { readonly number: number; readonly offset: number };

/**
 * What the launcher does itself, in place of a command: opens the session as `start` does. Paths are in the allocation directory as Nomad's
 * clients see it, `tasks` all tasks of the allocation. A `limit` of 0 is none. `after` goes on where an earlier reading has come to.
 */
export type Operation =
  | { readonly operation: "fs-list"; readonly path: string; readonly tasks: readonly string[] }
  | { readonly operation: "fs-stat"; readonly path: string }
  | { readonly operation: "fs-read"; readonly path: string; readonly offset: number; readonly limit: number }
  | { readonly operation: "fs-stream"; readonly path: string; readonly offset: number; readonly origin: Origin; readonly follow: boolean }
  | LogsOperation
  | { readonly operation: "stats" }
  | { readonly operation: "restart" }
  /** The task's shutdown delay is left out at its end, also where that has begun. */
  | { readonly operation: "skip-shutdown-delay" }
  | { readonly operation: "signal"; readonly signal: string };

/** `offset` counts over all files of the stream together. */
export type LogsOperation = {
  readonly operation: "logs";
  readonly task: string;
  readonly stream: "stdout" | "stderr";
  readonly offset: number;
  readonly origin: Origin;
  readonly follow: boolean;
  readonly after?: LogPosition;
};

export type Origin = "start" | "end";

export type OperationName = Operation["operation"];

/** What `restart` answers: the run that it has ended, nothing where none was under way, or of older launchers. `finishedMs` is epoch ms. */
export type EndedRun = { readonly finishedMs: number; readonly exitCode: number; readonly signal?: string };

/** Where the output behind it is from, or, with an `event`, what has become of the file. */
export type FileMessage = { readonly file: string; readonly offset: number; readonly event?: string };

/** What `stats` answers, for one task. Sizes are bytes; percent is of one processor, over the last interval; `timestamp` is in ns. */
export type UsageMessage = {
  readonly rss: number;
  readonly cache: number;
  readonly swap: number;
  readonly usage: number;
  readonly maxUsage: number;
  readonly userPercent: number;
  readonly systemPercent: number;
  readonly timestamp: number;
};

/** `code` is 128 + n for a process that signal n ended, as a shell reports it; `signal` is then its name. */
export type ExitMessage = {
  readonly code: number;
  readonly signal?: string;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
};

/**
 * `start-failed`: the command could not be started. `protocol`: the peer broke this page's rules. `operation-failed`: with the status that
 * Nomad has for it.
 */
export type ErrorMessage = { readonly code: "start-failed" | "protocol" | "operation-failed"; readonly message: string; readonly status?: number };

export type CreditStream = "stdin" | "stdout" | "stderr";

/** Frames from the bridge to the launcher. */
export type ToLauncher =
  | { readonly kind: "start"; readonly message: StartMessage }
  | { readonly kind: "operate"; readonly message: Operation }
  | { readonly kind: "stdin"; readonly data: Uint8Array }
  | { readonly kind: "stdin-close" }
  | { readonly kind: "resize"; readonly rows: number; readonly cols: number }
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "ping" }
  | { readonly kind: "credit"; readonly stream: CreditStream; readonly bytes: number }
  /** The client is gone: apply the policy of `start` now. End of input means the same. */
  | { readonly kind: "hangup" }
  /** The right to this session was taken away: end its processes as the policy "kill" does, whatever the policy is. */
  | { readonly kind: "revoke" };

/** Frames from the launcher to the bridge. */
export type FromLauncher =
  | { readonly kind: "hello"; readonly message: HelloMessage }
  | { readonly kind: "stdout"; readonly data: Uint8Array }
  | { readonly kind: "stderr"; readonly data: Uint8Array }
  | { readonly kind: "credit"; readonly stream: CreditStream; readonly bytes: number }
  | { readonly kind: "pong" }
  | { readonly kind: "exit"; readonly message: ExitMessage }
  | { readonly kind: "error"; readonly message: ErrorMessage }
  | { readonly kind: "file"; readonly message: FileMessage };

export type Frame = ToLauncher | FromLauncher;

const TYPE_OF = {
  start: 0x01,
  stdin: 0x02,
  "stdin-close": 0x03,
  resize: 0x04,
  signal: 0x05,
  ping: 0x06,
  credit: 0x07,
  hangup: 0x08,
  revoke: 0x09,
  operate: 0x0a,
  hello: 0x81,
  stdout: 0x82,
  stderr: 0x83,
  pong: 0x85,
  exit: 0x86,
  error: 0x87,
  file: 0x88,
} as const satisfies Record<Frame["kind"], number>;

const KIND_OF: ReadonlyMap<number, Frame["kind"]> = new Map(
  Object.entries(TYPE_OF).map(([kind, type]) => [type, kind as Frame["kind"]]),
);

const STREAM_ID = { stdin: 0, stdout: 1, stderr: 2 } as const satisfies Record<CreditStream, number>;
const STREAM_OF: ReadonlyMap<number, CreditStream> = new Map([
  [0, "stdin"],
  [1, "stdout"],
  [2, "stderr"],
]);

/** The header of a data frame alone, so that large payloads are sent beside it and never copied. */
export function encodeDataHeader(kind: "stdin" | "stdout" | "stderr", payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(payloadBytes + 1, 0);
  header.writeUInt8(TYPE_OF[kind], 4);
  return header;
}

/** One whole frame. Numbers out of range throw: they are bugs of the caller, who clamps. */
export function encodeFrame(frame: Frame): Buffer {
  const payload = encodePayload(frame);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt32BE(payload.length + 1, 0);
  bytes.writeUInt8(TYPE_OF[frame.kind], 4);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

const EMPTY = Buffer.alloc(0);

function encodePayload(frame: Frame): Buffer {
  switch (frame.kind) {
    case "start":
    case "operate":
    case "hello":
    case "exit":
    case "error":
    case "file":
      return Buffer.from(JSON.stringify(frame.message));
    case "stdin":
    case "stdout":
    case "stderr":
      return Buffer.from(frame.data.buffer, frame.data.byteOffset, frame.data.byteLength);
    case "resize": {
      const payload = Buffer.allocUnsafe(4);
      payload.writeUInt16BE(frame.rows, 0);
      payload.writeUInt16BE(frame.cols, 2);
      return payload;
    }
    case "signal":
      return Buffer.from(frame.name);
    case "credit": {
      const payload = Buffer.allocUnsafe(5);
      payload.writeUInt8(STREAM_ID[frame.stream], 0);
      payload.writeUInt32BE(frame.bytes, 1);
      return payload;
    }
    case "stdin-close":
    case "ping":
    case "pong":
    case "hangup":
    case "revoke":
      return EMPTY;
  }
}

/** Bytes received so far that do not make a whole frame yet. Pass it back with the next bytes. */
export type DecoderState = { readonly pending: Buffer };

export const initialDecoder: DecoderState = { pending: EMPTY };

export type Decoded = { readonly frames: readonly Frame[]; readonly state: DecoderState };

/**
 * All frames that `chunk` completes, in order. Data payloads are views into `chunk`, not copies.
 * An error means that the peer does not speak this protocol; nothing after it can be trusted.
 */
export function decodeFrames(state: DecoderState, chunk: Buffer): Result<Decoded, string> {
  const bytes = state.pending.length === 0 ? chunk : Buffer.concat([state.pending, chunk]);
  const frames: Frame[] = [];
  let offset = 0;
  while (bytes.length - offset >= HEADER_BYTES) {
    const length = bytes.readUInt32BE(offset);
    if (length === 0 || length > MAX_PAYLOAD_BYTES + 1) {
      return err(`frame length ${length} is outside 1..${MAX_PAYLOAD_BYTES + 1}`);
    }
    if (bytes.length - offset < 4 + length) break;
    const frame = decodeFrame(bytes.readUInt8(offset + 4), bytes.subarray(offset + HEADER_BYTES, offset + 4 + length));
    if (!frame.ok) return frame;
    frames.push(frame.value);
    offset += 4 + length;
  }
  return ok({ frames, state: { pending: bytes.subarray(offset) } });
}

function decodeFrame(type: number, payload: Buffer): Result<Frame, string> {
  const kind = KIND_OF.get(type);
  switch (kind) {
    case undefined:
      return err(`unknown frame type 0x${type.toString(16).padStart(2, "0")}`);
    case "stdin":
    case "stdout":
    case "stderr":
      return ok({ kind, data: payload });
    case "resize":
      if (payload.length !== 4) return err(`a resize frame has ${payload.length} bytes, not 4`);
      return ok({ kind, rows: payload.readUInt16BE(0), cols: payload.readUInt16BE(2) });
    case "signal":
      return ok({ kind, name: payload.toString("utf8") });
    case "credit": {
      const stream = payload.length === 5 ? STREAM_OF.get(payload.readUInt8(0)) : undefined;
      if (stream === undefined) return err("a credit frame is one stream byte (0, 1 or 2) and four bytes of count");
      return ok({ kind, stream, bytes: payload.readUInt32BE(1) });
    }
    case "stdin-close":
    case "ping":
    case "pong":
    case "hangup":
    case "revoke":
      return ok({ kind });
    default:
      return decodeJson(kind, payload);
  }
}

type JsonKind = "start" | "operate" | "hello" | "exit" | "error" | "file";
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isTextOrAbsent: Check = (value) => value === undefined || isText(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

/** What each message must hold. More is allowed, so that a later version may say more. */
const MEMBERS: Readonly<Record<JsonKind, Readonly<Record<string, Check>>>> = {
  start: {
    argv: isTexts,
    tty: (value) => typeof value === "boolean",
    rows: isCount,
    cols: isCount,
    policy: (value) => value === "hangup" || value === "kill" || value === "keep",
  },
  operate: { operation: isText },
  hello: { version: isCount, podUid: isText, operations: (value) => value === undefined || isTexts(value) },
  exit: { code: isCount, signal: isTextOrAbsent, stdoutBytes: isCount, stderrBytes: isCount },
  error: { code: isText, message: isText, status: (value) => value === undefined || isCount(value) },
  file: { file: isText, offset: isCount, event: isTextOrAbsent },
};

function decodeJson(kind: JsonKind, payload: Buffer): Result<Frame, string> {
  try {
    const message: unknown = JSON.parse(payload.toString("utf8"));
    if (typeof message !== "object" || message === null || Array.isArray(message)) return err(`a ${kind} frame does not hold a JSON object`);
    const wrong = Object.entries(MEMBERS[kind]).find(([member, check]) => !check((message as Record<string, unknown>)[member]));
    if (wrong !== undefined) return err(`a ${kind} frame has no valid "${wrong[0]}"`);
    return ok({ kind, message } as Frame);
  } catch (error) {
    return err(`a ${kind} frame does not hold JSON: ${String(error)}`);
  }
}
