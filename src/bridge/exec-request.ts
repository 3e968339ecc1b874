/** @module What an exec request asks for, read off its URL. Used by the exec route. Source: Nomad's api-docs, client "exec". */
import { messageOf, err, ok, type Result } from "../lib/result.ts";
import { parseGoBool } from "../lib/go-bool.ts";

export type ExecParameters = {
  readonly allocId: string;
  readonly task: string;
  readonly command: readonly string[];
  readonly tty: boolean;
};

/** `code` as a status: absent where Nomad puts none. */
export type ExecProblem = { readonly message: string; readonly code?: number };

const ROUTE = /^\/v1\/client\/allocation\/([^/]*)\/exec$/;

/** Linux takes no longer argument, and the launcher's frame holds no more of them. */
const MAX_ARGUMENT_BYTES = 128 * 1024;
const MAX_COMMAND_BYTES = 512 * 1024;
const MAX_WORDS = 4096;

/** Undefined for any other path. */
export function execRoute(path: string): { readonly allocId: string } | undefined {
  const match = ROUTE.exec(path);
  return match === null ? undefined : { allocId: match[1] ?? "" };
}

export function readExecParameters(allocId: string, params: URLSearchParams): Result<ExecParameters, ExecProblem> {
  const repeated = ["task", "command", "tty"].find((name) => params.getAll(name).length > 1);
  if (repeated !== undefined) return err({ message: `parameter "${repeated}" is given more than once`, code: 400 });
  const command = readCommand(params.get("command") ?? "");
  if (!command.ok) return command;
  const tty = readTty(params.get("tty") ?? "");
  if (!tty.ok) return tty;
  if (parseGoBool(params.get("ws_handshake") ?? "") === true) {
    return err({ message: "the browser handshake is not served by this version: send the token in X-Nomad-Token", code: 400 });
  }
  return ok({ allocId: allocId.toLowerCase(), task: params.get("task") ?? "", command: command.value, tty: tty.value });
}

function readCommand(text: string): Result<readonly string[], ExecProblem> {
  const command = parseJson(text);
  if (!command.ok) return err({ message: `failed to marshal command into json: ${command.error}` });
  // Nomad decodes a null into no command at all.
  const words: unknown = command.value ?? [];
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    return err({ message: "failed to marshal command into json: it must be an array of strings" });
  }
  return checkWords(words);
}

function checkWords(words: readonly string[]): Result<readonly string[], ExecProblem> {
  if (words[0] === "") return err({ message: "command is not present", code: 400 });
  if (words.length > MAX_WORDS) return err({ message: `failed to start command: it has ${words.length} words, more than ${MAX_WORDS}`, code: 400 });
  if (words.some((word) => word.includes("\0"))) return err({ message: "failed to start command: an argument holds a NUL byte", code: 400 });
  const sizes = words.map((word) => Buffer.byteLength(word));
  if (sizes.some((size) => size >= MAX_ARGUMENT_BYTES)) return err({ message: `failed to start command: an argument has more than ${MAX_ARGUMENT_BYTES - 1} bytes`, code: 400 });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_COMMAND_BYTES) return err({ message: `failed to start command: it has ${total} bytes, more than ${MAX_COMMAND_BYTES}`, code: 400 });
  return ok(words);
}

function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return err(messageOf(error));
  }
}

function readTty(text: string): Result<boolean, ExecProblem> {
  if (text === "") return ok(false);
  const tty = parseGoBool(text);
  if (tty === undefined) return err({ message: `tty value is not a boolean: strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax` });
  return ok(tty);
}
