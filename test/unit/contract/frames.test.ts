import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DecoderState, decodeFrames, encodeDataHeader, encodeFrame, type Frame, initialDecoder, MAX_PAYLOAD_BYTES } from "../../../src/contract/frames.ts";

type Vector = { readonly name: string; readonly frame: { readonly kind: Frame["kind"]; readonly data?: string }; readonly hex: string };

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../../../src/contract/vectors/frames.json"), "utf8")) as readonly Vector[];
const frameOf = ({ frame }: Vector) => (frame.data === undefined ? frame : { ...frame, data: Buffer.from(frame.data, "hex") }) as Frame;

/** All frames of the chunks, or the first error. */
function decodeAll(chunks: readonly Buffer[]): { readonly frames: readonly Frame[]; readonly state: DecoderState } | string {
  const frames: Frame[] = [];
  let state = initialDecoder;
  for (const chunk of chunks) {
    const decoded = decodeFrames(state, chunk);
    if (!decoded.ok) return decoded.error;
    frames.push(...decoded.value.frames);
    state = decoded.value.state;
  }
  return { frames, state };
}

const framesIn = (...chunks: readonly Buffer[]): readonly Frame[] | string => {
  const decoded = decodeAll(chunks);
  return typeof decoded === "string" ? decoded : decoded.frames;
};

describe("the vectors that bridge and launcher share", () => {
  it("cover every kind of frame, from the side that sends it", () => {
    const kinds = ["start", "stdin", "stdin-close", "resize", "signal", "ping", "credit", "hangup", "revoke", "hello", "stdout", "stderr", "pong", "exit", "error", "operate", "file"];
    expect([...new Set(vectors.map(({ frame }) => frame.kind))].sort()).toEqual(kinds.sort());
  });

  it.each(vectors)("$name", (vector) => {
    const bytes = Buffer.from(vector.hex, "hex");
    expect(encodeFrame(frameOf(vector)).toString("hex")).toBe(vector.hex);
    expect(framesIn(bytes)).toEqual([frameOf(vector)]);
  });

  it("have the header that data is sent behind", () => {
    for (const kind of ["stdin", "stdout", "stderr"] as const) {
      const data = Buffer.from("abc");
      expect(Buffer.concat([encodeDataHeader(kind, data.length), data])).toEqual(encodeFrame({ kind, data }));
    }
  });
});

