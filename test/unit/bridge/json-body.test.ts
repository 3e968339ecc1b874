import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { acceptsGzip, jsonBodies } from "../../../src/bridge/json-body.ts";
import { json, text } from "../../../src/bridge/reply.ts";

type JsonReply = Parameters<ReturnType<typeof jsonBodies>>[0];
const reply = (body: unknown) => json(body) as JsonReply;
const LONG = Array.from({ length: 100 }, (_, index) => ({ ID: `allocation-${index}`, Text: "ümläut" }));

describe("the bytes of a JSON reply", () => {
  const bodies = jsonBodies({ textOf: () => undefined });
  const read = async (body: unknown, form: { readonly pretty?: boolean; readonly gzip?: boolean }) => {
    const { bytes, isCompressed } = await bodies(reply(body), { pretty: false, gzip: false, ...form });
    return { text: (isCompressed ? gunzipSync(bytes) : bytes).toString(), isCompressed };
  };

  it.each([null, [], {}, LONG, [undefined, 1], "text", { a: [1, { b: null }] }])("say what JSON says of %j", async (body) => {
    for (const gzip of [false, true]) {
      expect((await read(body, { gzip })).text).toBe(JSON.stringify(body));
      expect((await read(body, { gzip, pretty: true })).text).toBe(JSON.stringify(body, undefined, 4));
    }
  });

  it("are compressed only where it pays", async () => {
    expect((await read([1], { gzip: true })).isCompressed).toBe(false);
    expect((await read(LONG, { gzip: true })).isCompressed).toBe(true);
    expect((await read(LONG, { gzip: false })).isCompressed).toBe(false);
  });

  it("are a text as it is, compressed where it is long", async () => {
    for (const [body, isCompressed] of [["", false], ["job not found", false], ["long ".repeat(400), true]] as const) {
      const made = await bodies(text(500, body) as Parameters<typeof bodies>[0], { pretty: true, gzip: true });
      expect([(isCompressed ? gunzipSync(made.bytes) : made.bytes).toString(), made.isCompressed]).toEqual([body, isCompressed]);
    }
  });

  it("are made of remembered rows and others", async () => {
    const [known, other] = [{ ID: "known" }, { ID: "other" }];
    const { bytes } = await jsonBodies({ textOf: (row) => (row === known ? '{"ID":"known"}' : undefined) })(reply([known, other]), { pretty: false, gzip: false });
    expect(JSON.parse(bytes.toString())).toEqual([known, other]);
  });
});

it.each([
  [null, false],
  ["", false],
  ["gzip", true],
  ["deflate, GZIP;q=0.5", true],
  ["*", true],
  ["gzip;q=0", false],
  ["gzip; q=0.000", false],
  ["identity, br", false],
  ["gzipped", false],
])("Accept-Encoding %j takes gzip: %s", (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});
