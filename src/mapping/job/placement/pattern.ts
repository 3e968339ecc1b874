/**
 * @module Regular expressions of constraints, in Go's syntax as far as it is without Unicode classes. Patterns and texts are a user's: JavaScript's
 * own engine may take exponential time on them, this one follows all ways at once and keeps none.
 */
import { err, ok, type Result } from "../../../lib/result.ts";

const LONGEST_PATTERN = 1024;
const MOST_REPEATS = 1000;
const DEEPEST = 50;
/** Steps over characters, for one text. A repetition of repetitions may ask for very many. */
const MOST_STEPS = 2_000_000;

type Ranges = readonly (readonly [number, number])[];
type Part =
  | { readonly kind: "set"; readonly ranges: Ranges; readonly negated: boolean }
  | { readonly kind: "edge"; readonly at: "start" | "end" | "word" | "inside" }
  | { readonly kind: "all"; readonly parts: readonly Part[] }
  | { readonly kind: "any"; readonly parts: readonly Part[] }
  | { readonly kind: "repeat"; readonly part: Part; readonly least: number; readonly most: number };

export type Pattern = { readonly part: Part; readonly ignoreCase: boolean };

type Reading = { readonly text: readonly string[]; at: number; depth: number };

/** The error says what is wrong with it. */
export function parsePattern(source: string): Result<Pattern, string> {
  if (source.length > LONGEST_PATTERN) return err(`is longer than ${LONGEST_PATTERN} characters`);
  const ignoreCase = source.startsWith("(?i)");
  const reading: Reading = { text: Array.from(ignoreCase ? source.slice("(?i)".length) : source), at: 0, depth: 0 };
  const part = alternatives(reading);
  if (!part.ok) return part;
  return reading.at < reading.text.length ? err(`has a ")" without "("`) : ok({ part: part.value, ignoreCase });
}

function alternatives(reading: Reading): Result<Part, string> {
  if (++reading.depth > DEEPEST) return err(`is nested more than ${DEEPEST} deep`);
  const parts: Part[] = [];
  do {
    const sequence = sequenceOf(reading);
    if (!sequence.ok) return sequence;
    parts.push(sequence.value);
  } while (take(reading, "|"));
  reading.depth--;
  return ok(parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "any", parts });
}

function sequenceOf(reading: Reading): Result<Part, string> {
  const parts: Part[] = [];
  while (reading.at < reading.text.length && !["|", ")"].includes(reading.text[reading.at] ?? "")) {
    const atom = atomOf(reading);
    if (!atom.ok) return atom;
    const repeated = repeatOf(reading, atom.value);
    if (!repeated.ok) return repeated;
    parts.push(repeated.value);
  }
  return ok({ kind: "all", parts });
}

function take(reading: Reading, character: string): boolean {
  if (reading.text[reading.at] !== character) return false;
  reading.at++;
  return true;
}

function repeatOf(reading: Reading, part: Part): Result<Part, string> {
  const counts = countsOf(reading);
  if (counts === undefined) return ok(part);
  if (counts.most !== Infinity && (counts.most > MOST_REPEATS || counts.least > counts.most)) return err(`repeats more than ${MOST_REPEATS} times, or less than its own minimum`);
  if (counts.least > MOST_REPEATS) return err(`repeats more than ${MOST_REPEATS} times`);
  take(reading, "?");
  return ["*", "+", "?"].includes(reading.text[reading.at] ?? "") ? err("has a repetition of a repetition") : ok({ kind: "repeat", part, ...counts });
}

function countsOf(reading: Reading): { readonly least: number; readonly most: number } | undefined {
  if (take(reading, "*")) return { least: 0, most: Infinity };
  if (take(reading, "+")) return { least: 1, most: Infinity };
  if (take(reading, "?")) return { least: 0, most: 1 };
  const [all, least = "", comma, most = ""] = /^\{(\d{1,5})(,)?(\d{0,5})\}/.exec(reading.text.slice(reading.at, reading.at + 14).join("")) ?? [];
  if (all === undefined || (comma === undefined && most !== "")) return undefined;
  reading.at += all.length;
  return { least: Number(least), most: comma === undefined ? Number(least) : most === "" ? Infinity : Number(most) };
}

