/** @module HCL functions that hash, and UUIDs. Used by registry.ts. Source: behaviour of hashicorp/go-cty-funcs. */
import { createHash } from "node:crypto";
import { err } from "../../../lib/result.ts";
import { type CallResult, give, type HclFunction, plainFunction } from "./function.ts";

const hash = (algorithm: string): HclFunction => plainFunction("str:string", ([str]) => give(createHash(algorithm).update(str as string).digest("hex")));

export const hashFunctions: Readonly<Record<string, HclFunction>> = {
  md5: hash("md5"),
  sha1: hash("sha1"),
  sha256: hash("sha256"),
  sha512: hash("sha512"),
  uuidv5: plainFunction("namespace:string name:string", ([namespace, name]) => uuidV5(namespace as string, name as string)),
  bcrypt: { kind: "refused", why: 'The function "bcrypt" is not supported: it takes long on purpose. Put the hash itself into a variable.' },
  rsadecrypt: { kind: "refused", why: 'The function "rsadecrypt" is not supported. Decrypt the text before, and put it into a variable.' },
};

/** RFC 4122, appendix C. */
const NAMESPACES: ReadonlyMap<string, string> = new Map(["dns", "url", "oid", "x500"].map((name, index) => [name, `6ba7b81${["0", "1", "2", "4"][index]}-9dad-11d1-80b4-00c04fd430c8`]));

function uuidV5(namespace: string, name: string): CallResult {
  const id = NAMESPACES.get(namespace) ?? namespace;
  const hex = id.replace(/^urn:uuid:|^\{|\}$/g, "").replaceAll("-", "");
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) return err({ message: `uuidv5() doesn't support namespace ${namespace.slice(0, 80)} (invalid UUID)` });
  const bytes = createHash("sha1").update(Buffer.from(hex, "hex")).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const digits = bytes.toString("hex");
  return give([digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join("-"));
}
