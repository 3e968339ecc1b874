/** @module What Nomad's index says of an ID that can be none. Used by access and the bridge. Source: behaviour of a Nomad 1.11 agent. */

const LENGTH = 36;
const MAX_HYPHENS = 4;

/** Why the index cannot look for the ID; undefined where it can, and finds it or not. */
export function uuidError(id: string): string | undefined {
  return Buffer.byteLength(id) === LENGTH ? digitsProblem(id) : `index error: UUID must be ${LENGTH} characters`;
}

/** The same for the beginning of an ID. None at all is the beginning of every one. */
export function uuidPrefixError(prefix: string): string | undefined {
  const bytes = Buffer.byteLength(prefix);
  return bytes > LENGTH ? `index error: Invalid UUID length. UUID have ${LENGTH} characters; got ${bytes}` : digitsProblem(prefix);
}

/** The digits between an ID's hyphens, with what may follow the last of them. */
const PARTS = /^(.{0,8})(.{0,4})(.{0,4})(.{0,4})(.*)$/;

/** The beginning as IDs are written: the index looks for digits alone, of either case, wherever the hyphens are. @param prefix without an error */
export function canonicalUuidPrefix(prefix: string): string {
  const [, ...parts] = PARTS.exec(prefix.replaceAll("-", "").toLowerCase()) ?? [];
  return parts.filter((part) => part !== "").join("-");
}

function digitsProblem(text: string): string | undefined {
  const digits = text.replaceAll("-", "");
  const hyphens = text.length - digits.length;
  if (hyphens > MAX_HYPHENS) return `index error: UUID should have maximum of ${MAX_HYPHENS} "-"; got ${hyphens}`;
  const bytes = Buffer.from(digits);
  if (bytes.length % 2 !== 0) return "index error: Input (without hyphens) must be even length";
  const wrong = bytes.find((byte) => !/^[0-9a-fA-F]$/.test(String.fromCharCode(byte)));
  return wrong === undefined ? undefined : `index error: Invalid UUID: encoding/hex: invalid byte: ${byteName(wrong)}`;
}

/** As Go writes a byte that it takes for a character. */
function byteName(byte: number): string {
  const isPrintable = (byte >= 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return `U+${byte.toString(16).toUpperCase().padStart(4, "0")}${isPrintable ? ` '${String.fromCharCode(byte)}'` : ""}`;
}

export const allocLookupFailed = (why: string): string => `alloc lookup failed: ${why}`;
