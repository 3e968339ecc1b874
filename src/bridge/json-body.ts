/**
 * @module Replies as the bytes that clients get. A reply that several clients share becomes bytes once, and is compressed once. Used by
 * http-app.ts.
 */
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { AllocationStubs } from "./lists/allocation-stubs.ts";
import type { Reply } from "./reply.ts";

type JsonReply = Extract<Reply, { kind: "json" }>;
type TextReply = Extract<Reply, { kind: "text" }>;

export type JsonBody = { readonly bytes: Buffer<ArrayBuffer>; readonly isCompressed: boolean };
export type JsonBodies = (reply: JsonReply | TextReply, form: { readonly pretty: boolean; readonly gzip: boolean }) => Promise<JsonBody>;

/** Shorter ones fit into one packet as they are. */
const MIN_COMPRESSED_BYTES = 1024;
/** The higher levels take twice the time for a fifth less. */
const LEVEL = 1;

/** Half a millisecond's work. Of a thousand clients that one change has woken none would get an answer before all are made, had they to wait for a thread. */
const MAX_AT_ONCE_BYTES = 64 * 1024;

const inThread = promisify(gzip);
const compressed = async (bytes: Buffer<ArrayBuffer>): Promise<Buffer<ArrayBuffer>> => (bytes.length <= MAX_AT_ONCE_BYTES ? gzipSync(bytes, { level: LEVEL }) : await inThread(bytes, { level: LEVEL }));

/** Bytes live as long as the reply that they were made of. */
export function jsonBodies({ textOf }: Pick<AllocationStubs, "textOf">): JsonBodies {
  const plain = new WeakMap<JsonReply, Buffer<ArrayBuffer>>();
  const packed = new WeakMap<JsonReply, Promise<Buffer<ArrayBuffer>>>();
  const plainOf = (reply: JsonReply): Buffer<ArrayBuffer> => {
    const bytes = plain.get(reply) ?? Buffer.from(jsonText(textOf, reply.body));
    plain.set(reply, bytes);
    return bytes;
  };
  return async (reply, { pretty, gzip: isWanted }) => {
    const isShared = reply.kind === "json" && !pretty;
    const bytes = isShared ? plainOf(reply) : Buffer.from(reply.kind === "text" ? reply.body : JSON.stringify(reply.body, undefined, 4));
    if (!isWanted || bytes.length < MIN_COMPRESSED_BYTES) return { bytes, isCompressed: false };
    if (!isShared) return { bytes: await compressed(bytes), isCompressed: true };
    const packing = packed.get(reply) ?? compressed(bytes);
    packed.set(reply, packing);
    return { bytes: await packing, isCompressed: true };
  };
}

/** The text of rows that are remembered need not be made again. */
function jsonText(textOf: AllocationStubs["textOf"], body: unknown): string {
  if (!Array.isArray(body) || textOf(body[0]) === undefined) return JSON.stringify(body);
  return `[${body.map((row: unknown) => textOf(row) ?? JSON.stringify(row)).join(",")}]`;
}

/** Whether an Accept-Encoding has it, as the compressor of other replies reads it. */
export const acceptsGzip = (header: string | null): boolean =>
  (header ?? "").split(",").some((part) => {
    const [name = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    return (name === "gzip" || name === "*") && !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  });
