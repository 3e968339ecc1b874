/** @module Character classes and escapes of RE2. Used by syntax.ts. Source: pkg.go.dev/regexp/syntax */

export type RegexpCursor = { readonly text: string; at: number };

/** Thrown here and in syntax.ts alone, and caught by its `parseRegexp`: a reader that is twenty calls deep has one way out. */
export class RegexpFault extends Error {}

export type CodePointTest = (codePoint: number) => boolean;

const between =
  (low: number, high: number): CodePointTest =>
  (c) =>
    c >= low && c <= high;
const ofText = (chars: string): CodePointTest => (c) => chars.includes(String.fromCodePoint(c));
const not =
  (test: CodePointTest): CodePointTest =>
  (c) =>
    !test(c);
const anyOf =
  (...tests: readonly CodePointTest[]): CodePointTest =>
  (c) =>
    tests.some((test) => test(c));

const digit = between(0x30, 0x39);
const lower = between(0x61, 0x7a);
const upper = between(0x41, 0x5a);
export const isWord: CodePointTest = anyOf(digit, lower, upper, (c) => c === 0x5f);

const PERL: Readonly<Record<string, CodePointTest>> = { d: digit, w: isWord, s: ofText("\t\n\f\r ") };

const POSIX: Readonly<Record<string, CodePointTest>> = {
  alnum: anyOf(digit, lower, upper), alpha: anyOf(lower, upper), ascii: between(0, 0x7f), blank: ofText("\t "), cntrl: anyOf(between(0, 0x1f), between(0x7f, 0x7f)),
  digit, graph: between(0x21, 0x7e), lower, print: between(0x20, 0x7e), punct: ofText("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), space: ofText("\t\n\v\f\r "),
  upper, word: isWord, xdigit: anyOf(digit, between(0x41, 0x46), between(0x61, 0x66)),
};

/** With `fold`, a letter stands for both its cases. */
export function foldedTest(test: CodePointTest, fold: boolean): CodePointTest {
  if (!fold) return test;
  return (c) => test(c) || casesOf(c).some(test);
}

function casesOf(c: number): readonly number[] {
  const char = String.fromCodePoint(c);
  return [char.toLowerCase(), char.toUpperCase()].map((changed) => changed.codePointAt(0) ?? c);
}

/** `\d`, `\pL`, `\p{Greek}` and their opposites, read behind the backslash; undefined where something else is there. */
export function escapedClass(cursor: RegexpCursor): CodePointTest | undefined {
  const letter = cursor.text[cursor.at] ?? "";
  const perl = PERL[letter.toLowerCase()];
  if (perl !== undefined) {
    cursor.at += 1;
    return letter === letter.toLowerCase() ? perl : not(perl);
  }
  return letter === "p" || letter === "P" ? unicodeClass(cursor) : undefined;
}

const UNICODE = /(?<sign>[pP])(?:(?<letter>[A-Z])|\{(?<negated>\^?)(?<name>[A-Za-z_]{1,40})\})/y;

function unicodeClass(cursor: RegexpCursor): CodePointTest {
  UNICODE.lastIndex = cursor.at;
  const match = UNICODE.exec(cursor.text);
  const { sign, letter, negated, name } = match?.groups ?? {};
  const test = unicodeTest(letter ?? name ?? "");
  if (match === null || test === undefined) throw new RegexpFault(`invalid character class range: \`\\${cursor.text.slice(cursor.at, cursor.at + 12)}\``);
  cursor.at = UNICODE.lastIndex;
  return (sign === "P") !== (negated === "^") ? not(test) : test;
}

/** A general category, or a script. JavaScript's own tables have both, and one character at a time costs no search. */
function unicodeTest(name: string): CodePointTest | undefined {
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    const pattern = singleCharacter(property);
    if (pattern !== undefined) return (c) => pattern.test(String.fromCodePoint(c));
  }
  return undefined;
}

