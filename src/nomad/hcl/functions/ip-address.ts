/** @module IP addresses and networks as numbers. Used by network.ts. Source: RFC 4291, RFC 4632, and RFC 5952 for how they are written. */

/** `address` has no bits behind `length`; `bits` is 32 or 128. */
export type Network = { readonly address: bigint; readonly bits: 32 | 128; readonly length: number };

/** "10.0.0.0/8"; bits behind the length are dropped. */
export function parseNetwork(text: string): Network | undefined {
  const match = /^([0-9a-fA-F.:]{2,45})\/(\d{1,3})$/.exec(text);
  const [, written = "", digits = ""] = match ?? [];
  const bits = written.includes(":") ? 128 : 32;
  const address = bits === 32 ? parseV4(written) : parseV6(written);
  const length = Number(digits);
  if (match === null || address === undefined || length > bits) return undefined;
  const rest = BigInt(bits - length);
  return { address: (address >> rest) << rest, bits, length };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const v4 = tail === null ? undefined : parseV4(tail[2] ?? "");
  if (tail !== null && v4 === undefined) return undefined;
  const written = v4 === undefined ? text : `${tail?.[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  const halves = written.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], end = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - end.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...end];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

export function addressText(address: bigint, bits: number): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join(".");
  const isMapped = address >> 32n === 0xffffn;
  if (isMapped) return addressText(address & 0xffff_ffffn, 32);
  const groups = Array.from({ length: 8 }, (_, index) => ((address >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return shortened(groups);
}

export const networkText = ({ address, bits, length }: Network): string => `${addressText(address, bits)}/${length}`;

/** The first of the longest runs of two zeros or more is left out. */
function shortened(groups: readonly string[]): string {
  const runs = [...groups.join(":").matchAll(/\b0(?::0)+\b/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return groups.join(":");
  const text = groups.join(":");
  const at = new RegExp(`(?:^|:)${longest}(?:$|:)`).exec(text);
  return `${text.slice(0, at?.index)}::${text.slice((at?.index ?? 0) + (at?.[0].length ?? 0))}`;
}
