/** @module HCL's format and formatlist: verbs as in C, for HCL values. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { convert } from "../values/convert.ts";
import { isNum, type Num, toBigInt } from "../values/number.ts";
import { isNull, isSequence, list, type Val } from "../values/value.ts";
import { jsonText } from "./encoding.ts";
import { formatFloat, generalText } from "./format-float.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { graphemes } from "./graphemes.ts";
import { type Verb, withSign } from "./verb.ts";

export const formatFunctions: Readonly<Record<string, HclFunction>> = {
  format: plainFunction("format:string ...args:any?", ([format, ...args], budget) => {
    const text = formatAll(format as string, args, budget);
    return text.ok ? give(text.value.normalize("NFC")) : refuse(0, text.error);
  }),
  formatlist: plainFunction("format:string ...args:any?", ([format, ...args], budget) => formatLists(format as string, args, budget)),
};

/** Wider ones are refused before anything is made. */
const MAX_WIDTH = 10_000;
const VERB = /%([#0\- +]*)(\d*)(?:\.(\d*))?(?:\[(\d+)\])?([A-Za-z%])?/g;

function formatAll(format: string, args: readonly Val[], budget: { left: number }): Result<string, string> {
  let result = "";
  let from = 0;
  let next = 0;
  let highest = 0;
  for (const match of format.matchAll(VERB)) {
    const [raw, , , , index, mode] = match;
    result += format.slice(from, match.index);
    from = match.index + raw.length;
    if (raw === "%%") {
      result += "%";
      continue;
    }
    if (mode === undefined || mode === "%") return err(`unrecognized format character ${JSON.stringify(format[from] ?? "")} at offset ${from}`);
    if (index === "0") return err(`argument indices begin at 1: ${JSON.stringify(raw)}`);
    const at = index === undefined ? next : Number(index) - 1;
    next = at + 1;
    highest = Math.max(highest, next);
    const arg = args[at];
    if (arg === undefined) return err(`not enough arguments for ${JSON.stringify(raw)} at ${match.index}: need index ${next} but have ${args.length} total`);
    const piece = formatOne(verbOf(match, mode), arg, budget);
    if (!piece.ok) return err(piece.error.includes("format verb") ? piece.error : `unsupported value for ${JSON.stringify(raw)} at ${match.index}: ${piece.error}`);
    result += piece.value;
  }
  if (highest < args.length && !/\[\d+\]/.test(format)) {
    return err(highest === 0 ? "too many arguments; no verbs in format string" : `too many arguments; only ${highest} used by format string`);
  }
  return ok(result + format.slice(from));
}

function verbOf([raw, flags = "", width = "", precision]: readonly (string | undefined)[], mode: string): Verb {
  return { raw: raw ?? "", mode, flags, width: width === "" ? undefined : Number(width), precision: precision === undefined ? undefined : Number(precision) };
}

function formatOne(verb: Verb, arg: Val, budget: { left: number }): Result<string, string> {
  const { width = 0, precision = 0 } = verb;
  if (width > MAX_WIDTH || precision > MAX_WIDTH || !afford(budget, 1 + (width + precision) / 16)) return err(TOO_LARGE);
  if (verb.mode === "v") return ok(padded(verb, asIs(verb, arg)));
  if (!"tbdoxXeEfgGsq".includes(verb.mode)) return err(`unsupported format verb '${verb.mode}' in ${JSON.stringify(verb.raw)}`);
  if (isNull(arg)) return err("null value cannot be formatted");
  if (verb.mode === "t") {
    const bool = convert(arg, "bool");
    return bool.ok ? ok(bool.value === true ? "true" : "false") : bool;
  }
  if (verb.mode === "s" || verb.mode === "q") return formatString(verb, arg);
  const number = convert(arg, "number");
  if (!number.ok) return number;
  if (!"bdoxX".includes(verb.mode)) return ok(formatFloat(verb, number.value as Num));
  const whole = toBigInt(number.value as Num);
  return whole === undefined ? err("an integer is required") : ok(formatInteger(verb, whole));
}

function asIs({ flags }: Verb, arg: Val): string {
  if (flags.includes("#") || isNull(arg)) return jsonText(arg);
  if (typeof arg === "string") return arg;
  return isNum(arg) ? generalText(arg) : jsonText(arg);
}

function formatString(verb: Verb, arg: Val): Result<string, string> {
  const text = convert(arg, "string");
  if (!text.ok) return text;
  const { precision } = verb;
  const cut = precision === undefined || precision === 0 ? (text.value as string) : graphemes(text.value as string).slice(0, precision).join("");
  return ok(padded(verb, verb.mode === "q" ? jsonText(cut) : cut));
}

function padded({ width, flags }: Verb, text: string): string {
  const missing = (width ?? 0) - (width === undefined ? 0 : graphemes(text).length);
  if (missing <= 0) return text;
  const padding = (flags.includes("0") ? "0" : " ").repeat(missing);
  return flags.includes("-") ? text + padding : padding + text;
}

function formatInteger({ mode, flags, width, precision }: Verb, whole: bigint): string {
  const radix = { b: 2, d: 10, o: 8 }[mode] ?? 16;
  const prefix = flags.includes("#") ? ({ b: "0b", o: "0", x: "0x", X: "0X" }[mode] ?? "") : "";
  const magnitude = (whole < 0n ? -whole : whole).toString(radix);
  const digits = (mode === "X" ? magnitude.toUpperCase() : magnitude).padStart(precision ?? 0, "0");
  return withSign({ flags, width, isNegative: whole < 0n, zeros: precision === undefined }, precision === 0 && whole === 0n ? "" : prefix + digits, prefix.length);
}

/** One text for each row of the lists; what is no list is the same in every row. */
function formatLists(format: string, args: readonly Val[], budget: { left: number }): CallResult {
  const lists = args.filter((arg) => isSequence(arg));
  const lengths = new Set(lists.map(({ items }) => items.length));
  const [length = 1] = lengths;
  if (lengths.size > 1) {
    const other = args.findIndex((arg) => isSequence(arg) && arg.items.length !== length);
    const found = args[other];
    return refuse(other + 1, `argument ${other + 1} has length ${found !== undefined && isSequence(found) ? found.items.length : 0}, which is inconsistent with argument ${args.findIndex((arg) => isSequence(arg)) + 1} of length ${length}`);
  }
  const rows: string[] = [];
  for (let row = 0; row < length; row += 1) {
    if (!afford(budget, 1 + format.length / 16 + args.length)) return err({ message: TOO_LARGE });
    const text = formatAll(format, args.map((arg) => (isSequence(arg) ? (arg.items[row] ?? false) : arg)), budget);
    if (!text.ok) return err({ message: `error on format iteration ${row}: ${text.error}` });
    rows.push(text.value.normalize("NFC"));
  }
  return give(list(rows, "string"));
}
