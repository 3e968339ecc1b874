/** @module Newline-delimited JSON from a byte stream, wherever the chunks happen to break. Used by the watch. */

const NEWLINE = 10;
const DEFAULT_MAX_LINE_BYTES = 32 * 1024 * 1024;

/**
 * Yields the values of each chunk's complete lines together; a chunk without a line end yields nothing.
 * Throws on a line that is not JSON, on one of more than `maxLineBytes`, and when the stream ends inside a line.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>, maxLineBytes = DEFAULT_MAX_LINE_BYTES): AsyncGenerator<readonly unknown[]> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values: unknown[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = pendingBytes === 0 ? chunk.toString("utf8", start, end) : Buffer.concat([...pending, chunk.subarray(start, end)]).toString("utf8");
      if (line.trim() !== "") values.push(JSON.parse(line));
      start = end + 1;
      pending = [];
      pendingBytes = 0;
    }
    if (start < chunk.length) {
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > maxLineBytes) throw new Error(`a line of more than ${maxLineBytes} bytes`);
    }
    if (values.length > 0) yield values;
  }
  if (pendingBytes > 0) throw new Error(`the stream ended inside a line of ${pendingBytes} bytes`);
}
