/** @module Classes of characters in Go's regular expressions: \d, [a-z], [[:alpha:]], \p{Greek}. Used by parse.ts. */
import { err, ok, type Result } from "../../../lib/result.ts";
import type { CharTest } from "./program.ts";

type Place = { readonly text: string; at: number };
type Tested = Result<CharTest, string>;

const POSIX: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/, alpha: /[A-Za-z]/, ascii: /[\p{ASCII}]/u, blank: /[\t ]/, cntrl: /(?=\p{ASCII})\p{Cc}/u, digit: /\d/, graph: /[!-~]/, lower: /[a-z]/,
  print: /[ -~]/, punct: /[!-/:-@[-`{-~]/, space: /[\t\n\v\f\r ]/, upper: /[A-Z]/, word: /[0-9A-Za-z_]/, xdigit: /[0-9A-Fa-f]/,
};
const PERL: Readonly<Record<string, RegExp>> = { d: /[0-9]/, s: /[\t\n\f\r ]/, w: /[0-9A-Za-z_]/ };
const ESCAPES: Readonly<Record<string, string>> = { a: "\x07", f: "\f", t: "\t", n: "\n", r: "\r", v: "\v" };

const testOf = (pattern: RegExp, isNegated: boolean): CharTest => (code) => pattern.test(String.fromCodePoint(code)) !== isNegated;

/** `\d`, `\pL` and their like; the place is at the backslash. Undefined for any other escape. */
export function classEscape(place: Place): Tested | undefined {
  const letter = place.text[place.at + 1] ?? "";
  const perl = PERL[letter.toLowerCase()];
  if (perl !== undefined && letter !== "") {
    place.at += 2;
    return ok(testOf(perl, letter !== letter.toLowerCase()));
  }
  if (letter !== "p" && letter !== "P") return undefined;
  const property = /\\[pP](?:(\w)|\{(\^?)(\w+)\})/y;
  property.lastIndex = place.at;
  const match = property.exec(place.text);
  if (match === null) return err(`invalid character class range: \`${place.text.slice(place.at, place.at + 4)}\``);
  place.at += match[0].length;
  return propertyTest(match[1] ?? match[3] ?? "", (letter === "P") !== (match[2] === "^"));
}

/** A general category or a script, by the tables of JavaScript. */
function propertyTest(name: string, isNegated: boolean): Tested {
  for (const property of [`gc=${name}`, `sc=${name}`]) {
    try {
      return ok(testOf(new RegExp(`^\\p{${property}}$`, "u"), isNegated));
    } catch (thrown) {
      if (!(thrown instanceof SyntaxError)) throw thrown;
    }
  }
  return name === "Any" ? ok(() => !isNegated) : err(`invalid character class range: \`\\p{${name}}\``);
}

/** The character that an escape stands for. */
export function literalEscape(place: Place): Result<string, string> {
  const escape = /\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|(0[0-7]{0,2}|[1-7][0-7]{2})|([aftnrv])|([!-/:-@[-`{-~]))/y;
  escape.lastIndex = place.at;
  const match = escape.exec(place.text);
  if (match === null) return err(`invalid escape sequence: \`${place.text.slice(place.at, place.at + 2)}\``);
  place.at += match[0].length;
  const [, long, short, octal, letter, punctuation] = match;
  if (letter !== undefined) return ok(ESCAPES[letter] ?? letter);
  if (punctuation !== undefined) return ok(punctuation);
  const code = octal === undefined ? Number.parseInt(long ?? short ?? "0", 16) : Number.parseInt(octal, 8);
  return code > 0x10ffff ? err(`invalid escape sequence: \`${match[0]}\``) : ok(String.fromCodePoint(code));
}

/** `[…]`; the place is at the bracket. */
export function parseClass(place: Place, ignoreCase: boolean): Tested {
  const start = place.at;
  place.at += 1;
  const isNegated = place.text[place.at] === "^";
  if (isNegated) place.at += 1;
  const tests: CharTest[] = [];
  for (let isFirst = true; isFirst || place.text[place.at] !== "]"; isFirst = false) {
    if (place.at >= place.text.length) return err(`missing closing ]: \`${place.text.slice(start, start + 40)}\``);
    const test = parseMember(place, ignoreCase);
    if (!test.ok) return test;
    tests.push(test.value);
  }
  place.at += 1;
  return ok((code) => tests.some((test) => test(code)) !== isNegated);
}

function parseMember(place: Place, ignoreCase: boolean): Tested {
  const posix = /\[:(\^?)(\w+):\]/y;
  posix.lastIndex = place.at;
  const match = posix.exec(place.text);
  if (match !== null) {
    const pattern = POSIX[match[2] ?? ""];
    place.at += match[0].length;
    return pattern === undefined ? err(`invalid character class range: \`${match[0]}\``) : ok(testOf(pattern, match[1] === "^"));
  }
  const escaped = place.text[place.at] === "\\" ? classEscape(place) : undefined;
  if (escaped !== undefined) return escaped;
  const low = parseChar(place);
  if (!low.ok) return low;
  const isRange = place.text[place.at] === "-" && place.text[place.at + 1] !== "]" && place.at + 1 < place.text.length;
  if (isRange) place.at += 1;
  const high = isRange ? parseChar(place) : low;
  if (!high.ok) return high;
  const [from, to] = [low.value.codePointAt(0) ?? 0, high.value.codePointAt(0) ?? 0];
  if (to < from) return err(`invalid character class range: \`${low.value}-${high.value}\``);
  return ok(rangeTest(from, to, ignoreCase));
}

function parseChar(place: Place): Result<string, string> {
  if (place.text[place.at] === "\\") return literalEscape(place);
  const char = String.fromCodePoint(place.text.codePointAt(place.at) ?? 0);
  place.at += char.length;
  return ok(char);
}

function rangeTest(from: number, to: number, ignoreCase: boolean): CharTest {
  const isIn = (code: number): boolean => code >= from && code <= to;
  if (!ignoreCase) return isIn;
  return (code) => {
    const char = String.fromCodePoint(code);
    return [char, char.toLowerCase(), char.toUpperCase()].some((each) => isIn(each.codePointAt(0) ?? 0));
  };
}
