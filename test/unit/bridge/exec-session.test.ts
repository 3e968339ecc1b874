import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type SessionEffect, type SessionEvent, type SessionSettings, type SessionState, DEFAULT_TIMES, startSession, stepSession, STDIN_QUEUE_HIGH_BYTES,
} from "../../../src/bridge/exec-session.ts";
import { type Frame, OUTPUT_WINDOW_BYTES, STDIN_WINDOW_BYTES } from "../../../src/contract/frames.ts";
import type { ClientFrame } from "../../../src/nomad/exec-frames.ts";

const MIB = 1024 * 1024;
const SETTINGS: SessionSettings = { argv: ["sh"], tty: true, policy: "hangup", podUid: "uid-1", times: DEFAULT_TIMES };

type At = { readonly event: SessionEvent; readonly ms: number };
type Run = { readonly state: SessionState; readonly effects: readonly SessionEffect[] };

/** Every event in turn; `ms` is how long after the one before. */
function run(events: readonly At[], settings = SETTINGS): Run {
  let state = startSession(settings, 0);
  let now = 0;
  const effects: SessionEffect[] = [];
  for (const { event, ms } of events) {
    now += ms;
    const [next, caused] = stepSession(state, event, now);
    state = next;
    effects.push(...caused);
  }
  return { state, effects };
}

const at0 = (...events: SessionEvent[]): At[] => events.map((event) => ({ event, ms: 0 }));
const pod = (frame: Frame): SessionEvent => ({ kind: "launcher-frame", frame });
const client = (frame: ClientFrame): SessionEvent => ({ kind: "client-frame", frame });
const hello = (podUid = "uid-1", version = 1) => pod({ kind: "hello", message: { version, podUid } });
const exit = (code: number, stdoutBytes = 0, stderrBytes = 0) => pod({ kind: "exit", message: { code, stdoutBytes, stderrBytes } });
const credit = (bytes: number) => pod({ kind: "credit", stream: "stdin", bytes });
const stdin = (data: Uint8Array, close = false) => client({ stdin: { data: Buffer.from(data.buffer, data.byteOffset, data.length), close } });
const tick: SessionEvent = { kind: "tick" };
const gone: SessionEvent = { kind: "client-gone", reason: "the client went away" };

const framesTo = (effects: readonly SessionEffect[]) => effects.flatMap((effect) => (effect.kind === "to-launcher" ? [effect.frame] : []));
const stdinOf = (effects: readonly SessionEffect[]) => Buffer.concat(framesTo(effects).flatMap((frame) => (frame.kind === "stdin" ? [frame.data] : [])));
const kinds = (effects: readonly SessionEffect[]) => effects.map((effect) => (effect.kind === "to-launcher" ? effect.frame.kind : effect.kind));
const ends = (effects: readonly SessionEffect[]) => effects.flatMap((effect) => (effect.kind === "ended" ? [effect.end] : []));

const ZEROS = Buffer.alloc(13 * MIB);
const chunk = fc.constantFrom(0, 1, 7, 70_000, 300_000, 13 * MIB).map((length) => ZEROS.subarray(0, length));
const small = fc.constantFrom(0, 1, 3).map((length) => ZEROS.subarray(0, length));
const reason = fc.constant("because");
const stream = fc.constantFrom("stdout" as const, "stderr" as const);
const count = fc.constantFrom(0, 1, 2, 3, 4);

/** Whatever either side may do, in any order; a hostile pod sends our own frames back. */
const anyEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ data: chunk, close: fc.boolean() }).map((part) => client({ stdin: part })) },
  { weight: 2, arbitrary: fc.record({ height: fc.nat(70_000), width: fc.nat(70_000) }).map((ttySize) => client({ ttySize })) },
  fc.constant(client({})),
  { weight: 4, arbitrary: fc.tuple(stream, small).map(([kind, data]) => pod({ kind, data })) },
  { weight: 2, arbitrary: fc.constantFrom(hello(), hello("uid-2"), hello("uid-1", 2)) },
  { weight: 3, arbitrary: fc.record({ stream: fc.constantFrom("stdin" as const, "stdout" as const), bytes: fc.constantFrom(0, 1, MIB, 12 * MIB) }).map((c) => pod({ kind: "credit", ...c })) },
  fc.tuple(fc.nat(255), count, count).map(([code, out, errors]) => exit(code, out, errors)),
  fc.constantFrom(
    pod({ kind: "pong" }), pod({ kind: "error", message: { code: "start-failed", message: "no" } }), pod({ kind: "ping" }), pod({ kind: "stdin", data: ZEROS.subarray(0, 1) }),
    pod({ kind: "start", message: { argv: [], tty: false, rows: 0, cols: 0, policy: "keep" } }), pod({ kind: "stdin-close" }), pod({ kind: "resize", rows: 1, cols: 1 }),
    pod({ kind: "signal", name: "SIGINT" }), pod({ kind: "hangup" }),
  ),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("client-flushed" as const), stream, bytes: fc.constantFrom(0, 1, OUTPUT_WINDOW_BYTES) }) },
  fc.record({ kind: fc.constantFrom("client-gone" as const, "client-refused" as const, "launcher-gone" as const, "pod-gone" as const, "revoked" as const, "shutdown" as const), reason }),
  { weight: 2, arbitrary: fc.constant(tick) },
);

