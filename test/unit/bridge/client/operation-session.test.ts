import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OperationEffect, type OperationEvent, type OperationState, startOperation, stepOperation } from "../../../../src/bridge/client/operation-session.ts";
import { type Frame, OUTPUT_WINDOW_BYTES } from "../../../../src/contract/frames.ts";

const UID = "pod-uid";
const hello = (fields: object = {}): Frame => ({ kind: "hello", message: { version: 1, podUid: UID, operations: ["logs"], ...fields } });
const data = (bytes: number): Frame => ({ kind: "stdout", data: Buffer.alloc(bytes) });
const exit = (stdoutBytes: number, code = 0): Frame => ({ kind: "exit", message: { code, stdoutBytes, stderrBytes: 0 } });
const frame = (said: Frame): OperationEvent => ({ kind: "frame", frame: said });

function run(events: readonly OperationEvent[], times: readonly number[] = []): { readonly state: OperationState; readonly effects: readonly OperationEffect[] } {
  let state = startOperation(UID, "logs", 0);
  const effects: OperationEffect[] = [];
  events.forEach((event, index) => {
    const [next, made] = stepOperation(state, event, times[index] ?? 0);
    state = next;
    effects.push(...made);
  });
  return { state, effects };
}

const endOf = (effects: readonly OperationEffect[]) => effects.flatMap((effect) => (effect.kind === "end" ? [effect.end] : []));
const lost = (message: unknown) => [{ ok: false, error: { kind: "lost", message, status: 500 } }];

describe("one operation", () => {
  it("begins when the launcher has said who it is, and ends well with a proof of every byte", () => {
    const file: Frame = { kind: "file", message: { file: "web.stdout.0", offset: 7 } };
    expect(run([frame(hello()), frame(file), frame(data(3)), frame({ kind: "pong" }), frame(exit(3))]).effects).toEqual([
      { kind: "begin" },
      { kind: "piece", piece: { kind: "file", message: { file: "web.stdout.0", offset: 7 } } },
      { kind: "piece", piece: { kind: "data", data: Buffer.alloc(3) } },
      { kind: "end", end: { ok: true, value: undefined } },
    ]);
  });

  it.each<[string, readonly Frame[], unknown]>([
    ["another version", [hello({ version: 2 })], "the pod's launcher speaks version 2 of the protocol, and this server version 1"],
    ["another pod", [hello({ podUid: "other" })], expect.stringMatching(/was replaced/)],
    ["a launcher of before operations", [hello({ operations: undefined })], expect.stringMatching(/version without "logs"/)],
    ["a launcher without this one", [hello({ operations: ["stats"] })], expect.stringMatching(/version without "logs"/)],
    ["output before the hello", [data(1)], "the pod spoke before its launcher said hello"],
    ["an end before the hello", [exit(0)], "the pod spoke before its launcher said hello"],
    ["bytes that are missing", [hello(), data(3), exit(4)], "output was lost on its way from the pod"],
    ["an exit code", [hello(), exit(0, 1)], "output was lost on its way from the pod"],
    ["more than the window", [hello(), data(OUTPUT_WINDOW_BYTES), data(1)], "the pod sent more than it was granted"],
    ["stderr", [hello(), { kind: "stderr", data: Buffer.alloc(1) }], "the pod sent a stderr frame, which is no answer to an operation"],
    ["a frame of ours", [hello(), { kind: "operate", message: { operation: "restart" } }], "the pod sent a operate frame, which is no answer to an operation"],
  ])("is lost with %s", (_name, frames, message) => {
    expect(endOf(run(frames.map(frame)).effects)).toEqual(lost(message));
  });

  it.each([[404, 404], [undefined, 500], [200, 500], [999, 500]])("hands on a refusal with status %s as %s", (status, wanted) => {
    const refusal: Frame = { kind: "error", message: { code: "operation-failed", message: "no", ...(status === undefined ? {} : { status }) } };
    expect(endOf(run([frame(hello()), frame(refusal)]).effects)).toEqual([{ ok: false, error: { kind: "refused", message: "no", status: wanted } }]);
  });

  it("is lost after 30 s of silence, and asks before", () => {
    const { effects } = run([frame(hello()), { kind: "tick" }, { kind: "tick" }], [0, 30_000, 30_001]);
    expect(effects.slice(1)).toEqual([{ kind: "ping" }, { kind: "end", end: lost("nothing was heard from the pod for 30 s")[0] }]);
  });

  it("bounds the frames that need no credit", () => {
    const many = Array.from({ length: 32_769 }, () => frame({ kind: "file", message: { file: "f", offset: 0 } }));
    expect(endOf(run([frame(hello()), ...many]).effects)).toEqual(lost("the pod sent more than was asked for"));
  });

  const event: fc.Arbitrary<OperationEvent> = fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 200_000 }).map((bytes) => frame(data(bytes))) },
    { weight: 6, arbitrary: fc.nat({ max: 200_000 }).map((bytes): OperationEvent => ({ kind: "taken", bytes })) },
    fc.constantFrom<OperationEvent>(frame(hello()), frame({ kind: "pong" }), { kind: "tick" }, { kind: "gone", reason: "gone" }, frame(exit(0))),
  );

  it("ends once at most, says nothing after that, and never lets more wait than the window", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const { effects } = run([frame(hello()), ...events]);
        const end = effects.findIndex(({ kind }) => kind === "end");
        if (end !== -1) expect(end).toBe(effects.length - 1);
        const sum = (kind: string) => effects.reduce((total, effect) => total + (effect.kind === "grant" && kind === "grant" ? effect.bytes : effect.kind === "piece" && kind === "piece" && effect.piece.kind === "data" ? effect.piece.data.length : 0), 0);
        expect(sum("piece") - sum("grant")).toBeLessThanOrEqual(OUTPUT_WINDOW_BYTES);
      }),
    );
  });
});
