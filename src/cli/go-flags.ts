/**
 * @module Command line options by the rules of Go's flag package, which Nomad's CLI follows. Used by the commands.
 * Source: pkg.go.dev/flag#hdr-Command_line_flag_syntax
 */
import { parseGoBool } from "../lib/go-bool.ts";
import { err, ok, type Result } from "../lib/result.ts";

/** "strings" may be given several times, and keeps every value in its order. */
export type FlagTable = Readonly<Record<string, "bool" | "string" | "strings">>;
/** One word that stands for several boolean flags, such as "it" for "i" and "t". */
export type FlagClusters = Readonly<Record<string, readonly string[]>>;
export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]?: T[K] extends "bool" ? boolean : T[K] extends "strings" ? readonly string[] : string };
export type ParsedFlags<T extends FlagTable> = { readonly flags: FlagValues<T>; readonly args: readonly string[] };
export type FlagFailure = { readonly kind: "help" } | { readonly kind: "invalid"; readonly message: string };

type Values = Map<string, boolean | string | readonly string[]>;
/** A flag as it was written, and the word after it, which becomes its value if it needs one. */
type Written = { readonly name: string; readonly value: string | undefined; readonly next: string | undefined };

const HELP_NAMES: readonly string[] = ["h", "help"];

/**
 * Flags end at the first word that is none, or after "--". One dash or two mean the same. A boolean takes a value only
 * after "="; any other flag takes the next word, whatever it looks like. The last of several wins. Errors have Go's texts.
 */
export function parseGoFlags<T extends FlagTable>(
  table: T,
  argv: readonly string[],
  clusters: FlagClusters = {},
): Result<ParsedFlags<T>, FlagFailure> {
  const values: Values = new Map();
  const at = readFlags({ table, clusters, values }, argv, 0);
  return at.ok ? ok({ flags: Object.fromEntries(values) as FlagValues<T>, args: argv.slice(at.value) }) : at;
}

/** The same with flags before, between and behind the words, as people write them who name files. After "--" come words alone. */
export function parseMixedFlags<T extends FlagTable>(table: T, argv: readonly string[]): Result<ParsedFlags<T>, FlagFailure> {
  const values: Values = new Map();
  const args: string[] = [];
  let at = 0;
  while (at < argv.length) {
    const next = readFlags({ table, clusters: {}, values }, argv, at);
    if (!next.ok) return next;
    if (argv[next.value - 1] === "--" && next.value > at) return ok({ flags: Object.fromEntries(values) as FlagValues<T>, args: [...args, ...argv.slice(next.value)] });
    args.push(...argv.slice(next.value, next.value + 1));
    at = next.value + 1;
  }
  return ok({ flags: Object.fromEntries(values) as FlagValues<T>, args });
}

type Reading = { readonly table: FlagTable; readonly clusters: FlagClusters; readonly values: Values };

/** The position of the first word that is no flag. */
function readFlags({ table, clusters, values }: Reading, argv: readonly string[], from: number): Result<number, FlagFailure> {
  let at = from;
  while (at < argv.length) {
    const word = argv[at] ?? "";
    if (word.length < 2 || !word.startsWith("-")) break;
    at += 1;
    if (word === "--") break;
    const written = splitFlag(word, argv[at]);
    if (!written.ok) return written;
    const used = applyFlag(table, clusters, written.value, values);
    if (!used.ok) return used;
    at += used.value;
  }
  return ok(at);
}

const invalid = (message: string): Result<never, FlagFailure> => err({ kind: "invalid", message });

function splitFlag(word: string, next: string | undefined): Result<Written, FlagFailure> {
  const body = word.slice(word.startsWith("--") ? 2 : 1);
  if (body.startsWith("-") || body.startsWith("=")) return invalid(`bad flag syntax: ${word}`);
  const equals = body.indexOf("=");
  if (equals < 0) return ok({ name: body, value: undefined, next });
  return ok({ name: body.slice(0, equals), value: body.slice(equals + 1), next });
}

/** How many further words the flag took: 0 or 1. */
function applyFlag(table: FlagTable, clusters: FlagClusters, flag: Written, values: Values): Result<0 | 1, FlagFailure> {
  const { name, value, next } = flag;
  const members = own(clusters, name);
  if (members !== undefined && value === undefined) {
    for (const member of members) values.set(member, true);
    return ok(0);
  }
  const kind = own(table, name);
  if (kind === undefined) {
    return HELP_NAMES.includes(name) ? err({ kind: "help" }) : invalid(`flag provided but not defined: -${name}`);
  }
  if (kind === "bool") {
    const parsed = parseGoBool(value ?? "true");
    if (parsed === undefined) return invalid(`invalid boolean value "${value}" for -${name}: parse error`);
    values.set(name, parsed);
    return ok(0);
  }
  const text = value ?? next;
  if (text === undefined) return invalid(`flag needs an argument: -${name}`);
  const before = values.get(name);
  values.set(name, kind === "strings" ? [...(Array.isArray(before) ? (before as readonly string[]) : []), text] : text);
  return ok(value === undefined ? 1 : 0);
}

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