const ANY_BUT_NEWLINE: Part = { kind: "set", ranges: [[10, 10]], negated: true };

function atomOf(reading: Reading): Result<Part, string> {
  const character = reading.text[reading.at++] ?? "";
  switch (character) {
    case ".":
      return ok(ANY_BUT_NEWLINE);
    case "^":
      return ok({ kind: "edge", at: "start" });
    case "$":
      return ok({ kind: "edge", at: "end" });
    case "[":
      return classOf(reading);
    case "(":
      return groupOf(reading);
    case "\\":
      return escapeOf(reading.text[reading.at++]);
    case "*":
    case "+":
    case "?":
      return err(`has a "${character}" with nothing to repeat`);
    default:
      return ok(literal(character));
  }
}

const literal = (character: string): Part => ({ kind: "set", ranges: [only(character)], negated: false });
const only = (character: string): readonly [number, number] => [codeOf(character), codeOf(character)];
const codeOf = (character: string): number => character.codePointAt(0) ?? 0;

function groupOf(reading: Reading): Result<Part, string> {
  if (take(reading, "?")) {
    const named = /^P?<[A-Za-z_]\w{0,63}>/.exec(reading.text.slice(reading.at, reading.at + 70).join(""))?.[0];
    if (named !== undefined) reading.at += named.length;
    else if (!take(reading, ":")) return err('has a group that begins with "(?" and is neither "(?:" nor named; "(?i)" may stand at the very beginning');
  }
  const inner = alternatives(reading);
  if (!inner.ok) return inner;
  return take(reading, ")") ? inner : err('has a "(" without ")"');
}

const DIGITS: Ranges = [[48, 57]];
const WORD: Ranges = [[48, 57], [65, 90], [95, 95], [97, 122]];
const SPACES: Ranges = [[9, 10], [12, 13], [32, 32]];
const CLASSES: Readonly<Record<string, Ranges>> = { d: DIGITS, w: WORD, s: SPACES };
const CONTROLS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\u0007" };
const EDGES: Readonly<Record<string, "start" | "end" | "word" | "inside">> = { A: "start", z: "end", b: "word", B: "inside" };

function escapeOf(character: string | undefined): Result<Part, string> {
  if (character === undefined) return err("ends with a backslash");
  const ranges = CLASSES[character.toLowerCase()];
  if (ranges !== undefined) return ok({ kind: "set", ranges, negated: character !== character.toLowerCase() });
  const edge = EDGES[character];
  if (edge !== undefined) return ok({ kind: "edge", at: edge });
  const plain = CONTROLS[character] ?? (/[A-Za-z0-9]/.test(character) ? undefined : character);
  return plain === undefined ? err(`has "\\${character}", which is not supported`) : ok(literal(plain));
}

const POSIX: Readonly<Record<string, Ranges>> = {
  alpha: [[65, 90], [97, 122]], digit: DIGITS, alnum: [[48, 57], [65, 90], [97, 122]], upper: [[65, 90]], lower: [[97, 122]], space: [[9, 13], [32, 32]], word: WORD,
  xdigit: [[48, 57], [65, 70], [97, 102]],
};

function classOf(reading: Reading): Result<Part, string> {
  const negated = take(reading, "^");
  const ranges: (readonly [number, number])[] = [];
  for (let first = true; ; first = false) {
    const character = reading.text[reading.at++];
    if (character === undefined) return err('has a "[" without "]"');
    if (character === "]" && !first) return ok({ kind: "set", ranges, negated });
    const found = classItem(reading, character);
    if (!found.ok) return found;
    ranges.push(...found.value);
  }
}

