/**
 * @module One exec session as a pure state machine: Nomad's frames on one side, the launcher's on the other. It owns no socket; the
 * loop in exec-relay.ts feeds it events and performs the effects. exec-session.test.ts holds the invariants.
 *
 * Invariants: the exit frame is sent at most once, after all output, and never without the launcher's proof; nothing is sent to a
 * side after it was closed; stdin never exceeds the launcher's credit; what is held for either side is bounded.
 */
import {
  type ExitMessage,
  type Frame,
  type HangupPolicy,
  type HelloMessage,
  OUTPUT_WINDOW_BYTES,
  PROTOCOL_VERSION,
  STDIN_WINDOW_BYTES,
  type ToLauncher,
} from "../contract/frames.ts";
import { assertNever } from "../lib/result.ts";
import type { ClientFrame, TtySize } from "../nomad/exec-frames.ts";

/**
 * A client that sends more stdin than its process reads is read on until this much waits here, so that a resize behind it still
 * arrives; then the client is made to wait.
 */
export const STDIN_QUEUE_HIGH_BYTES = 24 * 1024 * 1024;
const STDIN_QUEUE_LOW_BYTES = STDIN_QUEUE_HIGH_BYTES / 2;

const JOIN_BYTES = 64 * 1024;

/** Output bytes that are granted back at once: half a window, so that the other half is on its way meanwhile. */
const CREDIT_BATCH_BYTES = OUTPUT_WINDOW_BYTES / 2;

export type SessionTimes = {
  /** Silence from the launcher that counts as its death. */
  readonly silenceMs: number;
  readonly pingMs: number;
  /** How long the launcher gets to see the hang-up before its stream is closed. */
  readonly lingerMs: number;
};

export const DEFAULT_TIMES: SessionTimes = { silenceMs: 30_000, pingMs: 10_000, lingerMs: 1_000 };

export type SessionSettings = {
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly policy: HangupPolicy;
  /** The pod that the grant is for; a launcher that says otherwise is in another pod of the same name. */
  readonly podUid: string;
  readonly times: SessionTimes;
};

type Stream = "stdout" | "stderr";
type Counts = { readonly stdout: number; readonly stderr: number };

export type SessionState = {
  readonly settings: SessionSettings;
  /** `opening`: no hello yet. `hangup`: the client is gone, the launcher is being told. */
  readonly phase: "opening" | "running" | "hangup" | "closed";
  readonly size: TtySize;
  readonly stdinQueue: readonly Uint8Array[];
  readonly stdinQueued: number;
  readonly stdinCredit: number;
  readonly stdinEnd: "open" | "asked" | "sent";
  readonly clientPaused: boolean;
  /** Output received from the launcher, and flushed to the client but not yet granted back. */
  readonly received: Counts;
  readonly ungranted: Counts;
  readonly granted: Counts;
  readonly lastHeardMs: number;
  readonly lastPingMs: number;
  readonly hangupAtMs: number;
  /** Why the client's side ended before the process did. */
  readonly hangupReason: string;
};

/** How a session ended, for the audit line. */
export type SessionEnd = { readonly exitCode?: number; readonly reason: string };

export type SessionEvent =
  /** `queueBytes`: how much stdin may wait here now; STDIN_QUEUE_HIGH_BYTES unless there are many sessions. */
  | { readonly kind: "client-frame"; readonly frame: ClientFrame; readonly queueBytes?: number }
  | { readonly kind: "client-gone"; readonly reason: string }
  /** The client broke the protocol. */
  | { readonly kind: "client-refused"; readonly reason: string }
  /** Output has left this process for the client. */
  | { readonly kind: "client-flushed"; readonly stream: Stream; readonly bytes: number }
  /** Any frame at all: what stands at the other end may be hostile, and send what only we send. */
  | { readonly kind: "launcher-frame"; readonly frame: Frame }
  /** The stream to the pod is over, or speaks no protocol of ours. */
  | { readonly kind: "launcher-gone"; readonly reason: string }
  | { readonly kind: "pod-gone"; readonly reason: string }
  /** The right to it was taken away: its processes end, whatever the policy says. */
  | { readonly kind: "revoked"; readonly reason: string }
  /** The server stops: the same for the session as a client that goes. */
  | { readonly kind: "shutdown"; readonly reason: string }
  | { readonly kind: "tick" };

