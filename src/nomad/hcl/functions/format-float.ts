/** @module Numbers with points and exponents, as Go's fmt and math/big write them. Used by format.ts. */
import { type Num, numText } from "../values/number.ts";
import { type Verb, withSign } from "./verb.ts";

type Decimal = { readonly digits: string; readonly exponent: number };

/** %e, %E, %f, %g and %G, with 6 places where none are asked for, but for %g, which has as many as the number needs. */
export function formatFloat(verb: Verb, value: Num): string {
  const text = numText(value);
  const isNegative = text.startsWith("-");
  const magnitude = isNegative ? text.slice(1) : text;
  const options = { flags: verb.flags, width: verb.width, isNegative, zeros: true };
  if (text.endsWith("Inf")) return withSign({ ...options, isNegative: false, zeros: false }, text);
  return withSign(options, magnitudeText(verb, decimalOf(magnitude)));
}

/** As %v has it: with an exponent from a million on. */
export function generalText(value: Num): string {
  const text = numText(value);
  if (text.endsWith("Inf")) return text;
  const isNegative = text.startsWith("-");
  const magnitude = general(decimalOf(isNegative ? text.slice(1) : text), undefined, "e");
  return isNegative ? `-${magnitude}` : magnitude;
}

function magnitudeText({ mode, precision }: Verb, decimal: Decimal): string {
  if (mode === "f") return fixed(decimal, precision ?? 6);
  if (mode === "e" || mode === "E") return scientific(rounded(decimal, (precision ?? 6) + 1), precision ?? 6, mode);
  return general(decimal, precision, mode === "G" ? "E" : "e");
}

/** 0.digits × 10^exponent, without zeros at either end; no digits for zero. */
function decimalOf(text: string): Decimal {
  const [whole = "", fraction = ""] = text.split(".");
  const all = whole + fraction;
  const digits = all.replace(/^0+/, "");
  return { digits: withoutZeros(digits), exponent: digits === "" ? 0 : whole.length - (all.length - digits.length) };
}

function withoutZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === "0") end -= 1;
  return digits.slice(0, end);
}

/** To so many digits, half to even. */
function rounded({ digits, exponent }: Decimal, count: number): Decimal {
  if (count < 0) return { digits: "", exponent: 0 };
  if (digits.length <= count) return { digits, exponent };
  const rest = digits.slice(count);
  const isUp = rest > "5" || (rest === "5" && count > 0 && Number(digits[count - 1]) % 2 === 1);
  if (!isUp) return { digits: withoutZeros(digits.slice(0, count)), exponent: count === 0 ? 0 : exponent };
  const raised = (BigInt(digits.slice(0, count) || "0") + 1n).toString().padStart(count, "0");
  return { digits: withoutZeros(raised), exponent: exponent + (raised.length > count ? 1 : 0) };
}

function fixed(decimal: Decimal, places: number): string {
  const { digits, exponent } = rounded(decimal, decimal.exponent + places);
  const all = exponent > 0 ? digits.padEnd(exponent, "0") : `${"0".repeat(digits === "" ? 0 : -exponent)}${digits}`;
  const whole = exponent > 0 ? all.slice(0, exponent) : "0";
  const fraction = (exponent > 0 ? all.slice(exponent) : all).padEnd(places, "0");
  return places === 0 ? whole : `${whole}.${fraction.slice(0, places)}`;
}

function scientific({ digits, exponent }: Decimal, places: number, mark: string): string {
  const power = digits === "" ? 0 : exponent - 1;
  const fraction = digits.slice(1).padEnd(places, "0");
  return `${digits[0] ?? "0"}${places > 0 ? `.${fraction}` : ""}${mark}${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** The shorter of both ways, by Go's rule: an exponent below -4, or beyond the digits that there are. */
function general(decimal: Decimal, precision: number | undefined, mark: string): string {
  const shown = precision === undefined ? decimal : rounded(decimal, Math.max(precision, 1));
  const power = shown.digits === "" ? 0 : shown.exponent - 1;
  const asked = precision === undefined ? 6 : Math.max(precision, 1);
  const most = precision !== undefined && asked > shown.digits.length && shown.digits.length >= shown.exponent ? shown.digits.length : asked;
  if (power < -4 || power >= most) return scientific(shown, Math.max(0, shown.digits.length - 1), mark);
  return fixed(shown, Math.max(0, shown.digits.length - shown.exponent));
}
