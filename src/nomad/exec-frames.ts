/**
 * @module Nomad's alloc exec frames: one JSON object in each WebSocket text message. Used by the bridge (server side) and the CLI (client side).
 * Source: developer.hashicorp.com/nomad/api-docs/client#exec-allocation, and the frames a Nomad agent sends.
 */
import { err, messageOf, ok, type Result } from "../lib/result.ts";

/** One direction of bytes: some data, the end of it, or both in one frame. */
type StreamChunk = { readonly data?: Buffer; readonly close?: boolean };
export type TtySize = { readonly height: number; readonly width: number };
/** What a client says. Without members it is a heartbeat. */
export type ClientFrame = { readonly stdin?: StreamChunk; readonly ttySize?: TtySize };
export type OutputStream = "stdout" | "stderr";
/** What a server says. Without members it is a heartbeat. */
export type ServerFrame = { readonly stdout?: StreamChunk; readonly stderr?: StreamChunk; readonly exit?: { readonly code: number } };

/** A frame above this many bytes of JSON is refused. Nomad's own frames carry 4 KiB of output at most. */
export const MAX_FRAME_BYTES = 2 * 1024 * 1024;

/** Keeps a connection open through proxies that close a silent one. */
export const HEARTBEAT = "{}";

const MAX_TTY_CELLS = 65_535;
const NEWLINE = 0x0a;
const PAD = 0x3d;
const OPENING = {
  stdin: Buffer.from('{"stdin":{"data":"'),
  stdout: Buffer.from('{"stdout":{"data":"'),
  stderr: Buffer.from('{"stderr":{"data":"'),
} as const;
const CLOSING = Buffer.from('"}}');

type Fields = Readonly<Record<string, unknown>>;

/** The frame a client sent, or why it is not one. Unknown members are ignored; a known member that is null counts as absent. */
export function decodeClientFrame(text: Buffer): Result<ClientFrame, string> {
  const data = fastData(text, OPENING.stdin);
  if (data !== undefined) return ok({ stdin: { data } });
  const fields = parseFrame(text);
  if (!fields.ok) return fields;
  const stdin = chunkOf(fields.value, "stdin");
  if (!stdin.ok) return stdin;
  const ttySize = ttySizeOf(fields.value);
  if (!ttySize.ok) return ttySize;
  return ok({ ...present("stdin", stdin.value), ...present("ttySize", ttySize.value) });
}

/** The frame a server sent, or why it is not one. `exited` without a result is a heartbeat, and a result without a code means code 0. */
export function decodeServerFrame(text: Buffer): Result<ServerFrame, string> {
  const out = fastData(text, OPENING.stdout);
  if (out !== undefined) return ok({ stdout: { data: out } });
  const errorOut = fastData(text, OPENING.stderr);
  if (errorOut !== undefined) return ok({ stderr: { data: errorOut } });
  const fields = parseFrame(text);
  if (!fields.ok) return fields;
  const stdout = chunkOf(fields.value, "stdout");
  if (!stdout.ok) return stdout;
  const stderr = chunkOf(fields.value, "stderr");
  if (!stderr.ok) return stderr;
  const exit = exitOf(fields.value);
  if (!exit.ok) return exit;
  return ok({ ...present("stdout", stdout.value), ...present("stderr", stderr.value), ...present("exit", exit.value) });
}

/** A server frame with output of the task. */
export function encodeOutput(stream: OutputStream, data: Uint8Array): Buffer {
  return encodeData(OPENING[stream], data);
}

/** A server frame that ends one output stream. */
export function encodeOutputClose(stream: OutputStream): Buffer {
  return Buffer.from(`{"${stream}":{"close":true}}`);
}

/** The last server frame of a session. It must follow all output, since clients leave when they see it. */
export function encodeExit(code: number): Buffer {
  return Buffer.from(`{"exited":true,"result":{"exit_code":${code}}}`);
}

/** A client frame with input for the task. */
export function encodeStdin(data: Uint8Array): Buffer {
  return encodeData(OPENING.stdin, data);
}

/** A client frame that gives the task end-of-file. */
export function encodeStdinClose(): Buffer {
  return Buffer.from('{"stdin":{"close":true}}');
}

/** A client frame with the size of the terminal in character cells. */
export function encodeResize(size: TtySize): Buffer {
  return Buffer.from(`{"tty_size":{"height":${size.height},"width":${size.width}}}`);
}