export type SessionEffect =
  | { readonly kind: "to-launcher"; readonly frame: ToLauncher }
  | { readonly kind: "to-client"; readonly stream: Stream; readonly data: Uint8Array }
  /** Output ends, then the exit frame, then the close. */
  | { readonly kind: "client-exit"; readonly code: number }
  | { readonly kind: "client-close"; readonly code: 1008 | 1011; readonly reason: string }
  | { readonly kind: "pause-client" }
  | { readonly kind: "resume-client" }
  | { readonly kind: "close-launcher" }
  | { readonly kind: "ended"; readonly end: SessionEnd };

export type Step = readonly [SessionState, readonly SessionEffect[]];

export function startSession(settings: SessionSettings, nowMs: number): SessionState {
  return {
    settings,
    phase: "opening",
    size: { height: 24, width: 80 },
    stdinQueue: [],
    stdinQueued: 0,
    stdinCredit: STDIN_WINDOW_BYTES,
    stdinEnd: "open",
    clientPaused: false,
    received: { stdout: 0, stderr: 0 },
    ungranted: { stdout: 0, stderr: 0 },
    granted: { stdout: 0, stderr: 0 },
    lastHeardMs: nowMs,
    lastPingMs: nowMs,
    hangupAtMs: 0,
    hangupReason: "",
  };
}

/** Advances the session by one event. Total: every (state, event) pair has an answer. */
export function stepSession(state: SessionState, event: SessionEvent, nowMs: number): Step {
  if (state.phase === "closed") return [state, []];
  switch (event.kind) {
    case "client-frame":
      return onClientFrame(state, event.frame, event.queueBytes ?? STDIN_QUEUE_HIGH_BYTES);
    case "client-gone":
      return hangUp(state, { frame: "hangup", reason: event.reason }, nowMs);
    case "client-refused":
      return closeAndHangUp(state, { code: 1008, frame: "hangup", reason: event.reason }, nowMs);
    case "revoked":
      return closeAndHangUp(state, { code: 1011, frame: "revoke", reason: event.reason }, nowMs);
    case "shutdown":
      return closeAndHangUp(state, { code: 1011, frame: "hangup", reason: event.reason }, nowMs);
    case "client-flushed":
      return grant(state, event.stream, event.bytes);
    case "launcher-frame":
      return onLauncherFrame({ ...state, lastHeardMs: nowMs }, event.frame);
    case "launcher-gone":
    case "pod-gone":
      return fail(state, event.reason);
    case "tick":
      return onTick(state, nowMs);
    default:
      return assertNever(event, "stepSession");
  }
}

function onClientFrame(state: SessionState, frame: ClientFrame, queueBytes: number): Step {
  if (state.phase === "hangup") return [state, []];
  const [resized, resizeEffects] = frame.ttySize === undefined ? ([state, []] as Step) : onResize(state, frame.ttySize);
  if (frame.stdin === undefined) return [resized, resizeEffects];
  const [next, effects] = onStdin(resized, frame.stdin, queueBytes);
  return [next, [...resizeEffects, ...effects]];
}

/** A member of 0 or absent keeps what was: Nomad's JSON omits zeros, and no terminal has no rows. */
function onResize(state: SessionState, asked: TtySize): Step {
  const size = { height: clampSize(asked.height, state.size.height), width: clampSize(asked.width, state.size.width) };
  const next = { ...state, size };
  if (!state.settings.tty || state.phase !== "running") return [next, []];
  return [next, [{ kind: "to-launcher", frame: { kind: "resize", rows: size.height, cols: size.width } }]];
}

const clampSize = (asked: number, before: number) => (asked >= 1 ? Math.min(Math.trunc(asked), 65_535) : before);

function onStdin(state: SessionState, { data, close }: NonNullable<ClientFrame["stdin"]>, queueBytes: number): Step {
  if (state.stdinEnd !== "open") return [state, []];
  const queued = data === undefined || data.length === 0 ? state : enqueue(state, data);
  const [next, effects] = flushStdin(close === true ? { ...queued, stdinEnd: "asked" } : queued);
  if (next.clientPaused || next.stdinQueued < queueBytes) return [next, effects];
  return [{ ...next, clientPaused: true }, [...effects, { kind: "pause-client" }]];
}