const script = fc
  .tuple(fc.boolean(), fc.array(fc.record({ event: anyEvent, ms: fc.constantFrom(0, 0, 0, 400, 5_000) }), { maxLength: 40 }))
  .map(([opened, events]) => (opened ? [{ event: hello(), ms: 0 }, ...events] : events));

const always = (check: (result: Run, events: readonly At[]) => void) =>
  fc.assert(fc.property(script, (events) => check(run(events), events)), { numRuns: 400 });

describe("stepSession, whatever happens", () => {
  it("ends each session once, says so last, and is then silent", () =>
    always(({ state, effects }) => {
      expect(ends(effects)).toHaveLength(state.phase === "closed" ? 1 : 0);
      if (state.phase === "closed") expect(kinds(effects).slice(-2)).toEqual(["close-launcher", "ended"]);
    }));

  it("tells the client at most one end, after all output, and nothing after it", () =>
    always(({ effects }) => {
      const toClient = kinds(effects).filter((kind) => ["to-client", "client-exit", "client-close", "pause-client", "resume-client"].includes(kind));
      const first = toClient.findIndex((kind) => kind === "client-exit" || kind === "client-close");
      if (first >= 0) expect(toClient.slice(first + 1)).toEqual([]);
    }));

  it("gives an exit code only with the launcher's proof of it and of every byte", () =>
    always(({ effects }, events) => {
      const codes = effects.flatMap((effect) => (effect.kind === "client-exit" ? [effect.code] : []));
      const said = { stdout: 0, stderr: 0 };
      for (const effect of effects) if (effect.kind === "to-client") said[effect.stream] += effect.data.length;
      const proofs = events.flatMap(({ event }) => (event.kind === "launcher-frame" && event.frame.kind === "exit" ? [event.frame.message] : []));
      for (const code of codes) expect(proofs).toContainEqual({ code, stdoutBytes: said.stdout, stderrBytes: said.stderr });
    }));

  it("sends the launcher nothing before its hello, and start first", () =>
    always(({ effects }) => {
      const sent = framesTo(effects).filter((frame) => frame.kind !== "credit");
      if (sent.length > 0) expect(sent[0]?.kind).toBe("start");
      expect(sent.filter((frame) => frame.kind === "start").length).toBeLessThanOrEqual(1);
    }));

  it("never sends more stdin than was granted, and ends it at most once and last", () =>
    always(({ effects }, events) => {
      const granted = events.map(({ event }) => (event.kind === "launcher-frame" && event.frame.kind === "credit" && event.frame.stream === "stdin" ? event.frame.bytes : 0));
      expect(stdinOf(effects).length).toBeLessThanOrEqual(granted.reduce((sum, bytes) => sum + bytes, STDIN_WINDOW_BYTES));
      const sent = framesTo(effects).map((frame) => frame.kind);
      const close = sent.indexOf("stdin-close");
      if (close >= 0) expect(sent.slice(close + 1).filter((kind) => kind === "stdin" || kind === "stdin-close")).toEqual([]);
    }));

  it("pauses and resumes the client in turn, and leaves none paused that it closes", () =>
    always(({ effects }) => {
      const turns = kinds(effects).filter((kind) => kind === "pause-client" || kind === "resume-client");
      expect(turns).toEqual(turns.map((_, i) => (i % 2 === 0 ? "pause-client" : "resume-client")));
      if (kinds(effects).some((kind) => kind === "client-exit" || kind === "client-close")) expect(turns.length % 2).toBe(0);
    }));

  it("knows exactly how much waits, and holds nothing after the end", () =>
    always(({ state }) => {
      expect(state.stdinQueued).toBe(state.stdinQueue.reduce((sum, part) => sum + part.length, 0));
      if (state.phase === "closed" || state.phase === "hangup") expect(state.stdinQueued).toBe(0);
    }));

  it("sends only sizes that a terminal can have", () =>
    always(({ effects }) => {
      const sizes = framesTo(effects).flatMap((frame) => (frame.kind === "resize" ? [frame.rows, frame.cols] : frame.kind === "start" ? [frame.message.rows, frame.message.cols] : []));
      expect(sizes.filter((cells) => !Number.isInteger(cells) || cells < 1 || cells > 65_535)).toEqual([]);
    }));
});

