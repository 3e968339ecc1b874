/** @module What a request for logs or files asks for, read off its query, with Nomad's texts for what is wrong. Used by the handlers of this folder. */
import type { Origin } from "../../contract/frames.ts";
import { parseGoBool } from "../../lib/go-bool.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { MISSING_FILE_NAME, MISSING_LOG_TYPE, MISSING_TASK_NAME, WRONG_ORIGIN } from "../../nomad/texts.ts";

export type LogsRequest = { readonly task: string; readonly stream: "stdout" | "stderr"; readonly offset: number; readonly origin: Origin; readonly follow: boolean; readonly plain: boolean };
export type StreamRequest = { readonly path: string; readonly offset: number; readonly origin: Origin; readonly follow: boolean };
export type ReadRequest = { readonly path: string; readonly offset: number; readonly limit: number };

const MAX_PATH_BYTES = 4096;

/** All refusals here are a status of 400. */
export function readLogsRequest(params: URLSearchParams): Result<LogsRequest, string> {
  const task = params.get("task") ?? "";
  if (task === "") return err(MISSING_TASK_NAME);
  const follow = readBool(params, "follow", false);
  if (!follow.ok) return follow;
  const stream = params.get("type") ?? "";
  if (stream !== "stdout" && stream !== "stderr") return err(MISSING_LOG_TYPE);
  const plain = readBool(params, "plain", false);
  if (!plain.ok) return plain;
  const place = readPlace(params);
  return place.ok ? ok({ task, stream, ...place.value, follow: follow.value, plain: plain.value }) : place;
}

export function readStreamRequest(params: URLSearchParams): Result<StreamRequest, string> {
  const path = readPath(params, MISSING_FILE_NAME);
  if (!path.ok) return path;
  const follow = readBool(params, "follow", true);
  if (!follow.ok) return follow;
  const place = readPlace(params);
  return place.ok ? ok({ path: path.value, ...place.value, follow: follow.value }) : place;
}

/** A limit of 0 or less is none, as on Nomad. */
export function readReadRequest(params: URLSearchParams): Result<ReadRequest, string> {
  const path = readPath(params, MISSING_FILE_NAME);
  if (!path.ok) return path;
  const offset = readInteger(params, "offset");
  if (!offset.ok) return err(`error parsing offset: ${offset.error}`);
  const limit = readInteger(params, "limit");
  if (!limit.ok) return err(`error parsing limit: ${limit.error}`);
  if (offset.value < 0) return err(`offset is ${offset.value}; it must be 0 or more`);
  return ok({ path: path.value, offset: offset.value, limit: Math.max(0, limit.value) });
}

/** @param missing the text where there is no path; without one, the root is meant */
export function readPath(params: URLSearchParams, missing?: string): Result<string, string> {
  const path = params.get("path") ?? "";
  if (path === "") return missing === undefined ? ok("/") : err(missing);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return err(`path has more than ${MAX_PATH_BYTES} bytes`);
  return path.includes("\0") ? err("path holds a NUL byte") : ok(path);
}

function readPlace(params: URLSearchParams): Result<{ readonly offset: number; readonly origin: Origin }, string> {
  const text = params.get("offset") ?? "";
  const offset = text === "" ? ok(0) : readInteger(params, "offset");
  if (!offset.ok) return err(`error parsing offset: ${offset.error}`);
  if (offset.value < 0) return err(`offset is ${offset.value}; it must be 0 or more`);
  const origin = params.get("origin") || "start";
  return origin === "start" || origin === "end" ? ok({ offset: offset.value, origin }) : err(WRONG_ORIGIN);
}

function readInteger(params: URLSearchParams, name: string): Result<number, string> {
  const text = params.get(name) ?? "";
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return ok(value);
  return err(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${Number.isNaN(value) ? "invalid syntax" : "value out of range"}`);
}

function readBool(params: URLSearchParams, name: string, otherwise: boolean): Result<boolean, string> {
  const text = params.get(name) ?? "";
  if (text === "") return ok(otherwise);
  const value = parseGoBool(text);
  return value === undefined ? err(`failed to parse ${name} field to boolean: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`) : ok(value);
}
