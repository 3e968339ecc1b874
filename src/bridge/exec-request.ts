/** @module What an exec request asks for, read off its URL. Used by the exec route. Source: Nomad's api-docs, client "exec". */
import { messageOf, err, ok, type Result } from "../lib/result.ts";
import { parseGoBool } from "../lib/go-bool.ts";

export type ExecParameters = {
  readonly allocId: string;
  readonly task: string;
  /** Empty for an action, which brings its own. */
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly action?: NamedAction;
};

/** An action of a job by its name, in the namespace that the request says. */
export type NamedAction = { readonly jobId: string; readonly namespace: string; readonly name: string };

/** What the path names: an allocation, or a job whose action is to be run. */
export type ExecTarget = { readonly allocId: string } | { readonly jobId: string };

/** `code` as a status: absent where Nomad puts none. */
export type ExecProblem = { readonly message: string; readonly code?: number };

const EXEC_ROUTE = /^\/v1\/client\/allocation\/([^/]*)\/exec$/;
const ACTION_ROUTE = /^\/v1\/job\/(.+)\/action$/s;

/** Linux takes no longer argument, and the launcher's frame holds no more of them. */
const MAX_ARGUMENT_BYTES = 128 * 1024;
const MAX_COMMAND_BYTES = 512 * 1024;
const MAX_WORDS = 4096;

/** Undefined for any other path. A job's ID may hold slashes. */
export function execRoute(path: string): ExecTarget | undefined {
  const exec = EXEC_ROUTE.exec(path);
  if (exec !== null) return { allocId: exec[1] ?? "" };
  const action = ACTION_ROUTE.exec(path);
  return action === null ? undefined : { jobId: action[1] ?? "" };
}

export function readExecParameters(target: ExecTarget, params: URLSearchParams): Result<ExecParameters, ExecProblem> {
  const repeated = ["task", "command", "tty", "action", "allocID"].find((name) => params.getAll(name).length > 1);
  if (repeated !== undefined) return err({ message: `parameter "${repeated}" is given more than once`, code: 400 });
  const command = "jobId" in target ? ok([]) : readCommand(params.get("command") ?? "");
  if (!command.ok) return command;
  const tty = readTty(params.get("tty") ?? "");
  if (!tty.ok) return tty;
  const allocId = "jobId" in target ? (params.get("allocID") ?? "") : target.allocId;
  const parameters = { allocId: allocId.toLowerCase(), task: params.get("task") ?? "", command: command.value, tty: tty.value };
  if (!("jobId" in target)) return ok(parameters);
  return ok({ ...parameters, action: { jobId: target.jobId, namespace: params.get("namespace") || "default", name: params.get("action") ?? "" } });
}

/** Whether the first frame is to bring the token, as browsers cannot send headers. */
export function wantsHandshake(params: URLSearchParams): Result<boolean, ExecProblem> {
  const said = params.get("ws_handshake") ?? "";
  const wanted = said === "" ? false : parseGoBool(said);
  if (wanted !== undefined) return ok(wanted);
  return err({ message: `ws_handshake value is not a boolean: strconv.ParseBool: parsing ${JSON.stringify(said)}: invalid syntax`, code: 400 });
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

/** What an action brings is checked as well: a job's author is no more to be trusted than a client. */
export function checkWords(words: readonly string[]): Result<readonly string[], ExecProblem> {
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
