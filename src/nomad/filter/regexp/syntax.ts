/**
 * @module Go's regular expressions (RE2) as a syntax tree, for `matches` in a filter. What RE2 does not have, such as look-around and
 * back-references, is refused as Go refuses it. Used by program.ts.
 * Source: pkg.go.dev/regexp/syntax
 */
import { err, ok, type Result } from "../../../lib/result.ts";
import { bracketClass, type CodePointTest, escapedClass, escapedCodePoint, foldedTest, type RegexpCursor, RegexpFault } from "./classes.ts";

export type Assertion = "text-begin" | "text-end" | "line-begin" | "line-end" | "word" | "no-word";

export type RegexpNode =
  | { readonly kind: "one"; readonly test: CodePointTest }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence" | "choice"; readonly nodes: readonly RegexpNode[] }
  /** `max` is Infinity where there is no end. */
  | { readonly kind: "repeat"; readonly node: RegexpNode; readonly min: number; readonly max: number };

type Flags = { readonly fold: boolean; readonly multiline: boolean; readonly dotAll: boolean };
type Reader = RegexpCursor & { flags: Flags; depth: number };

const MAX_DEPTH = 100;
const MAX_REPEAT = 1000;

const fault = (message: string): never => {
  throw new RegexpFault(message);
};

/** The error is Go's wording where Go has one. */
export function parseRegexp(text: string): Result<RegexpNode, string> {
  const reader: Reader = { text, at: 0, flags: { fold: false, multiline: false, dotAll: false }, depth: 0 };
  try {
    const node = readChoice(reader);
    return reader.at < text.length ? err(`error parsing regexp: unexpected ): \`${text}\``) : ok(node);
  } catch (thrown) {
    if (thrown instanceof RegexpFault) return err(`error parsing regexp: ${thrown.message}`);
    throw thrown;
  }
}

function readChoice(reader: Reader): RegexpNode {
  const nodes = [readSequence(reader)];
  while (reader.text[reader.at] === "|") {
    reader.at += 1;
    nodes.push(readSequence(reader));
  }
  return { kind: "choice", nodes };
}

function readSequence(reader: Reader): RegexpNode {
  const nodes: RegexpNode[] = [];
  for (;;) {
    const next = reader.text[reader.at];
    if (next === undefined || next === "|" || next === ")") return { kind: "sequence", nodes };
    if (reader.text.startsWith("\\Q", reader.at)) nodes.push(...readQuoted(reader));
    else nodes.push(readRepeats(reader, readAtom(reader)));
  }
}

/** `\Q…\E`: everything between is itself. */
function readQuoted(reader: Reader): readonly RegexpNode[] {
  const end = reader.text.indexOf("\\E", reader.at);
  const quoted = reader.text.slice(reader.at + 2, end === -1 ? undefined : end);
  reader.at = end === -1 ? reader.text.length : end + 2;
  const nodes = Array.from(quoted, (char) => one(reader, char.codePointAt(0) ?? 0));
  const last = nodes.pop();
  return last === undefined ? [] : [...nodes, readRepeats(reader, last)];
}

const one = ({ flags }: Reader, codePoint: number): RegexpNode => ({ kind: "one", test: foldedTest((c) => c === codePoint, flags.fold) });

function readAtom(reader: Reader): RegexpNode {
  const { text, at, flags } = reader;
  const codePoint = text.codePointAt(at) ?? 0;
  reader.at += codePoint > 0xffff ? 2 : 1;
  switch (text[at]) {
    case "(":
      return readGroup(reader);
    case "[":
      return { kind: "one", test: foldedTest(bracketClass(reader), flags.fold) };
    case ".":
      return { kind: "one", test: flags.dotAll ? () => true : (c) => c !== 0x0a };
    case "^":
      return { kind: "assert", assertion: flags.multiline ? "line-begin" : "text-begin" };
    case "$":
      return { kind: "assert", assertion: flags.multiline ? "line-end" : "text-end" };
    case "\\":
      return readEscape(reader);
    case "*":
    case "+":
    case "?":
      return fault(`missing argument to repetition operator: \`${text[at] ?? ""}\``);
    default:
      return one(reader, codePoint);
  }
}

const ASSERTION_ESCAPES: Readonly<Record<string, Assertion>> = { A: "text-begin", z: "text-end", b: "word", B: "no-word" };

function readEscape(reader: Reader): RegexpNode {
  const assertion = ASSERTION_ESCAPES[reader.text[reader.at] ?? ""];
  if (assertion !== undefined) {
    reader.at += 1;
    return { kind: "assert", assertion };
  }
  const named = escapedClass(reader);
  if (named !== undefined) return { kind: "one", test: foldedTest(named, reader.flags.fold) };
  return one(reader, escapedCodePoint(reader));
}

const GROUP = /\((?:\?(?:P?<(?<name>\w+)>|(?<flags>[imsU]*(?:-[imsU]+)?)(?<end>[:)])))?/y;

/** Called behind the "(". Flags that a group sets end with it. */
function readGroup(reader: Reader): RegexpNode {
  const start = reader.at - 1;
  GROUP.lastIndex = start;
  const opened = GROUP.exec(reader.text);
  const { flags, end } = opened?.groups ?? {};
  const opening = opened?.[0] ?? "(";
  if (opening === "(" && reader.text[start + 1] === "?") fault(`invalid or unsupported Perl syntax: \`${reader.text.slice(start, start + 3)}\``);
  reader.at = start + opening.length;
  const outer = reader.flags;
  reader.flags = withFlags(outer, flags ?? "");
  if (end === ")") return { kind: "sequence", nodes: [] };
  reader.depth += 1;
  if (reader.depth > MAX_DEPTH) fault("expression nests too deeply");
  const node = readChoice(reader);
  if (reader.text[reader.at] !== ")") fault(`missing closing ): \`${reader.text}\``);
  reader.at += 1;
  reader.depth -= 1;
  reader.flags = outer;
  return node;
}

function withFlags(flags: Flags, letters: string): Flags {
  const [set = "", cleared = ""] = letters.split("-");
  const flag = (letter: string, before: boolean) => set.includes(letter) || (before && !cleared.includes(letter));
  return { fold: flag("i", flags.fold), multiline: flag("m", flags.multiline), dotAll: flag("s", flags.dotAll) };
}

const REPEAT = /(?:(?<sign>[*+?])|\{(?<min>\d{1,9})(?<comma>,(?<max>\d{1,9})?)?\})\??/y;

/** Whether a repetition is lazy changes what is matched, never whether. */
function readRepeats(reader: Reader, node: RegexpNode): RegexpNode {
  const found = readRepeat(reader);
  if (found === undefined) return node;
  const second = readRepeat(reader);
  if (second !== undefined) fault(`invalid nested repetition operator: \`${found.text}${second.text}\``);
  return { kind: "repeat", node, min: found.min, max: found.max };
}

function readRepeat(reader: Reader): { readonly text: string; readonly min: number; readonly max: number } | undefined {
  REPEAT.lastIndex = reader.at;
  const match = REPEAT.exec(reader.text);
  if (match === null) return undefined;
  reader.at = REPEAT.lastIndex;
  const text = match[0];
  const { sign, min: least, comma, max: most } = match.groups ?? {};
  if (sign !== undefined) return { text, min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
  const min = Number(least);
  const max = comma === undefined ? min : most === undefined ? Infinity : Number(most);
  if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) fault(`invalid repeat count: \`${text}\``);
  return { text, min, max };
}