function singleCharacter(property: string): RegExp | undefined {
  try {
    return new RegExp(`^\\p{${property}}$`, "u");
  } catch {
    // The only thing that this throws is a SyntaxError for a property that is not known.
    return undefined;
  }
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const CODED = /x\{(?<long>[0-9A-Fa-f]{1,6})\}|x(?<short>[0-9A-Fa-f]{2})|(?<octal>0[0-7]{0,2}|[1-7][0-7]{1,2})/y;

/** One character, read behind the backslash. */
export function escapedCodePoint(cursor: RegexpCursor): number {
  const { text, at } = cursor;
  CODED.lastIndex = at;
  const coded = CODED.exec(text);
  if (coded !== null) {
    cursor.at = CODED.lastIndex;
    const { long, short, octal } = coded.groups ?? {};
    const codePoint = octal === undefined ? Number.parseInt(long ?? short ?? "", 16) : Number.parseInt(octal, 8);
    if (codePoint <= 0x10ffff) return codePoint;
  }
  const char = text[at] ?? "";
  if (char === "") throw new RegexpFault("trailing backslash at end of expression: ``");
  const control = CONTROLS[char];
  if (control === undefined && !/^[!-/:-@[-`{-~\0-\x20\x7f]$/.test(char)) throw new RegexpFault(`invalid escape sequence: \`\\${char}\``);
  cursor.at = at + 1;
  return control ?? char.charCodeAt(0);
}

/** Read behind the "[". */
export function bracketClass(cursor: RegexpCursor): CodePointTest {
  const negated = cursor.text[cursor.at] === "^";
  if (negated) cursor.at += 1;
  const tests: CodePointTest[] = [];
  for (let first = true; first || cursor.text[cursor.at] !== "]"; first = false) tests.push(bracketItem(cursor, first));
  cursor.at += 1;
  return negated ? not(anyOf(...tests)) : anyOf(...tests);
}

const POSIX_CLASS = /\[:(?<negated>\^?)(?<name>[a-z]+):\]/y;

function bracketItem(cursor: RegexpCursor, first: boolean): CodePointTest {
  const { text, at } = cursor;
  if (at >= text.length) throw new RegexpFault(`missing closing ]: \`${text}\``);
  // As Perl has it: a hyphen stands for itself only at either end.
  if (text[at] === "-" && !first && text[at + 1] !== "]") throw new RegexpFault(`invalid character class range: \`${text.slice(at, at + 2)}\``);
  POSIX_CLASS.lastIndex = at;
  const posix = POSIX_CLASS.exec(text);
  if (posix !== null) return posixTest(cursor, posix.groups ?? {});
  const named = text[at] === "\\" ? escapedClass(behind(cursor)) : undefined;
  if (named !== undefined) return named;
  cursor.at = at;
  const low = bracketCodePoint(cursor);
  const isRange = text[cursor.at] === "-" && text[cursor.at + 1] !== "]" && cursor.at + 1 < text.length;
  if (!isRange) return (c) => c === low;
  cursor.at += 1;
  const high = bracketCodePoint(cursor);
  if (high < low) throw new RegexpFault(`invalid character class range: \`${text.slice(at, cursor.at)}\``);
  return between(low, high);
}

function posixTest(cursor: RegexpCursor, { negated, name }: Readonly<Record<string, string>>): CodePointTest {
  const test = POSIX[name ?? ""];
  if (test === undefined) throw new RegexpFault(`invalid character class range: \`[:${name ?? ""}:]\``);
  cursor.at = POSIX_CLASS.lastIndex;
  return negated === "^" ? not(test) : test;
}

function behind(cursor: RegexpCursor): RegexpCursor {
  cursor.at += 1;
  return cursor;
}

function bracketCodePoint(cursor: RegexpCursor): number {
  if (cursor.text[cursor.at] === "\\") return escapedCodePoint(behind(cursor));
  const codePoint = cursor.text.codePointAt(cursor.at) ?? 0;
  cursor.at += codePoint > 0xffff ? 2 : 1;
  return codePoint;
}
