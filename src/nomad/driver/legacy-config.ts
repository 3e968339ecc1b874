/**
 * @module The exec driver's config as job files of Nomad 0.1 to 0.3 wrote it, in today's words. Used by explain.
 * Source: the driver's pages in Nomad's documentation of those versions.
 */
import { err, ok, type Result } from "../../lib/result.ts";

/** 0.3 means 0.3.0 alone: from 0.3.1 on the driver takes command and args, and artifacts are the task's. */
export type LegacyVersion = "0.1" | "0.2" | "0.3";

export type LegacyConfig = {
  readonly command: string;
  readonly args: readonly string[];
  readonly artifactSource?: string;
  readonly checksum?: string;
  /** Whether $NAME is a variable as ${NAME} is. */
  readonly bareVariables: boolean;
};

const KEYS: Readonly<Record<LegacyVersion, readonly string[]>> = {
  "0.1": ["command", "args"],
  "0.2": ["command", "args", "artifact_source", "checksum"],
  "0.3": ["command", "args", "artifact_source", "checksum"],
};

/**
 * Reads a config as that version did. In 0.1 command and args are one line of shell words; later a scalar counts as a list of one. The error
 * is for a person. A key that the version did not know is an error too: Nomad passed over it, and nobody noticed.
 */
export function readLegacyConfig(config: Readonly<Record<string, unknown>>, version: LegacyVersion): Result<LegacyConfig, string> {
  const unknown = Object.keys(config).filter((key) => !KEYS[version].includes(key));
  if (unknown.length > 0) return err(`config has ${unknown.join(", ")}: the exec driver of Nomad ${version} knows ${KEYS[version].join(", ")}`);
  const command = scalarText(config["command"]);
  if (command === undefined || command === "") return err("config has no command: write what to run, such as command = \"/bin/sleep\"");
  const line = version === "0.1" ? splitLine(command, config["args"]) : listLine(command, config["args"]);
  if (!line.ok) return line;
  const artifactSource = optionalText(config, "artifact_source");
  if (!artifactSource.ok) return artifactSource;
  const checksum = optionalText(config, "checksum");
  if (!checksum.ok) return checksum;
  return ok({ ...line.value, ...named("artifactSource", artifactSource.value), ...named("checksum", checksum.value), bareVariables: version !== "0.3" });
}

type Line = Pick<LegacyConfig, "command" | "args">;

function splitLine(command: string, args: unknown): Result<Line, string> {
  const text = args === undefined || args === null ? "" : scalarText(args);
  if (text === undefined) return err("args is not one string, as it is for Nomad 0.1: read the job file as one of Nomad 0.2");
  const words = shellWords(`${command} ${text}`);
  if (!words.ok) return words;
  const [first, ...rest] = words.value;
  return first === undefined ? err("config has no command: it is blank") : ok({ command: first, args: rest });
}

function listLine(command: string, args: unknown): Result<Line, string> {
  if (args === undefined || args === null) return ok({ command, args: [] });
  const texts = (Array.isArray(args) ? args : [args]).map(scalarText);
  const wrong = texts.indexOf(undefined);
  if (wrong >= 0) return err(`args[${wrong}] is neither a string nor a number`);
  return ok({ command, args: texts.filter((text) => text !== undefined) });
}

/** Go's weak decoding of a scalar to text: true is "1". */
function scalarText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return typeof value === "boolean" ? String(Number(value)) : undefined;
}

function optionalText(config: Readonly<Record<string, unknown>>, key: string): Result<string, string> {
  const value = config[key] ?? "";
  return typeof value === "string" ? ok(value) : err(`${key} is not a string`);
}

/** Empty counts as absent, as it did. */
const named = <K extends string>(key: K, value: string): { readonly [P in K]?: string } => (value === "" ? {} : ({ [key]: value } as { readonly [P in K]?: string }));

type WordState = {
  readonly words: readonly string[];
  /** Undefined between words; "" inside one that is empty so far. */
  readonly word: string | undefined;
  readonly quote: "" | "'" | '"';
  readonly escaped: boolean;
};

/**
 * Words of a line as a shell separates them: by blanks, with '…', "…" and backslashes, which inside '…' stand for themselves. Nothing is
 * expanded. The error says what is not closed.
 */
export function shellWords(line: string): Result<readonly string[], string> {
  let state: WordState = { words: [], word: undefined, quote: "", escaped: false };
  for (const character of line) state = nextCharacter(state, character);
  if (state.escaped) return err(`"${line}" ends with a backslash that escapes nothing`);
  if (state.quote !== "") return err(`"${line}" has a ${state.quote} that is not closed`);
  return ok(state.word === undefined ? state.words : [...state.words, state.word]);
}

function nextCharacter(state: WordState, character: string): WordState {
  const { words, quote, escaped } = state;
  const word = state.word ?? "";
  if (escaped) return { ...state, word: word + character, escaped: false };
  if (character === "\\" && quote !== "'") return { ...state, word, escaped: true };
  if (quote !== "") return character === quote ? { ...state, quote: "" } : { ...state, word: word + character };
  if (character === "'" || character === '"') return { ...state, word, quote: character };
  if (!/[ \t\r\n]/.test(character)) return { ...state, word: word + character };
  return state.word === undefined ? state : { ...state, words: [...words, word], word: undefined };
}