function encodeData(opening: Buffer, data: Uint8Array): Buffer {
  const base64 = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  const frame = Buffer.allocUnsafe(opening.length + base64.length + CLOSING.length);
  frame.set(opening, 0);
  frame.write(base64, opening.length, "latin1");
  frame.set(CLOSING, opening.length + base64.length);
  return frame;
}

/** The bytes of a frame that is nothing but one data member, without JSON.parse. Undefined means: take the general path. */
function fastData(text: Buffer, opening: Buffer): Buffer | undefined {
  if (text.length > MAX_FRAME_BYTES) return undefined;
  // Go's JSON encoder ends each frame with a newline.
  const end = text[text.length - 1] === NEWLINE ? text.length - 1 : text.length;
  const start = opening.length;
  const stop = end - CLOSING.length;
  if (stop < start) return undefined;
  if (text.compare(opening, 0, start, 0, start) !== 0) return undefined;
  if (text.compare(CLOSING, 0, CLOSING.length, stop, end) !== 0) return undefined;
  return strictBase64(text, start, stop);
}

/** Standard alphabet, padded. Node's decoder skips what it does not know, which shows in the count of bytes written. */
function strictBase64(text: Buffer, start: number, stop: number): Buffer | undefined {
  const length = stop - start;
  if (length % 4 !== 0) return undefined;
  // Node also takes the URL alphabet; Nomad does not.
  if (text.includes("-", start, "latin1") || text.includes("_", start, "latin1")) return undefined;
  const padding = length === 0 || text[stop - 1] !== PAD ? 0 : text[stop - 2] === PAD ? 2 : 1;
  const bytes = Buffer.allocUnsafe((length / 4) * 3 - padding);
  const written = bytes.write(text.toString("latin1", start, stop), "base64");
  return written === bytes.length ? bytes : undefined;
}

function parseFrame(text: Buffer): Result<Fields, string> {
  if (text.length > MAX_FRAME_BYTES) return err(`frame of ${text.length} bytes is larger than ${MAX_FRAME_BYTES} bytes`);
  try {
    const parsed: unknown = JSON.parse(text.toString("utf8"));
    return isFields(parsed) ? ok(parsed) : err("frame is not a JSON object");
  } catch (error) {
    return err(`frame is not JSON: ${messageOf(error)}`);
  }
}

function chunkOf(frame: Fields, name: string): Result<StreamChunk | undefined, string> {
  const chunk = frame[name] ?? undefined;
  if (chunk === undefined) return ok(undefined);
  if (!isFields(chunk)) return err(`${name} is not a JSON object`);
  const close = chunk["close"] ?? undefined;
  if (close !== undefined && typeof close !== "boolean") return err(`${name}.close is not a boolean`);
  const encoded = chunk["data"] ?? undefined;
  if (encoded === undefined) return ok(present("close", close));
  if (typeof encoded !== "string") return err(`${name}.data is not a string`);
  const bytes = Buffer.from(encoded, "utf8");
  const data = strictBase64(bytes, 0, bytes.length);
  if (data === undefined) return err(`${name}.data is not base64`);
  return ok({ data, ...present("close", close) });
}

function ttySizeOf(frame: Fields): Result<TtySize | undefined, string> {
  const size = frame["tty_size"] ?? undefined;
  if (size === undefined) return ok(undefined);
  if (!isFields(size)) return err("tty_size is not a JSON object");
  const height = size["height"] ?? 0;
  const width = size["width"] ?? 0;
  if (!isCellCount(height) || !isCellCount(width)) return err(`tty_size must hold whole numbers from 0 to ${MAX_TTY_CELLS}`);
  return ok({ height, width });
}

function exitOf(frame: Fields): Result<ServerFrame["exit"], string> {
  const result = frame["result"] ?? undefined;
  if (frame["exited"] !== true || result === undefined) return ok(undefined);
  if (!isFields(result)) return err("result is not a JSON object");
  const code = result["exit_code"] ?? 0;
  if (typeof code !== "number" || !Number.isInteger(code)) return err("result.exit_code is not a whole number");
  return ok({ code });
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

const isCellCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= MAX_TTY_CELLS;

/** An object with the member only when there is a value, as exact optional members want it. */
function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
