/** @module The syntax of Go's regular expressions. Used by compile.ts. Source: pkg.go.dev/regexp/syntax */
import { err, ok, type Result } from "../../../lib/result.ts";
import { classEscape, literalEscape, parseClass } from "./char-class.ts";
import type { CharTest, Node } from "./program.ts";

export type Pattern = { readonly root: Node; readonly groups: number; readonly names: ReadonlyMap<string, number> };
/** i: no case; m: ^ and $ at lines; s: "." takes line ends; U: greedy and not the other way round. */
type Flags = { readonly i: boolean; readonly m: boolean; readonly s: boolean; readonly U: boolean };
export type Reader = { readonly text: string; at: number; groups: number; depth: number; flags: Flags; readonly names: Map<string, number> };
type Parsed = Result<Node, string>;

const MAX_DEPTH = 200;
const MAX_CHARS = 10_000;

export function parsePattern(text: string): Result<Pattern, string> {
  if (text.length > MAX_CHARS) return err("expression too large");
  const reader: Reader = { text, at: 0, groups: 0, depth: 0, flags: { i: false, m: false, s: false, U: false }, names: new Map() };
  const root = parseChoice(reader);
  if (!root.ok) return root;
  return reader.at < text.length ? err("unexpected )") : ok({ root: root.value, groups: reader.groups, names: reader.names });
}

function parseChoice(reader: Reader): Parsed {
  const options: Node[] = [];
  const before = reader.flags;
  if (reader.depth >= MAX_DEPTH) return err("expression nests too deeply");
  reader.depth += 1;
  do {
    const option = parseSequence(reader);
    if (!option.ok) return option;
    options.push(option.value);
  } while (accept(reader, "|"));
  reader.depth -= 1;
  reader.flags = before;
  const [only] = options;
  return ok(options.length === 1 && only !== undefined ? only : { kind: "choice", options });
}

function parseSequence(reader: Reader): Parsed {
  const items: Node[] = [];
  while (reader.at < reader.text.length && reader.text[reader.at] !== "|" && reader.text[reader.at] !== ")") {
    const atom = parseAtom(reader);
    if (!atom.ok) return atom;
    const repeated = parseRepeats(reader, atom.value);
    if (!repeated.ok) return repeated;
    items.push(repeated.value);
  }
  return ok({ kind: "sequence", items });
}

function parseRepeats(reader: Reader, atom: Node): Parsed {
  const counted = /(?:([*+?])|\{(\d{1,4})(,?)(\d{0,4})\})(\?)?/y;
  counted.lastIndex = reader.at;
  const match = counted.exec(reader.text);
  if (match === null) return ok(atom);
  const [whole, sign, min = "0", comma, max = "", lazy] = match;
  reader.at += whole.length;
  const bounds = sign === undefined ? [Number(min), comma === "" ? Number(min) : max === "" ? Infinity : Number(max)] : [sign === "+" ? 1 : 0, sign === "?" ? 1 : Infinity];
  const [from = 0, to = 0] = bounds;
  if (to < from || from > 1000 || (to > 1000 && to !== Infinity)) return err(`invalid repeat count: \`${whole}\``);
  if (/[*+?]/.test(reader.text[reader.at] ?? "")) return err(`invalid nested repetition operator: \`${whole}${reader.text[reader.at]}\``);
  return ok({ kind: "repeat", inner: atom, min: from, max: to, greedy: (lazy === undefined) !== reader.flags.U });
}

function parseAtom(reader: Reader): Parsed {
  const char = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0);
  const { flags } = reader;
  if (char === "(") return parseGroup(reader);
  if (char === "[") {
    const test = parseClass(reader, flags.i);
    return test.ok ? ok({ kind: "char", test: test.value }) : test;
  }
  if (char === "\\") return parseEscape(reader);
  if ("*+?".includes(char) || /^\{\d+(?:,\d*)?\}/.test(reader.text.slice(reader.at, reader.at + 12))) return err(`missing argument to repetition operator: \`${char}\``);
  reader.at += char.length;
  if (char === ".") return ok({ kind: "char", test: (code) => flags.s || code !== 10 });
  if (char === "^") return ok({ kind: "assert", assertion: flags.m ? "line-start" : "text-start" });
  if (char === "$") return ok({ kind: "assert", assertion: flags.m ? "line-end" : "text-end" });
  return ok({ kind: "char", test: literalTest(char, flags.i) });
}

