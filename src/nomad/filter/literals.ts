/** @module Go's literals, as a filter writes them: quoted texts and numbers. Used by parse.ts and evaluate.ts. Source: pkg.go.dev/strconv */

const ESCAPE = /\\(?:(?<control>[abfnrtv\\"])|x(?<byte>[0-9a-fA-F]{2})|(?<octal>[0-3][0-7]{2})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8}))/gy;
const CONTROL: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\", '"': '"' };

/** What stands between double quotes; undefined where Go's Unquote refuses it, or it names bytes that are no text. */
export function unescapeGo(quoted: string): string | undefined {
  if (quoted.includes("\n")) return undefined;
  let result = "";
  for (let at = 0; at < quoted.length; ) {
    const plain = quoted.indexOf("\\", at);
    result += quoted.slice(at, plain === -1 ? undefined : plain);
    if (plain === -1) break;
    ESCAPE.lastIndex = plain;
    const char = escaped(ESCAPE.exec(quoted)?.groups);
    if (char === undefined) return undefined;
    result += char;
    at = ESCAPE.lastIndex;
  }
  return result;
}

function escaped(groups: Readonly<Record<string, string | undefined>> | undefined): string | undefined {
  if (groups === undefined) return undefined;
  const { control, byte, octal, short, long } = groups;
  if (control !== undefined) return CONTROL[control];
  if (byte !== undefined || octal !== undefined) return ofByte(byte === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(byte, 16));
  const codePoint = Number.parseInt(short ?? long ?? "", 16);
  const isScalar = codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint > 0xdfff);
  return isScalar ? String.fromCodePoint(codePoint) : undefined;
}

const ofByte = (byte: number): string | undefined => (byte < 0x80 ? String.fromCharCode(byte) : undefined);

export type NumberFault = "invalid syntax" | "value out of range";

const INTEGER = /^(?<sign>[+-]?)(?:0[xX](?<hex>[\da-fA-F]+)|0[bB](?<binary>[01]+)|0[oO]?(?<octal>[0-7]+)|(?<decimal>0|[1-9]\d*))$/;
const INT64 = 1n << 63n;

/** strconv.ParseInt with base 0, 64 bits: `0x1f`, `0b1`, `017` and `1_000` are numbers too. */
export function parseGoInteger(text: string): bigint | NumberFault {
  const groups = INTEGER.exec(withoutUnderscores(text))?.groups;
  if (groups === undefined) return "invalid syntax";
  const { sign, hex, binary, octal, decimal } = groups;
  const magnitude = BigInt(hex !== undefined ? `0x${hex}` : binary !== undefined ? `0b${binary}` : octal !== undefined ? `0o${octal}` : (decimal ?? ""));
  const value = sign === "-" ? -magnitude : magnitude;
  return value >= INT64 || value < -INT64 ? "value out of range" : value;
}

/** Go lets one underscore stand between digits, or behind the base. Any other stays, and makes the text no number. */
const withoutUnderscores = (text: string): string =>
  /^[+-]?(?:0[xX]_?[\da-fA-F]+(?:_[\da-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|[1-9]\d*(?:_\d+)*)$/.test(text) ? text.replaceAll("_", "") : text;

/** strconv.ParseFloat for decimal texts; hexadecimal ones are refused. */
export function parseGoFloat(text: string): number | NumberFault {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return "invalid syntax";
  const value = Number(text);
  return Number.isFinite(value) ? value : "value out of range";
}