const BYTES = Buffer.from(Array.from({ length: 251 * 4096 }, (_, i) => (i * 7 + (i >> 8)) % 256));

describe("stdin", () => {
  it("arrives in order and complete, however it is cut and however the launcher grants", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 });
    const grants = fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, grants, fc.nat(12), fc.boolean(), (lengths, credits, helloAt, closeApart) => {
        const sent = Buffer.concat([BYTES, BYTES]).subarray(0, lengths.reduce((sum, length) => sum + length, 0));
        let offset = 0;
        const events = lengths.flatMap((length, i) => {
          const part = sent.subarray(offset, (offset += length));
          return [stdin(part, !closeApart && i === lengths.length - 1), ...(credits[i] === undefined ? [] : [credit(credits[i])])];
        });
        if (closeApart || lengths.length === 0) events.push(client({ stdin: { close: true } }));
        events.splice(helloAt, 0, hello());
        const { effects } = run(at0(...events, credit(4 * MIB)));
        expect(stdinOf(effects).equals(sent)).toBe(true);
        expect(framesTo(effects).at(-1)?.kind).toBe("stdin-close");
      }),
      { numRuns: 60 },
    );
  });

  it("stops at the window until the launcher grants more, to the byte", () => {
    const { effects } = run(at0(hello(), stdin(ZEROS.subarray(0, MIB + 10)), credit(4)));
    expect(framesTo(effects).flatMap((frame) => (frame.kind === "stdin" ? [frame.data.length] : []))).toEqual([MIB, 4]);
  });

  it("lets a resize overtake what waits", () => {
    const { effects } = run(at0(hello(), stdin(ZEROS.subarray(0, 2 * MIB)), client({ ttySize: { height: 50, width: 132 } })));
    expect(framesTo(effects).at(-1)).toEqual({ kind: "resize", rows: 50, cols: 132 });
  });

  it("makes a client wait above the limit, and lets it go on below half of it", () => {
    const full = at0(hello(), ...Array.from({ length: STDIN_QUEUE_HIGH_BYTES / MIB + 1 }, () => stdin(ZEROS.subarray(0, MIB))));
    expect(kinds(run(full.slice(0, -1)).effects)).not.toContain("pause-client");
    expect(kinds(run(full).effects).at(-1)).toBe("pause-client");
    const half = STDIN_QUEUE_HIGH_BYTES / 2;
    expect(kinds(run([...full, ...at0(credit(half - 1))]).effects)).not.toContain("resume-client");
    expect(kinds(run([...full, ...at0(credit(half))]).effects).at(-1)).toBe("resume-client");
  });

  it("is not an end of file when it is empty", () => {
    expect(framesTo(run(at0(hello(), stdin(ZEROS.subarray(0, 0)))).effects).map((frame) => frame.kind)).toEqual(["start"]);
  });

  it("takes nothing after its end", () => {
    const { effects } = run(at0(hello(), client({ stdin: { close: true } }), stdin(Buffer.from("late")), client({ stdin: { close: true } })));
    expect(framesTo(effects).map((frame) => frame.kind)).toEqual(["start", "stdin-close"]);
  });
});

describe("the start", () => {
  it("carries the command and the last size known by then", () => {
    const { effects } = run(at0(client({ ttySize: { height: 10, width: 20 } }), client({ ttySize: { height: 50, width: 0 } }), hello()));
    expect(effects).toEqual([{ kind: "to-launcher", frame: { kind: "start", message: { argv: ["sh"], tty: true, rows: 50, cols: 20, policy: "hangup" } } }]);
  });

  it.each([
    ["another pod of the same name", hello("uid-2"), "the allocation was replaced while the session was opened; look up its present ID and try again"],
    ["another protocol", hello("uid-1", 2), "the pod's launcher speaks version 2 of the exec protocol, and this server version 1"],
    ["output before the hello", pod({ kind: "stdout", data: Buffer.from("x") }), "the pod spoke before its launcher said hello"],
    ["an exit before the hello", exit(0), "the pod spoke before its launcher said hello"],
    ["a frame that is ours to send", pod({ kind: "ping" }), "the pod sent a ping frame, which is ours alone to send"],
  ])("is not sent to %s, and the client is told", (_name, event, text) => {
    expect(run(at0(event)).effects).toEqual([{ kind: "client-close", code: 1011, reason: text }, { kind: "close-launcher" }, { kind: "ended", end: { reason: text } }]);
  });
});

