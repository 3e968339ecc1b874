/**
 * @module The first JSON value of a text, or what Go's decoder says of it: clients and scripts show its words. Used by the bridge for bodies.
 * Source: behaviour of Go's encoding/json.
 */
import { err, ok, type Result } from "../lib/result.ts";

const CUT_OFF = "unexpected EOF";

/** What a value is where it is none of the kind that is wanted: `array`, `string`, `number`, `bool` or `object`, as Go calls them. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

/** The text of the first value; what comes after it is not looked at. The error is "EOF" for a text of spaces alone. */
export function firstJsonValue(text: string): Result<string, string> {
  const start = skipSpaces(text, 0);
  if (start === text.length) return err("EOF");
  const end = scanValue(text, start);
  return end.ok ? ok(text.slice(start, end.value)) : end;
}

type Scanned = Result<number, string>;
type Expected = "value" | "element-or-end" | "key" | "key-or-end" | "colon" | "next";

/** What a wrong character is told to be looked for; where objects and lists are open, and one of their values has just ended, they say it themselves. */
const LOOKING_FOR: Readonly<Record<Exclude<Expected, "next">, string>> = {
  value: "looking for beginning of value",
  "element-or-end": "looking for beginning of value",
  key: "looking for beginning of object key string",
  "key-or-end": "looking for beginning of object key string",
  colon: "after object key",
};

/** Where the value ends. What is open is kept on a stack of its own, so that no depth is too much. */
function scanValue(text: string, start: number): Scanned {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = start;
  for (;;) {
    at = skipSpaces(text, at);
    const char = text[at];
    if (char === undefined) return err(CUT_OFF);
    const step = stepOver(text, { at, char, expected, open });
    if (!step.ok) return step;
    at = step.value.at;
    expected = step.value.expected;
    if (expected === "next" && open.length === 0) return ok(at);
  }
}

type Place = { readonly at: number; readonly char: string; readonly expected: Expected; readonly open: ("{" | "[")[] };
type Step = Result<{ readonly at: number; readonly expected: Expected }, string>;

function stepOver(text: string, { at, char, expected, open }: Place): Step {
  const inner = open.at(-1);
  if (isEnd(char, inner, expected)) {
    open.pop();
    return ok({ at: at + 1, expected: "next" });
  }
  if (expected === "next") {
    if (char === ",") return ok({ at: at + 1, expected: inner === "{" ? "key" : "value" });
    return err(invalid(text, at, inner === "{" ? "after object key:value pair" : "after array element"));
  }
  if (expected === "colon") return char === ":" ? ok({ at: at + 1, expected: "value" }) : err(invalid(text, at, LOOKING_FOR.colon));
  return stepInto(text, { at, char, expected, open });
}

function isEnd(char: string, inner: "{" | "[" | undefined, expected: Expected): boolean {
  if (inner === "{") return char === "}" && (expected === "key-or-end" || expected === "next");
  return inner === "[" && char === "]" && (expected === "element-or-end" || expected === "next");
}

/** Over a key, over a value that has no parts, or into one that has. */
function stepInto(text: string, { at, char, expected, open }: Place & { readonly expected: Exclude<Expected, "next" | "colon"> }): Step {
  const isKey = expected === "key" || expected === "key-or-end";
  if (isKey && char !== '"') return err(invalid(text, at, LOOKING_FOR[expected]));
  if (char === "{" || char === "[") {
    open.push(char);
    return ok({ at: at + 1, expected: char === "{" ? "key-or-end" : "element-or-end" });
  }
  const end = scanScalar(text, at, LOOKING_FOR[expected]);
  return end.ok ? ok({ at: end.value, expected: isKey ? "colon" : "next" }) : end;
}

function scanScalar(text: string, at: number, lookingFor: string): Scanned {
  const char = text[at] ?? "";
  if (char === '"') return scanString(text, at + 1);
  if (char === "-" || isDigit(char)) return scanNumber(text, at);
  const word = ["true", "false", "null"].find((each) => each[0] === char);
  return word === undefined ? err(invalid(text, at, lookingFor)) : scanWord(text, at, word);
}

function scanWord(text: string, at: number, word: string): Scanned {
  for (let i = 1; i < word.length; i += 1) {
    const char = text[at + i];
    if (char === undefined) return err(CUT_OFF);
    if (char !== word[i]) return err(invalid(text, at + i, `in literal ${word} (expecting ${quoted(word[i] ?? "")})`));
  }
  return ok(at + word.length);
}

/** @param from the first character behind the quote */
function scanString(text: string, from: number): Scanned {
  let at = from;
  for (;;) {
    const char = text[at];
    if (char === undefined) return err(CUT_OFF);
    if (char === '"') return ok(at + 1);
    if (char < " ") return err(invalid(text, at, "in string literal"));
    if (char !== "\\") {
      at += 1;
      continue;
    }
    const escape = scanEscape(text, at + 1);
    if (!escape.ok) return escape;
    at = escape.value;
  }
}

function scanEscape(text: string, at: number): Scanned {
  const char = text[at];
  if (char === undefined) return err(CUT_OFF);
  if (char !== "u") return '"\\/bfnrt'.includes(char) ? ok(at + 1) : err(invalid(text, at, "in string escape code"));
  for (let i = 1; i <= 4; i += 1) {
    const digit = text[at + i];
    if (digit === undefined) return err(CUT_OFF);
    if (!/^[0-9a-fA-F]$/.test(digit)) return err(invalid(text, at + i, String.raw`in \u hexadecimal character escape`));
  }
  return ok(at + 5);
}

function scanNumber(text: string, start: number): Scanned {
  const first = text[start] === "-" ? start + 1 : start;
  const whole = text[first] === "0" ? ok(first + 1) : scanDigits(text, first, "in numeric literal");
  if (!whole.ok) return whole;
  const fraction = text[whole.value] === "." ? scanDigits(text, whole.value + 1, "after decimal point in numeric literal") : whole;
  if (!fraction.ok || !/^[eE]$/.test(text[fraction.value] ?? "")) return fraction;
  const sign = /^[+-]$/.test(text[fraction.value + 1] ?? "") ? 1 : 0;
  return scanDigits(text, fraction.value + 1 + sign, "in exponent of numeric literal");
}

/** One digit at least. */
function scanDigits(text: string, from: number, where: string): Scanned {
  if (text[from] === undefined) return err(CUT_OFF);
  let at = from;
  while (isDigit(text[at])) at += 1;
  return at === from ? err(invalid(text, at, where)) : ok(at);
}

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= "0" && char <= "9";

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}

/** Go reads bytes: of a character that is no ASCII it names the first. */
function invalid(text: string, at: number, where: string): string {
  const [byte = 0] = Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0));
  return `invalid character ${quoted(String.fromCharCode(byte))} ${where}`;
}

function quoted(char: string): string {
  if (char === "'") return String.raw`'\''`;
  const code = char.charCodeAt(0);
  const named = ({ "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t`, "\\": String.raw`\\`, "\b": String.raw`\b`, "\f": String.raw`\f`, "\v": String.raw`\v`, "\u0007": String.raw`\a` } as const)[char];
  if (named !== undefined) return `'${named}'`;
  if (code < 0x20 || code === 0x7f) return `'\\x${code.toString(16).padStart(2, "0")}'`;
  return code >= 0x80 && code <= 0xa0 ? `'\\u${code.toString(16).padStart(4, "0")}'` : `'${char}'`;
}
