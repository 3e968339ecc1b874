/** @module What Nomad's index says of an ID, or the beginning of one, that is none. Used by the bridge and access. Source: what a Nomad 1.11 server answers. */

const UUID_CHARS = 36;
const MAX_HYPHENS = 4;

/** Undefined where it can begin an ID: pairs of hex digits, and hyphens wherever they are. */
export function uuidPrefixError(prefix: string): string | undefined {
  const bytes = Buffer.from(prefix, "utf8");
  if (bytes.length > UUID_CHARS) return `Invalid UUID length. UUID have ${UUID_CHARS} characters; got ${bytes.length}`;
  const digits = Buffer.from(prefix.replaceAll("-", ""), "utf8");
  const hyphens = bytes.length - digits.length;
  if (hyphens > MAX_HYPHENS) return `UUID should have maximum of ${MAX_HYPHENS} "-"; got ${hyphens}`;
  if (digits.length % 2 !== 0) return "Input (without hyphens) must be even length";
  const wrong = digits.find((byte) => !/[0-9a-fA-F]/.test(String.fromCharCode(byte)));
  return wrong === undefined ? undefined : `Invalid UUID: encoding/hex: invalid byte: ${codePoint(wrong)}`;
}

/** Of a whole ID. */
export const uuidError = (id: string): string | undefined => (Buffer.byteLength(id) === UUID_CHARS ? uuidPrefixError(id) : `UUID must be ${UUID_CHARS} characters`);

export const allocLookupFailed = (why: string): string => `alloc lookup failed: index error: ${why}`;

/** As Go shows a character with its number. */
function codePoint(byte: number): string {
  const number = `U+${byte.toString(16).toUpperCase().padStart(4, "0")}`;
  const isShown = (byte >= 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return isShown ? `${number} '${String.fromCharCode(byte)}'` : number;
}