describe("a resize", () => {
  it.each([
    [{ height: 0, width: 0 }, { rows: 24, cols: 80 }],
    [{ height: 50, width: 0 }, { rows: 50, cols: 80 }],
    [{ height: 1_000_000, width: 65_536 }, { rows: 65_535, cols: 65_535 }],
    [{ height: -3, width: 1 }, { rows: 24, cols: 1 }],
  ])("to %j asks for %j", (ttySize, { rows, cols }) => {
    expect(framesTo(run(at0(hello(), client({ ttySize }))).effects).at(-1)).toEqual({ kind: "resize", rows, cols });
  });

  it("is nothing without a terminal", () => {
    const { effects } = run(at0(hello(), client({ ttySize: { height: 50, width: 50 } })), { ...SETTINGS, tty: false });
    expect(framesTo(effects).map((frame) => frame.kind)).toEqual(["start"]);
  });
});

describe("output", () => {
  it("comes before the exit, in order, and then the session is over", () => {
    const { effects } = run(at0(hello(), pod({ kind: "stdout", data: Buffer.from("a") }), pod({ kind: "stderr", data: Buffer.from("bc") }), exit(43, 1, 2)));
    expect(effects.slice(1)).toEqual([
      { kind: "to-client", stream: "stdout", data: Buffer.from("a") },
      { kind: "to-client", stream: "stderr", data: Buffer.from("bc") },
      { kind: "client-exit", code: 43 },
      { kind: "close-launcher" },
      { kind: "ended", end: { exitCode: 43, reason: "exited" } },
    ]);
  });

  it.each([[0, 0], [2, 0], [1, 1]])("that is not what the launcher counted (%i and %i of 1 and 0) is an error, never an exit code", (out, errors) => {
    const { effects } = run(at0(hello(), pod({ kind: "stdout", data: Buffer.from("a") }), exit(0, out, errors)));
    expect(kinds(effects).slice(2)).toEqual(["client-close", "close-launcher", "ended"]);
    expect(ends(effects)).toEqual([{ reason: "output was lost on its way from the pod: the exit code is withheld" }]);
  });

  it("is granted back in full once it has left for the client, each byte once", () => {
    const flushed = fc.array(fc.record({ kind: fc.constant("client-flushed" as const), stream, bytes: fc.integer({ min: 0, max: OUTPUT_WINDOW_BYTES }) }), { maxLength: 20 });
    fc.assert(
      fc.property(flushed, (events) => {
        const { state, effects } = run(at0(hello(), ...events));
        for (const which of ["stdout", "stderr"] as const) {
          const granted = framesTo(effects).reduce((sum, frame) => sum + (frame.kind === "credit" && frame.stream === which ? frame.bytes : 0), 0);
          const left = events.reduce((sum, event) => sum + (event.stream === which ? event.bytes : 0), 0);
          expect(granted + state.ungranted[which]).toBe(left);
          expect(state.ungranted[which]).toBeLessThan(OUTPUT_WINDOW_BYTES / 2);
        }
      }),
    );
  });

  it("still flows after the client has gone, so that a kept process is not held up", () => {
    const { effects } = run(at0(hello(), gone, pod({ kind: "stdout", data: ZEROS.subarray(0, OUTPUT_WINDOW_BYTES) })));
    expect(framesTo(effects).slice(1)).toEqual([{ kind: "hangup" }, { kind: "credit", stream: "stdout", bytes: OUTPUT_WINDOW_BYTES }]);
    expect(kinds(effects)).not.toContain("to-client");
  });
});