/** One character, or its other case as well. */
export function literalTest(char: string, ignoreCase: boolean): CharTest {
  const wanted = new Set((ignoreCase ? [char, char.toLowerCase(), char.toUpperCase()] : [char]).filter((each) => Array.from(each).length === 1).map((each) => each.codePointAt(0)));
  return (code) => wanted.has(code);
}

function parseGroup(reader: Reader): Parsed {
  reader.at += 1;
  if (accept(reader, "?")) return parseSpecialGroup(reader);
  return parseCapture(reader);
}

function parseCapture(reader: Reader): Parsed {
  reader.groups += 1;
  const index = reader.groups;
  const inner = parseChoice(reader);
  if (!inner.ok) return inner;
  return accept(reader, ")") ? ok({ kind: "group", index, inner: inner.value }) : err("missing closing )");
}

/** Behind "(?": a name, flags, or what Go does not have. */
function parseSpecialGroup(reader: Reader): Parsed {
  const name = /P?<(\w+)>/y;
  name.lastIndex = reader.at;
  const named = name.exec(reader.text);
  if (named !== null) {
    if (reader.names.has(named[1] ?? "")) return err(`duplicate capture group name: \`${named[1]}\``);
    reader.at += named[0].length;
    reader.names.set(named[1] ?? "", reader.groups + 1);
    return parseCapture(reader);
  }
  const flags = /([imsU]*)(?:-([imsU]+))?([:)])/y;
  flags.lastIndex = reader.at;
  const match = flags.exec(reader.text);
  if (match === null || match[0] === ")") return err(`invalid or unsupported Perl syntax: \`(?${reader.text.slice(reader.at, reader.at + 2)}\``);
  reader.at += match[0].length;
  const before = reader.flags;
  reader.flags = changed(before, match[1] ?? "", match[2] ?? "");
  if (match[3] === ")") return ok({ kind: "empty" });
  const inner = parseChoice(reader);
  reader.flags = before;
  if (!inner.ok) return inner;
  return accept(reader, ")") ? inner : err("missing closing )");
}

const changed = (flags: Flags, on: string, off: string): Flags => {
  const flag = (name: keyof Flags) => (flags[name] || on.includes(name)) && !off.includes(name);
  return { i: flag("i"), m: flag("m"), s: flag("s"), U: flag("U") };
};

const ASSERTIONS = { A: "text-start", z: "text-end", b: "word", B: "not-word" } as const;

function parseEscape(reader: Reader): Parsed {
  const next = reader.text[reader.at + 1];
  if (next === undefined) return err("trailing backslash at end of expression: ``");
  if (next === "A" || next === "z" || next === "b" || next === "B") {
    reader.at += 2;
    return ok({ kind: "assert", assertion: ASSERTIONS[next] });
  }
  if (next === "Q") return parseQuoted(reader);
  const test = classEscape(reader) ?? literalOf(reader);
  return test.ok ? ok({ kind: "char", test: test.value }) : test;
}

function literalOf(reader: Reader): Result<CharTest, string> {
  const char = literalEscape(reader);
  return char.ok ? ok(literalTest(char.value, reader.flags.i)) : char;
}

/** `\Q…\E` */
function parseQuoted(reader: Reader): Parsed {
  const end = reader.text.indexOf("\\E", reader.at + 2);
  const quoted = reader.text.slice(reader.at + 2, end === -1 ? undefined : end);
  reader.at = end === -1 ? reader.text.length : end + 2;
  return ok({ kind: "sequence", items: Array.from(quoted, (char) => ({ kind: "char", test: literalTest(char, reader.flags.i) })) });
}

function accept(reader: Reader, token: string): boolean {
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}
