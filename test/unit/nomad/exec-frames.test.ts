/** @module Byte vectors and properties of the alloc exec frames. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeClientFrame,
  decodeServerFrame,
  encodeExit,
  encodeOutput,
  encodeOutputClose,
  encodeResize,
  encodeStdin,
  encodeStdinClose,
  HEARTBEAT,
  MAX_FRAME_BYTES,
} from "../../../src/nomad/exec-frames.ts";

const client = (text: string) => decodeClientFrame(Buffer.from(text));
const server = (text: string) => decodeServerFrame(Buffer.from(text));
const bytes = fc.uint8Array({ maxLength: 300 });

describe("encoding", () => {
  it.each([
    { what: "stdout", frame: encodeOutput("stdout", Buffer.from("hi\n")), text: '{"stdout":{"data":"aGkK"}}' },
    { what: "stderr", frame: encodeOutput("stderr", Buffer.from("a")), text: '{"stderr":{"data":"YQ=="}}' },
    { what: "no output", frame: encodeOutput("stdout", Buffer.alloc(0)), text: '{"stdout":{"data":""}}' },
    { what: "the end of stdout", frame: encodeOutputClose("stdout"), text: '{"stdout":{"close":true}}' },
    { what: "the end of stderr", frame: encodeOutputClose("stderr"), text: '{"stderr":{"close":true}}' },
    { what: "exit 0", frame: encodeExit(0), text: '{"exited":true,"result":{"exit_code":0}}' },
    { what: "exit -2", frame: encodeExit(-2), text: '{"exited":true,"result":{"exit_code":-2}}' },
    { what: "stdin", frame: encodeStdin(Buffer.from("ls\r")), text: '{"stdin":{"data":"bHMN"}}' },
    { what: "the end of stdin", frame: encodeStdinClose(), text: '{"stdin":{"close":true}}' },
    { what: "a resize", frame: encodeResize({ height: 24, width: 80 }), text: '{"tty_size":{"height":24,"width":80}}' },
    { what: "a heartbeat", frame: Buffer.from(HEARTBEAT), text: "{}" },
  ])("writes $what as Nomad does", ({ frame, text }) => {
    expect(frame.toString("latin1")).toBe(text);
  });

  it("encodes only the view of a larger buffer", () => {
    const view = new Uint8Array(Buffer.from("xxhixx")).subarray(2, 4);
    expect(encodeStdin(view).toString()).toBe('{"stdin":{"data":"aGk="}}');
  });
});

describe("decodeClientFrame", () => {
  it.each([
    { text: '{"stdin":{"data":"bHMN"}}', frame: { stdin: { data: Buffer.from("ls\r") } } },
    { text: '{"stdin":{"data":"bHMN"}}\n', frame: { stdin: { data: Buffer.from("ls\r") } } },
    { text: '{"stdin":{"data":""}}', frame: { stdin: { data: Buffer.alloc(0) } } },
    { text: '{"stdin":{"data":"YQ==","close":true}}', frame: { stdin: { data: Buffer.from("a"), close: true } } },
    { text: '{ "stdin": { "close": true } }', frame: { stdin: { close: true } } },
    { text: '{"stdin":{"data":"\\u0059Q=="}}', frame: { stdin: { data: Buffer.from("a") } } },
    { text: '{"stdin":{"data":null,"close":false}}', frame: { stdin: { close: false } } },
    { text: '{"stdin":{}}', frame: { stdin: {} } },
    { text: '{"stdin":null,"tty_size":null}', frame: {} },
    { text: '{"stdin":{"data":"YQ==","data2":"YQ=="}}', frame: { stdin: { data: Buffer.from("a") } } },
    { text: '{"tty_size":{"height":24,"width":80}}', frame: { ttySize: { height: 24, width: 80 } } },
    { text: '{"tty_size":{"width":80}}', frame: { ttySize: { height: 0, width: 80 } } },
    { text: '{"tty_size":{}}', frame: { ttySize: { height: 0, width: 0 } } },
    { text: '{"stdin":{"close":true},"tty_size":{"height":1}}', frame: { stdin: { close: true }, ttySize: { height: 1, width: 0 } } },
    { text: "{}", frame: {} },
    { text: "{}\n", frame: {} },
    { text: '{"Stdin":{"data":"YQ=="},"setup":{},"__proto__":{"stdin":{"close":true}}}', frame: {} },
  ])("reads $text", ({ text, frame }) => {
    expect(client(text)).toEqual({ ok: true, value: frame });
  });

  it.each([
    { text: "", why: "frame is not JSON" },
    { text: "{", why: "frame is not JSON" },
    { text: '{"stdin":{"data":"YQ=="}}}', why: "frame is not JSON" },
    { text: "null", why: "frame is not a JSON object" },
    { text: "[]", why: "frame is not a JSON object" },
    { text: '"{}"', why: "frame is not a JSON object" },
    { text: '{"stdin":"YQ=="}', why: "stdin is not a JSON object" },
    { text: '{"stdin":[]}', why: "stdin is not a JSON object" },
    { text: '{"stdin":{"data":7}}', why: "stdin.data is not a string" },
    { text: '{"stdin":{"data":"YQ"}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"Y==="}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"===="}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"YQ==YQ=="}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"Y Q="}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"_-8="}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"data":"éé"}}', why: "stdin.data is not base64" },
    { text: '{"stdin":{"close":"true"}}', why: "stdin.close is not a boolean" },
    { text: '{"tty_size":[24,80]}', why: "tty_size is not a JSON object" },
    { text: '{"tty_size":{"height":-1}}', why: "tty_size must hold whole numbers from 0 to 65535" },
    { text: '{"tty_size":{"width":1.5}}', why: "tty_size must hold whole numbers from 0 to 65535" },
    { text: '{"tty_size":{"width":65536}}', why: "tty_size must hold whole numbers from 0 to 65535" },
  ])("refuses $text", ({ text, why }) => {
    expect(client(text)).toEqual({ ok: false, error: expect.stringContaining(why) });
  });

  it("refuses a frame above the limit, whichever path it would take", () => {
    const huge = `{"stdin":{"data":"${"A".repeat(MAX_FRAME_BYTES)}"}}`;
    expect(client(huge)).toEqual({ ok: false, error: expect.stringContaining("larger than") });
  });
});

describe("decodeServerFrame", () => {
  it.each([
    { text: '{"stdout":{"data":"aGkK"}}', frame: { stdout: { data: Buffer.from("hi\n") } } },
    { text: '{"stderr":{"data":"aGkK"}}\n', frame: { stderr: { data: Buffer.from("hi\n") } } },
    { text: '{"stdout":{"close":true}}', frame: { stdout: { close: true } } },
    { text: '{"exited":true,"result":{"exit_code":21}}', frame: { exit: { code: 21 } } },
    { text: '{"exited":true,"result":{}}', frame: { exit: { code: 0 } } },
    { text: '{"exited":true,"result":{"exit_code":137,"signal":9,"oom_killed":true}}', frame: { exit: { code: 137 } } },
    { text: '{"exited":true}', frame: {} },
    { text: '{"exited":true,"result":null}', frame: {} },
    { text: '{"exited":false,"result":{"exit_code":1}}', frame: {} },
    { text: "{}", frame: {} },
  ])("reads $text", ({ text, frame }) => {
    expect(server(text)).toEqual({ ok: true, value: frame });
  });

  it.each([
    { text: '{"exited":true,"result":7}', why: "result is not a JSON object" },
    { text: '{"exited":true,"result":{"exit_code":"0"}}', why: "result.exit_code is not a whole number" },
    { text: '{"exited":true,"result":{"exit_code":0.5}}', why: "result.exit_code is not a whole number" },
    { text: '{"stderr":{"data":"*"}}', why: "stderr.data is not base64" },
  ])("refuses $text", ({ text, why }) => {
    expect(server(text)).toEqual({ ok: false, error: why });
  });
});

describe("both ways", () => {
  it("gives back any bytes of any stream", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(decodeClientFrame(encodeStdin(data))).toEqual({ ok: true, value: { stdin: { data: Buffer.from(data) } } });
        expect(decodeServerFrame(encodeOutput("stdout", data))).toEqual({ ok: true, value: { stdout: { data: Buffer.from(data) } } });
        expect(decodeServerFrame(encodeOutput("stderr", data))).toEqual({ ok: true, value: { stderr: { data: Buffer.from(data) } } });
      }),
    );
  });

  it("writes the same text as JSON.stringify", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const text = JSON.stringify({ stdin: { data: Buffer.from(data).toString("base64") } });
        expect(encodeStdin(data).toString("latin1")).toBe(text);
      }),
    );
  });

  it("takes exactly padded standard base64, on the fast path and on the general one", () => {
    const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
    const almostBase64 = fc.string({ unit: fc.constantFrom("A", "B", "z", "0", "+", "/", "=", "-", "_", " ", "é"), maxLength: 12 });
    const truePositives = bytes.map((data) => Buffer.from(data).toString("base64"));
    fc.assert(
      fc.property(fc.oneof(almostBase64, truePositives), (text) => {
        const expected = canonical.test(text)
          ? { ok: true, value: { stdin: { data: Buffer.from(text, "base64") } } }
          : { ok: false, error: "stdin.data is not base64" };
        expect(client(`{"stdin":{"data":"${text}"}}`)).toEqual(expected);
        // A space keeps the JSON the same and takes the frame off the fast path.
        expect(client(`{"stdin": {"data":"${text}"}}`)).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws on bytes that are no frame", () => {
    fc.assert(
      fc.property(bytes, (data) => {
        expect(decodeClientFrame(Buffer.from(data)).ok).toBeTypeOf("boolean");
        expect(decodeServerFrame(Buffer.from(data)).ok).toBeTypeOf("boolean");
      }),
    );
  });
});
