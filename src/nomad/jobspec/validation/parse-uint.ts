/** @module What Go's strconv.ParseUint says of a text that is no number. Used by validation, whose texts hold it. */

/** Undefined for a number of the base that fits in `bits`. */
export function parseUintFault(text: string, base: 8 | 10, bits: 12 | 64): string | undefined {
  const quoted = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!(base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) return `${quoted}: invalid syntax`;
  const digits = text.replace(/^0+(?=\d)/, "");
  const tooLarge = digits.length > 22 || BigInt(base === 8 ? `0o${digits}` : digits) >= 1n << BigInt(bits);
  return tooLarge ? `${quoted}: value out of range` : undefined;
}
