/** @module Nomad's words for a text that is no ID of its indexes, or cannot begin one. Used by the bridge's lookups and lists. Source: behaviour of a Nomad 1.11 agent. */

const LENGTH = 36;
const MAX_HYPHENS = 4;

const UUID_LENGTH_ERROR = "index error: UUID must be 36 characters";

/** Undefined for what may be a whole ID. */
export const uuidError = (text: string): string | undefined => (text.length === LENGTH ? hexError(text) : UUID_LENGTH_ERROR);

/** Undefined for what may begin an ID: pairs of hex digits, with hyphens anywhere. */
export function uuidPrefixError(text: string): string | undefined {
  const bytes = Buffer.byteLength(text);
  const hyphens = text.split("-").length - 1;
  if (bytes > LENGTH) return `index error: Invalid UUID length. UUID have ${LENGTH} characters; got ${bytes}`;
  if (hyphens > MAX_HYPHENS) return `index error: UUID should have maximum of ${MAX_HYPHENS} "-"; got ${hyphens}`;
  if ((bytes - hyphens) % 2 === 1) return "index error: Input (without hyphens) must be even length";
  return hexError(text);
}

export const allocLookupFailed = (why: string): string => `alloc lookup failed: ${why}`;

function hexError(text: string): string | undefined {
  const byte = Buffer.from(text).find((each) => !/[0-9a-fA-F-]/.test(String.fromCharCode(each)));
  return byte === undefined ? undefined : `index error: Invalid UUID: encoding/hex: invalid byte: ${goRune(byte)}`;
}

/** As Go's %#U writes it: the character beside its number, where it can be printed. */
function goRune(code: number): string {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const isPrintable = (code >= 0x20 && code < 0x7f) || (code > 0xa0 && code !== 0xad);
  return isPrintable ? `${number} '${String.fromCharCode(code)}'` : number;
}