function classItem(reading: Reading, character: string): Result<Ranges, string> {
  if (character === "[" && reading.text[reading.at] === ":") {
    const name = /^:([a-z]{1,6}):\]/.exec(reading.text.slice(reading.at, reading.at + 10).join(""))?.[1] ?? "";
    const ranges = POSIX[name];
    if (ranges === undefined) return err("has a class of a name that is not known");
    reading.at += name.length + ":".length + ":]".length;
    return ok(ranges);
  }
  const low = classCharacter(reading, character);
  if (!low.ok || typeof low.value !== "string") return low.ok ? ok(low.value as Ranges) : low;
  const after = reading.text[reading.at + 1];
  if (reading.text[reading.at] !== "-" || after === undefined || after === "]") return ok([only(low.value)]);
  reading.at += 2;
  const high = classCharacter(reading, after);
  if (!high.ok) return high;
  if (typeof high.value !== "string" || codeOf(high.value) < codeOf(low.value)) return err("has a range that ends before it begins");
  return ok([[codeOf(low.value), codeOf(high.value)]]);
}

function classCharacter(reading: Reading, character: string): Result<string | Ranges, string> {
  if (character !== "\\") return ok(character);
  const escaped = escapeOf(reading.text[reading.at++]);
  if (!escaped.ok) return escaped;
  if (escaped.value.kind !== "set" || escaped.value.negated) return err("has an escape in [] that is not supported");
  const [range] = escaped.value.ranges;
  return escaped.value.ranges.length === 1 && range !== undefined && range[0] === range[1] ? ok(String.fromCodePoint(range[0])) : ok(escaped.value.ranges);
}

type Subject = { readonly codes: readonly number[]; readonly ignoreCase: boolean; steps: number };

/** Anywhere in the text, as Go's MatchString. What would take too many steps does not match. */
export function matchesPattern({ part, ignoreCase }: Pattern, text: string): boolean {
  const subject: Subject = { codes: Array.from(text, codeOf), ignoreCase, steps: 0 };
  return follow(part, new Set(Array.from({ length: subject.codes.length + 1 }, (_, i) => i)), subject).size > 0 && subject.steps <= MOST_STEPS;
}

/** Where the text may go on after the part, from each of these places. */
function follow(part: Part, from: ReadonlySet<number>, subject: Subject): ReadonlySet<number> {
  if (from.size === 0 || subject.steps > MOST_STEPS) return new Set();
  subject.steps += from.size;
  switch (part.kind) {
    case "set":
      return new Set([...from].filter((at) => isIn(part, subject, at)).map((at) => at + 1));
    case "edge":
      return new Set([...from].filter((at) => isEdge(part.at, subject.codes, at)));
    case "all":
      return part.parts.reduce((places: ReadonlySet<number>, each) => follow(each, places, subject), from);
    case "any":
      return new Set(part.parts.flatMap((each) => [...follow(each, from, subject)]));
    case "repeat":
      return repeat(part, from, subject);
  }
}

function repeat({ part, least, most }: Extract<Part, { kind: "repeat" }>, from: ReadonlySet<number>, subject: Subject): ReadonlySet<number> {
  let places = from;
  for (let i = 0; i < least; i++) places = follow(part, places, subject);
  const reached = new Set(places);
  for (let i = least; i < most && places.size > 0; i++) {
    places = new Set([...follow(part, places, subject)].filter((at) => !reached.has(at)));
    places.forEach((at) => reached.add(at));
  }
  return reached;
}

function isIn({ ranges, negated }: Extract<Part, { kind: "set" }>, { codes, ignoreCase }: Subject, at: number): boolean {
  const code = codes[at];
  if (code === undefined) return false;
  const has = (each: number) => ranges.some(([low, high]) => each >= low && each <= high);
  const found = has(code) || (ignoreCase && (has(codeOf(String.fromCodePoint(code).toLowerCase())) || has(codeOf(String.fromCodePoint(code).toUpperCase()))));
  return found !== negated;
}

function isEdge(edge: "start" | "end" | "word" | "inside", codes: readonly number[], at: number): boolean {
  if (edge === "start") return at === 0;
  if (edge === "end") return at === codes.length;
  const isWord = (code: number | undefined) => code !== undefined && WORD.some(([low, high]) => code >= low && code <= high);
  return (isWord(codes[at - 1]) !== isWord(codes[at])) === (edge === "word");
}
