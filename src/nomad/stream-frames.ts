/** @module The frames that Nomad sends logs and files in: JSON objects, one behind the other. Used by the bridge. Source: developer.hashicorp.com/nomad/api-docs/client */

/** No bytes of it may be longer. */
const MAX_FRAME_DATA_BYTES = 64 * 1024;

export type StreamFrame = {
  readonly file: string;
  /** Where the data ends in the file: what is asked for from there comes next. */
  readonly offset: number;
  readonly data?: Uint8Array;
  readonly event?: string;
};

/** Members that are empty are left out, as by Nomad. */
export function encodeStreamFrame({ file, offset, data, event }: StreamFrame): string {
  return JSON.stringify({
    ...(offset === 0 ? {} : { Offset: offset }),
    ...(data === undefined || data.length === 0 ? {} : { Data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") }),
    ...(file === "" ? {} : { File: file }),
    ...(event === undefined ? {} : { FileEvent: event }),
  });
}

/**
 * The data in as many frames as it takes, each with its own offset.
 * @param offset where the data begins
 */
export function encodeStreamData(file: string, offset: number, data: Uint8Array): string {
  let frames = "";
  for (let start = 0; start < data.length; start += MAX_FRAME_DATA_BYTES) {
    const part = data.subarray(start, start + MAX_FRAME_DATA_BYTES);
    frames += encodeStreamFrame({ file, offset: offset + start + part.length, data: part });
  }
  return frames;
}

export const HEARTBEAT = "{}";