/** Small pieces are joined while they wait, so that a queue of 2 KiB frames does not become ten thousand entries. */
function enqueue(state: SessionState, data: Uint8Array): SessionState {
  const stdinQueued = state.stdinQueued + data.length;
  const last = state.stdinQueue.at(-1);
  if (last === undefined || last.length + data.length > JOIN_BYTES) return { ...state, stdinQueue: [...state.stdinQueue, data], stdinQueued };
  return { ...state, stdinQueue: [...state.stdinQueue.slice(0, -1), Buffer.concat([last, data])], stdinQueued };
}

/** Sends what the credit allows, then the end of stdin once nothing waits before it. */
function flushStdin(state: SessionState): Step {
  if (state.phase !== "running" || (state.stdinCredit === 0 && state.stdinQueued > 0)) return [state, []];
  const effects: SessionEffect[] = [];
  const queue = [...state.stdinQueue];
  let credit = state.stdinCredit;
  let queued = state.stdinQueued;
  let taken = 0;
  while (taken < queue.length && credit > 0) {
    const chunk = queue[taken] ?? new Uint8Array();
    const part = chunk.length <= credit ? chunk : chunk.subarray(0, credit);
    effects.push({ kind: "to-launcher", frame: { kind: "stdin", data: part } });
    credit -= part.length;
    queued -= part.length;
    if (part.length === chunk.length) taken++;
    else queue[taken] = chunk.subarray(part.length);
  }
  const next = { ...state, stdinQueue: queue.slice(taken), stdinQueued: queued, stdinCredit: credit };
  if (queued > 0 || state.stdinEnd !== "asked") return [next, effects];
  return [{ ...next, stdinEnd: "sent" }, [...effects, { kind: "to-launcher", frame: { kind: "stdin-close" } }]];
}

function onLauncherFrame(state: SessionState, frame: Frame): Step {
  switch (frame.kind) {
    case "hello":
      return onHello(state, frame.message);
    case "stdout":
    case "stderr":
      return onOutput(state, frame.kind, frame.data);
    case "credit":
      return onCredit(state, frame.stream === "stdin" ? frame.bytes : 0);
    case "pong":
      return [state, []];
    case "exit":
      return onExit(state, frame.message);
    case "error":
      return fail(state, frame.message.message);
    case "file":
      return fail(state, "the pod speaks of files, and nobody asked for one");
    case "start":
    case "operate":
    case "stdin":
    case "stdin-close":
    case "resize":
    case "signal":
    case "ping":
    case "hangup":
    case "revoke":
      return fail(state, `the pod sent a ${frame.kind} frame, which is ours alone to send`);
    default:
      return assertNever(frame, "onLauncherFrame");
  }
}

function onHello(state: SessionState, { version, podUid }: HelloMessage): Step {
  if (state.phase !== "opening") return [state, []];
  const { settings, size } = state;
  if (version !== PROTOCOL_VERSION) return fail(state, `the pod's launcher speaks version ${version} of the exec protocol, and this server version ${PROTOCOL_VERSION}`);
  if (podUid !== settings.podUid) return fail(state, "the allocation was replaced while the session was opened; look up its present ID and try again");
  const message = { argv: settings.argv, tty: settings.tty, rows: size.height, cols: size.width, policy: settings.policy };
  const [next, effects] = flushStdin({ ...state, phase: "running" });
  return [next, [{ kind: "to-launcher", frame: { kind: "start", message } }, ...effects]];
}

/** Until the hello has proved which pod speaks, nothing that it says is passed on. */
const NO_HELLO = "the pod spoke before its launcher said hello";

function onOutput(state: SessionState, stream: Stream, data: Uint8Array): Step {
  if (state.phase === "opening") return fail(state, NO_HELLO);
  const received = { ...state.received, [stream]: state.received[stream] + data.length };
  if (received[stream] - state.granted[stream] > OUTPUT_WINDOW_BYTES) return fail(state, `the pod sent more ${stream} than it was granted`);
  const next = { ...state, received };
  // The client is gone: what still comes is let through the window, so that a process under policy "keep" is not held up.
  if (state.phase === "hangup") return grant(next, stream, data.length);
  return [next, [{ kind: "to-client", stream, data }]];
}

