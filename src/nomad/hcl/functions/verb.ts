/** @module One verb of a format, such as "%-5d". Used by format.ts and format-float.ts. */

export type Verb = {
  readonly raw: string;
  readonly mode: string;
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
};

/** A sign in front, and blanks or zeros up to the width. */
export function withSign(
  { flags, width, isNegative, zeros }: { readonly flags: string; readonly width: number | undefined; readonly isNegative: boolean; readonly zeros: boolean },
  digits: string,
  prefixLength = 0,
): string {
  const sign = isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const missing = Math.max(0, (width ?? 0) - sign.length - digits.length);
  if (flags.includes("-")) return sign + digits + " ".repeat(missing);
  if (flags.includes("0") && zeros) return sign + digits.slice(0, prefixLength) + "0".repeat(missing) + digits.slice(prefixLength);
  return " ".repeat(missing) + sign + digits;
}
