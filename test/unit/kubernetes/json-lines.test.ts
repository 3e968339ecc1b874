import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLines } from "../../../src/kubernetes/json-lines.ts";

async function* chunked(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
}

async function read(chunks: AsyncIterable<Buffer>, limit?: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const batch of jsonLines(chunks, limit)) values.push(...batch);
  return values;
}

describe("jsonLines", () => {
  it("gives the same values wherever the chunks break, also inside a character", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ stringUnit: "binary" })), fc.array(fc.nat()), async (values, cuts) => {
        const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
        expect(await read(chunked(Buffer.from(text), cuts))).toEqual(JSON.parse(JSON.stringify(values)));
      }),
    );
  });

  it.each([
    { name: "ends inside a line", text: '{"a":1}\n{"b"', says: /inside a line/ },
    { name: "has a line that is not JSON", text: "{}\nnope\n", says: /JSON/ },
    { name: "has a line over the limit", text: `"${"x".repeat(200)}`, says: /more than 100 bytes/ },
  ])("throws when the stream $name", async ({ text, says }) => {
    await expect(read(chunked(Buffer.from(text), [3]), 100)).rejects.toThrow(says);
  });

  it("skips empty lines", async () => {
    expect(await read(chunked(Buffer.from('\n\r\n{"a":1}\n\n'), [1]))).toEqual([{ a: 1 }]);
  });
});