const uint16 = fc.integer({ min: 0, max: 65_535 });
const count = fc.maxSafeNat();
const data = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const text = fc.string({ unit: "grapheme", maxLength: 10 });
const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ kind: fc.constantFrom("stdin", "stdout", "stderr"), data }),
  fc.constantFrom("stdin-close", "ping", "pong", "hangup", "revoke").map((kind) => ({ kind })),
  fc.record({ kind: fc.constant("resize"), rows: uint16, cols: uint16 }),
  fc.record({ kind: fc.constant("signal"), name: text }),
  fc.record({ kind: fc.constant("credit"), stream: fc.constantFrom("stdin", "stdout", "stderr"), bytes: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  fc.record({ kind: fc.constant("hello"), message: fc.record({ version: count, podUid: text }) }),
  fc.record({ kind: fc.constant("start"), message: fc.record({ argv: fc.array(text), tty: fc.boolean(), rows: uint16, cols: uint16, policy: fc.constantFrom("hangup", "kill", "keep") }) }),
  fc.record({ kind: fc.constant("exit"), message: fc.record({ code: count, signal: text, stdoutBytes: count, stderrBytes: count }, { requiredKeys: ["code", "stdoutBytes", "stderrBytes"], noNullPrototype: true }) }),
  fc.record({ kind: fc.constant("error"), message: fc.record({ code: fc.constantFrom("start-failed", "protocol"), message: text }) }),
  fc.record({ kind: fc.constant("file"), message: fc.record({ file: text, offset: count }) }),
  fc.record({ kind: fc.constant("operate"), message: fc.record({ operation: fc.constant("fs-read"), path: text, offset: count, limit: count }) }),
);

/** The same bytes in pieces of the given lengths, empty ones too, and the rest at the end. */
function cut(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  let offset = 0;
  const pieces = lengths.map((length) => bytes.subarray(offset, (offset += length)));
  return [...pieces, bytes.subarray(offset)];
}

describe("decodeFrames", () => {
  it("gives the same frames for any split of the bytes, and keeps nothing back", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 6 }), fc.array(fc.nat(12)), (frames, lengths) => {
        const decoded = decodeAll(cut(Buffer.concat(frames.map(encodeFrame)), lengths));
        expect(decoded).toEqual({ frames, state: { pending: Buffer.alloc(0) } });
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what is no whole frame yet", () => {
    const bytes = encodeFrame({ kind: "stdout", data: Buffer.from("abc") });
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeAll([bytes.subarray(0, length)])).toEqual({ frames: [], state: { pending: bytes.subarray(0, length) } });
    }
  });

  it("takes a payload of exactly the limit, in pieces too", () => {
    const frame: Frame = { kind: "stderr", data: Buffer.alloc(MAX_PAYLOAD_BYTES, 7) };
    const bytes = encodeFrame(frame);
    expect((framesIn(...cut(bytes, [3, 70_000])) as readonly Frame[]).map((each) => "data" in each && Buffer.compare(each.data, frame.data))).toEqual([0]);
  });

  it.each<[string, string, string]>([
    ["a length of 0", "00000000ff", "frame length 0 is outside 1..1048577"],
    ["a length over the limit, before its bytes come", "0010000282", "frame length 1048578 is outside 1..1048577"],
    ["the greatest length", "ffffffff82", "frame length 4294967295 is outside 1..1048577"],
    ["HTTP", Buffer.from("HTTP/1.1 400").toString("hex"), "frame length 1213486160 is outside 1..1048577"],
    ["an unknown type", "0000000100", "unknown frame type 0x00"],
    ["a reserved type", "0000000184", "unknown frame type 0x84"],
    ["a short resize", "0000000404000000", "a resize frame has 3 bytes, not 4"],
    ["a long resize", "00000006040000000000", "a resize frame has 5 bytes, not 4"],
    ["credit for no stream", "00000006070300000001", "a credit frame is one stream byte (0, 1 or 2) and four bytes of count"],
    ["a short credit", "000000050700000001", "a credit frame is one stream byte (0, 1 or 2) and four bytes of count"],
  ])("refuses %s", (_name, hex, message) => expect(framesIn(Buffer.from(hex, "hex"))).toBe(message));

  const json = (type: number, body: string) => {
    const payload = Buffer.from(body);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(payload.length + 1, 0);
    header.writeUInt8(type, 4);
    return framesIn(Buffer.concat([header, payload]));
  };

  it.each<[string, number, string, RegExp | string]>([
    ["a message that is no JSON", 0x86, "{", /^a exit frame does not hold JSON: /],
    ["a list", 0x81, "[]", "a hello frame does not hold a JSON object"],
    ["null", 0x87, "null", "a error frame does not hold a JSON object"],
    ["an exit without a code", 0x86, '{"stdoutBytes":0,"stderrBytes":0}', 'a exit frame has no valid "code"'],
    ["a code that is text", 0x86, '{"code":"0","stdoutBytes":0,"stderrBytes":0}', 'a exit frame has no valid "code"'],
    ["a code below 0", 0x86, '{"code":-1,"stdoutBytes":0,"stderrBytes":0}', 'a exit frame has no valid "code"'],
    ["a count that no number can hold", 0x86, '{"code":0,"stdoutBytes":9007199254740993,"stderrBytes":0}', 'a exit frame has no valid "stdoutBytes"'],
    ["half a count", 0x86, '{"code":0,"stdoutBytes":0,"stderrBytes":0.5}', 'a exit frame has no valid "stderrBytes"'],
    ["a signal that is a number", 0x86, '{"code":137,"signal":9,"stdoutBytes":0,"stderrBytes":0}', 'a exit frame has no valid "signal"'],
    ["a hello without a pod", 0x81, '{"version":1}', 'a hello frame has no valid "podUid"'],
    ["an error without words", 0x87, '{"code":"protocol"}', 'a error frame has no valid "message"'],
    ["a start with a number in argv", 0x01, '{"argv":[1],"tty":false,"rows":0,"cols":0,"policy":"keep"}', 'a start frame has no valid "argv"'],
    ["a start with an unknown policy", 0x01, '{"argv":[],"tty":false,"rows":0,"cols":0,"policy":"nohup"}', 'a start frame has no valid "policy"'],
  ])("refuses %s", (_name, type, body, message) => expect(json(type, body)).toEqual(typeof message === "string" ? message : expect.stringMatching(message)));

  it("lets a later version say more", () => {
    expect(json(0x81, '{"version":2,"podUid":"u","features":["x"]}')).toEqual([{ kind: "hello", message: { version: 2, podUid: "u", features: ["x"] } }]);
  });

  it("never throws, whatever the bytes", () => {
    const bytes = fc.array(fc.oneof(data, anyFrame.map(encodeFrame), fc.tuple(fc.nat(0xff), data).map(([type, payload]) => Buffer.concat([Buffer.from([0, 0, 0, payload.length + 1, type]), payload]))));
    fc.assert(fc.property(bytes, (chunks) => ["string", "object"].includes(typeof decodeAll(chunks))), { numRuns: 300 });
  });
});

describe("encodeFrame", () => {
  it.each<Frame>([
    { kind: "resize", rows: 65_536, cols: 1 }, { kind: "resize", rows: -1, cols: 1 },
    { kind: "credit", stream: "stdin", bytes: 2 ** 32 }, { kind: "credit", stream: "stdin", bytes: -1 },
  ])("throws on %j, which only a bug can ask for", (frame) => expect(() => encodeFrame(frame)).toThrow(RangeError));
});
