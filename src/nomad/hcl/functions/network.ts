/** @module HCL functions of IP networks. Used by registry.ts. Source: behaviour of hashicorp/go-cty-funcs. */
import { err, ok, type Result } from "../../../lib/result.ts";
import { type Num, toBigInt } from "../values/number.ts";
import { list, type Val } from "../values/value.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse } from "./function.ts";
import { addressText, type Network, networkText, parseNetwork } from "./ip-address.ts";

export const networkFunctions: Readonly<Record<string, HclFunction>> = {
  cidrhost: plainFunction("prefix:string hostnum:number", ([prefix, host]) => withNetwork(prefix, (network) => hostOf(network, host as Num))),
  cidrnetmask: plainFunction("prefix:string", ([prefix]) => withNetwork(prefix, ({ bits, length }) => ok(addressText(maskOf(bits, length), bits)))),
  cidrsubnet: plainFunction("prefix:string newbits:number netnum:number", ([prefix, bits, number]) => withNetwork(prefix, (network) => subnetOf(network, bits as Num, number as Num))),
  cidrsubnets: plainFunction("prefix:string ...newbits:number", ([prefix, ...lengths]) => subnets(prefix as string, lengths as readonly Num[])),
};

function withNetwork(prefix: Val | undefined, use: (network: Network) => Result<string, string>): CallResult {
  const network = parseNetwork(prefix as string);
  if (network === undefined) return err({ message: `invalid CIDR expression: invalid CIDR address: ${(prefix as string).slice(0, 80)}` });
  const result = use(network);
  return result.ok ? give(result.value) : err({ message: result.error });
}

const maskOf = (bits: number, length: number): bigint => ((1n << BigInt(length)) - 1n) << BigInt(bits - length);

/** A negative number counts from the end. */
function hostOf({ address, bits, length }: Network, host: Num): Result<string, string> {
  const number = toBigInt(host);
  if (number === undefined) return err("value must be a whole number");
  const hosts = 1n << BigInt(bits - length);
  if (number >= hosts || number < -hosts) return err(`prefix of ${length} does not accommodate a host numbered ${number}`);
  return ok(addressText(address + (number < 0n ? hosts + number : number), bits));
}

function subnetOf({ address, bits, length }: Network, newBits: Num, number: Num): Result<string, string> {
  const [extra, wanted] = [toBigInt(newBits), toBigInt(number)];
  if (extra === undefined || wanted === undefined) return err("value must be a whole number");
  if (extra > 32n) return err("may not extend prefix by more than 32 bits");
  const newLength = length + Number(extra);
  if (newLength > bits) return err(`insufficient address space to extend prefix of ${length} by ${extra}`);
  if (extra < 0n || wanted < 0n || wanted >= 1n << extra) return err(`prefix extension of ${extra} does not accommodate a subnet numbered ${wanted}`);
  return ok(networkText({ address: address | (wanted << BigInt(bits - newLength)), bits, length: newLength }));
}

/** One network behind the other, each of its own length. */
function subnets(prefix: string, lengths: readonly Num[]): CallResult {
  const network = parseNetwork(prefix);
  if (network === undefined) return refuse(0, `invalid CIDR expression: invalid CIDR address: ${prefix.slice(0, 80)}`);
  const end = network.address + (1n << BigInt(network.bits - network.length));
  const made: string[] = [];
  let next = network.address;
  for (const [index, each] of lengths.entries()) {
    const extra = toBigInt(each);
    if (extra === undefined) return refuse(index + 1, "value must be a whole number");
    if (extra < 1n) return refuse(index + 1, "must extend prefix by at least one bit");
    if (extra > 32n) return refuse(index + 1, "may not extend prefix by more than 32 bits");
    const length = network.length + Number(extra);
    if (length > network.bits) return refuse(index + 1, `would extend prefix to ${length} bits, which is too long for an ${network.bits === 32 ? "IPv4" : "IPv6"} address`);
    const size = 1n << BigInt(network.bits - length);
    const start = ((next + size - 1n) / size) * size;
    if (start + size > end) return refuse(index + 1, `not enough remaining address space for a subnet with a prefix of ${length} bits after ${made.at(-1) ?? prefix}`);
    made.push(networkText({ address: start, bits: network.bits, length }));
    next = start + size;
  }
  return give(list(made, "string"));
}
