/** @module IDs of what is computed and stored nowhere: the same things give the same UUID, as version 5 of RFC 9562 does. Used by the bridge. */
import { createHash } from "node:crypto";

export function uuidOf(...parts: readonly (string | number)[]): string {
  const hash = createHash("sha1").update(JSON.stringify(parts)).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