function grant(state: SessionState, stream: Stream, bytes: number): Step {
  const due = state.ungranted[stream] + bytes;
  if (due < CREDIT_BATCH_BYTES) return [{ ...state, ungranted: { ...state.ungranted, [stream]: due } }, []];
  const granted = { ...state.granted, [stream]: state.granted[stream] + due };
  return [{ ...state, granted, ungranted: { ...state.ungranted, [stream]: 0 } }, [{ kind: "to-launcher", frame: { kind: "credit", stream, bytes: due } }]];
}

function onCredit(state: SessionState, bytes: number): Step {
  const [next, effects] = flushStdin({ ...state, stdinCredit: state.stdinCredit + bytes });
  if (!next.clientPaused || next.stdinQueued > STDIN_QUEUE_LOW_BYTES) return [next, effects];
  return [{ ...next, clientPaused: false }, [...effects, { kind: "resume-client" }]];
}

function onExit(state: SessionState, exit: ExitMessage): Step {
  if (state.phase === "opening") return fail(state, NO_HELLO);
  const complete = exit.stdoutBytes === state.received.stdout && exit.stderrBytes === state.received.stderr;
  if (!complete) return fail(state, "output was lost on its way from the pod: the exit code is withheld");
  const reason = state.phase === "hangup" ? state.hangupReason : "exited";
  const over: SessionEffect[] = [{ kind: "close-launcher" }, { kind: "ended", end: { exitCode: exit.code, reason } }];
  if (state.phase === "hangup") return [closed(state), over];
  return [closed(state), [...letGo(state), { kind: "client-exit", code: exit.code }, ...over]];
}

const closed = (state: SessionState): SessionState => ({ ...state, phase: "closed", stdinQueue: [], stdinQueued: 0, clientPaused: false });

/** A socket that is not read never sees the client's answer to the close. */
const letGo = (state: SessionState): readonly SessionEffect[] => (state.clientPaused ? [{ kind: "resume-client" }] : []);

/** The session cannot go on, and there is no exit code: an error, never exit 0. */
function fail(state: SessionState, reason: string): Step {
  // Once the client's side has ended, that is the reason: what follows from it is not.
  const end = { reason: state.phase === "hangup" ? state.hangupReason : reason };
  const over: SessionEffect[] = [{ kind: "close-launcher" }, { kind: "ended", end }];
  if (state.phase === "hangup") return [closed(state), over];
  return [closed(state), [...letGo(state), { kind: "client-close", code: 1011, reason }, ...over]];
}

type HangUp = { readonly frame: "hangup" | "revoke"; readonly reason: string };

/** The client is gone: tell the launcher, which knows the policy, and give it a moment to hear it. */
function hangUp(state: SessionState, { frame, reason }: HangUp, nowMs: number): Step {
  if (state.phase === "hangup") return [state, []];
  if (state.phase === "opening") return [closed(state), [{ kind: "close-launcher" }, { kind: "ended", end: { reason } }]];
  const next: SessionState = { ...state, phase: "hangup", hangupAtMs: nowMs, hangupReason: reason, stdinQueue: [], stdinQueued: 0, stdinEnd: "sent", clientPaused: false };
  return [next, [{ kind: "to-launcher", frame: { kind: frame } }]];
}

function closeAndHangUp(state: SessionState, close: HangUp & { readonly code: 1008 | 1011 }, nowMs: number): Step {
  if (state.phase === "hangup") return [state, []];
  const [next, effects] = hangUp(state, close, nowMs);
  return [next, [...letGo(state), { kind: "client-close", code: close.code, reason: close.reason }, ...effects]];
}

function onTick(state: SessionState, nowMs: number): Step {
  const { times } = state.settings;
  if (state.phase === "hangup" && nowMs - state.hangupAtMs >= times.lingerMs) {
    return [closed(state), [{ kind: "close-launcher" }, { kind: "ended", end: { reason: state.hangupReason } }]];
  }
  const silent = nowMs - state.lastHeardMs;
  if (silent >= times.silenceMs) return fail(state, `nothing was heard from the pod for ${Math.round(silent / 1000)} s: the session is lost`);
  if (state.phase !== "running" || nowMs - state.lastPingMs < times.pingMs) return [state, []];
  return [{ ...state, lastPingMs: nowMs }, [{ kind: "to-launcher", frame: { kind: "ping" } }]];
}