describe("a client that goes", () => {
  it("is a hangup at once, and a close of the pod's stream after the linger", () => {
    const before = run([...at0(hello(), gone), { event: tick, ms: DEFAULT_TIMES.lingerMs - 1 }]);
    expect(kinds(before.effects)).toEqual(["start", "hangup"]);
    const after = run([...at0(hello(), gone), { event: tick, ms: DEFAULT_TIMES.lingerMs }]);
    expect(kinds(after.effects)).toEqual(["start", "hangup", "close-launcher", "ended"]);
  });

  it("before the hello leaves nothing to hang up", () => {
    expect(kinds(run(at0(gone)).effects)).toEqual(["close-launcher", "ended"]);
  });

  it("still has its exit code in the audit, if the process ended by the hangup", () => {
    expect(ends(run(at0(hello(), gone, exit(129))).effects)).toEqual([{ exitCode: 129, reason: gone.reason }]);
  });

  it.each([{ kind: "launcher-gone", reason: "the launcher ended with 1" }, { kind: "pod-gone", reason: "stopped" }] as const)(
    "keeps its own reason in the audit, whatever follows from it ($kind)",
    (follows) => {
      expect(ends(run(at0(hello(), { kind: "revoked", reason: "Permission denied" }, follows)).effects)).toEqual([{ reason: "Permission denied" }]);
    },
  );

  it.each([
    ["client-refused", 1008, "hangup"],
    ["shutdown", 1011, "hangup"],
    ["revoked", 1011, "revoke"],
  ] as const)("because of %s is told so with %i, and its launcher with a %s frame", (kind, code, frame) => {
    const { effects } = run([...at0(hello(), { kind, reason: "no more" }), { event: tick, ms: DEFAULT_TIMES.lingerMs }]);
    expect(effects[1]).toEqual({ kind: "client-close", code, reason: "no more" });
    expect(kinds(effects).slice(2)).toEqual([frame, "close-launcher", "ended"]);
  });

  it("is read again before it is closed, if it was made to wait", () => {
    const paused = at0(hello(), ...Array.from({ length: 3 }, () => stdin(ZEROS)));
    expect(kinds(run([...paused, ...at0(exit(0))]).effects).slice(-5)).toEqual(["pause-client", "resume-client", "client-exit", "close-launcher", "ended"]);
    expect(kinds(run([...paused, ...at0({ kind: "revoked", reason: "x" })]).effects).slice(-3)).toEqual(["resume-client", "client-close", "revoke"]);
  });
});

describe("a pod that sends more than it was granted", () => {
  const output = (bytes: number): SessionEvent => ({ kind: "launcher-frame", frame: { kind: "stdout", data: new Uint8Array(bytes) } });

  it("ends the session: it would fill the memory of the bridge", () => {
    expect(ends(run(at0(hello(), output(OUTPUT_WINDOW_BYTES))).effects)).toEqual([]);
    expect(ends(run(at0(hello(), output(OUTPUT_WINDOW_BYTES), output(1))).effects)).toEqual([{ reason: "the pod sent more stdout than it was granted" }]);
  });

  it("goes on once the client has taken what was sent", () => {
    const flushed: SessionEvent = { kind: "client-flushed", stream: "stdout", bytes: OUTPUT_WINDOW_BYTES };
    expect(ends(run(at0(hello(), output(OUTPUT_WINDOW_BYTES), flushed, output(OUTPUT_WINDOW_BYTES))).effects)).toEqual([]);
  });
});

describe("silence", () => {
  const silence = (ms: number, ...before: SessionEvent[]) => run([...at0(...before), { event: tick, ms }]);

  it("is death after its time, running or not yet open", () => {
    for (const before of [[], [hello()]]) {
      expect(silence(DEFAULT_TIMES.silenceMs - 1, ...before).state.phase).not.toBe("closed");
      expect(ends(silence(DEFAULT_TIMES.silenceMs, ...before).effects)).toEqual([{ reason: "nothing was heard from the pod for 30 s: the session is lost" }]);
    }
  });

  it("is broken by any frame", () => {
    const { state } = run([...at0(hello()), { event: pod({ kind: "pong" }), ms: 29_000 }, { event: tick, ms: 29_000 }]);
    expect(state.phase).toBe("running");
  });

  it("is asked about with a ping each interval, and never before the hello", () => {
    const beats = Array.from({ length: 4 }, () => ({ event: tick, ms: 5_000 }));
    expect(kinds(run([...at0(hello()), ...beats]).effects)).toEqual(["start", "ping", "ping"]);
    expect(run(beats).effects).toEqual([]);
  });
});

describe("a pod that goes", () => {
  it.each(["launcher-gone", "pod-gone"] as const)("by %s ends the session with its reason and no code", (kind) => {
    expect(run(at0(hello(), { kind, reason: "the allocation was stopped" })).effects.slice(1)).toEqual([
      { kind: "client-close", code: 1011, reason: "the allocation was stopped" },
      { kind: "close-launcher" },
      { kind: "ended", end: { reason: "the allocation was stopped" } },
    ]);
  });

  it("because the command cannot be started passes the launcher's words on", () => {
    const { effects } = run(at0(hello(), pod({ kind: "error", message: { code: "start-failed", message: "failed to start command: no" } })));
    expect(effects[1]).toEqual({ kind: "client-close", code: 1011, reason: "failed to start command: no" });
  });
});
