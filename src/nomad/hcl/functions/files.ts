/** @module HCL functions that read files: there only for a caller that lets them. Used by registry.ts. Source: behaviour of hashicorp/go-cty-funcs. */
import { err, messageOf, type Result } from "../../../lib/result.ts";
import { set } from "../values/equal.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";

/** Paths are as the job file has them; relative ones begin at the folder of the file. Errors are texts for a person. */
export type FileAccess = {
  readonly readFile: (path: string) => Result<Uint8Array, string>;
  readonly kindOf: (path: string) => "file" | "directory" | "other" | undefined;
  /** Every file below a folder, relative to it, with "/" between names. */
  readonly filesBelow: (folder: string) => Result<readonly string[], string>;
  readonly absolutePath: (path: string) => string;
  readonly home: string;
};

const NAMES = ["abspath", "basename", "dirname", "file", "filebase64", "fileexists", "fileset", "pathexpand"];

export function fileFunctions(files: FileAccess | undefined): Readonly<Record<string, HclFunction>> {
  if (files === undefined) return Object.fromEntries(NAMES.map((name) => [name, refusedFunction(name)]));
  return {
    abspath: plainFunction("path:string", ([path]) => give(files.absolutePath(path as string))),
    basename: plainFunction("path:string", ([path]) => give(baseName(path as string))),
    dirname: plainFunction("path:string", ([path]) => give(directoryName(path as string))),
    file: plainFunction("path:string", ([path], budget) => readText(files, path as string, budget)),
    filebase64: plainFunction("path:string", ([path], budget) => readBase64(files, path as string, budget)),
    fileexists: plainFunction("path:string", ([path]) => exists(files, path as string)),
    fileset: plainFunction("path:string pattern:string", ([path, pattern]) => filesMatching(files, path as string, pattern as string)),
    pathexpand: plainFunction("path:string", ([path]) => give(expandHome(files, path as string))),
  };
}

const refusedFunction = (name: string): HclFunction => ({
  kind: "refused",
  why: `The function ${JSON.stringify(name)} works on files, and filesystem functions are disabled here. Put the text itself into the job or into a variable.`,
});

const expandHome = ({ home }: FileAccess, path: string): string => (path === "~" || path.startsWith("~/") ? home + path.slice(1) : path);

function readBytes(files: FileAccess, path: string, budget: { left: number }): Result<Uint8Array, string> {
  const bytes = files.readFile(expandHome(files, path));
  if (!bytes.ok) return bytes;
  return afford(budget, bytes.value.length / 16) ? bytes : err(TOO_LARGE);
}

function readText(files: FileAccess, path: string, budget: { left: number }): CallResult {
  const bytes = readBytes(files, path, budget);
  if (!bytes.ok) return refuse(0, bytes.error);
  try {
    return give(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.value).normalize("NFC"));
  } catch (thrown) {
    return refuse(0, `contents of ${path} are not valid UTF-8; use the filebase64 function to obtain the Base64 encoded contents: ${messageOf(thrown)}`);
  }
}

function readBase64(files: FileAccess, path: string, budget: { left: number }): CallResult {
  const bytes = readBytes(files, path, budget);
  return bytes.ok ? give(Buffer.from(bytes.value).toString("base64")) : refuse(0, bytes.error);
}

function exists(files: FileAccess, path: string): CallResult {
  const kind = files.kindOf(expandHome(files, path));
  if (kind === undefined) return give(false);
  return kind === "file" ? give(true) : refuse(0, `${path} is not a regular file, but ${kind === "directory" ? "a directory" : "something else"}`);
}

/** Names below a folder that match a pattern of "*", "**", "?", "[…]" and "{a,b}". */
function filesMatching(files: FileAccess, path: string, pattern: string): CallResult {
  const found = files.filesBelow(expandHome(files, path));
  if (!found.ok) return refuse(0, found.error);
  const test = globTest(pattern);
  return test === undefined ? refuse(1, `invalid pattern ${JSON.stringify(pattern.slice(0, 80))}`) : give(set(found.value.filter(test), "string"));
}

/** Each piece of the pattern against each piece of the path, so that time is their product at most. */
function globTest(pattern: string): ((path: string) => boolean) | undefined {
  const options = expandBraces(pattern);
  if (options === undefined) return undefined;
  const patterns = options.map((option) => option.split("/"));
  return (path) => patterns.some((pieces) => matchesPieces(pieces, path.split("/")));
}

function expandBraces(pattern: string): readonly string[] | undefined {
  const match = /^([^{}]*)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return /[{}]/.test(pattern) ? undefined : [pattern];
  const rest = expandBraces(match[3] ?? "");
  const options = (match[2] ?? "").split(",");
  if (rest === undefined || rest.length * options.length > 1000) return undefined;
  return options.flatMap((option) => rest.map((end) => `${match[1]}${option}${end}`));
}

function matchesPieces(pieces: readonly string[], names: readonly string[]): boolean {
  // What can still match the names from each place on, from the end of the pattern to its start.
  let reachable = names.map(() => false).concat(true);
  for (const piece of pieces.toReversed()) {
    const after = reachable;
    if (piece === "**") reachable = after.map((_, at) => after.slice(at).includes(true));
    else reachable = after.map((_, at) => at < names.length && after[at + 1] === true && matchesName(piece, names[at] ?? ""));
  }
  return reachable[0] === true;
}

function matchesName(piece: string, name: string): boolean {
  let states = new Set([0]);
  const tokens = piece.match(/\[[^\]]*\]|\\.|[\s\S]/g) ?? [];
  const closure = (from: Set<number>): Set<number> => {
    for (const state of from) if (tokens[state] === "*") from.add(state + 1);
    return from;
  };
  states = closure(states);
  for (const char of name) {
    const next = new Set<number>();
    for (const state of states) {
      const token = tokens[state];
      if (token === "*") next.add(state);
      else if (token !== undefined && matchesToken(token, char)) next.add(state + 1);
    }
    states = closure(next);
  }
  return states.has(tokens.length);
}

function matchesToken(token: string, char: string): boolean {
  if (token === "?") return true;
  if (token.startsWith("\\") && token.length === 2) return token[1] === char;
  if (!token.startsWith("[") || token.length < 3) return token === char;
  const isNegated = /^\[[!^]/.test(token);
  const members = token.slice(isNegated ? 2 : 1, -1).match(/.-.|./gsu) ?? [];
  return members.some((member) => (Array.from(member).length === 3 ? char >= (member[0] ?? "") && char <= (member.at(-1) ?? "") : member === char)) !== isNegated;
}

function baseName(path: string): string {
  const trimmed = path.replace(/(?<!\/)\/+$/, "");
  if (path === "") return ".";
  return trimmed === "" || /^\/+$/.test(path) ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function directoryName(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const isAbsolute = folder.startsWith("/");
  const pieces: string[] = [];
  for (const piece of folder.split("/")) {
    if (piece === "" || piece === ".") continue;
    if (piece === ".." && pieces.length > 0 && pieces.at(-1) !== "..") pieces.pop();
    else if (piece !== ".." || !isAbsolute) pieces.push(piece);
  }
  const cleaned = pieces.join("/");
  return isAbsolute ? `/${cleaned}` : cleaned || ".";
}
