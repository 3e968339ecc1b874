/** @module Address ranges for a new cluster that nothing on this machine routes yet. Used by boot. */
import { randomInt } from "node:crypto";
import { err, ok, type Result } from "../src/lib/result.ts";
import { runCommand } from "./run-command.ts";

export type NetworkChoice = { readonly podCidr: string; readonly serviceCidr: string };

const TRIES = 100;

/** Two different /24 from 10.128.0.0/9 that no route of this machine touches. */
export async function chooseNetwork(): Promise<Result<NetworkChoice, string>> {
  const routes = await runCommand("ip", ["-4", "route", "show", "table", "all"]);
  return routes.ok ? pickNetworks(routes.value, randomInt) : routes;
}

/**
 * @param routes what `ip route` prints
 * @param random a whole number from `min` up to, not including, `max`
 */
export function pickNetworks(routes: string, random: (min: number, max: number) => number): Result<NetworkChoice, string> {
  const used = [...routes.matchAll(/(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?/g)].map(toRange).filter(({ bits }) => bits > 0);
  const free: string[] = [];
  for (let tries = 0; tries < TRIES && free.length < 2; tries += 1) {
    const candidate = `10.${random(128, 256)}.${random(0, 256)}.0/24`;
    const range = parseRange(candidate);
    if (!used.some((other) => overlap(range, other)) && !free.includes(candidate)) free.push(candidate);
  }
  const [podCidr, serviceCidr] = free;
  if (podCidr === undefined || serviceCidr === undefined) return err("no free /24 in 10.128.0.0/9: this machine routes nearly all of it; remove a route and try again");
  return ok({ podCidr, serviceCidr });
}

type Range = { readonly address: number; readonly bits: number };

function parseRange(cidr: string): Range {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr);
  if (match === null) throw new Error(`"${cidr}" is no IPv4 range`);
  return toRange(match);
}

function toRange([, a, b, c, d, bits]: readonly (string | undefined)[]): Range {
  const address = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0);
  return { address, bits: bits === undefined ? 32 : Number(bits) };
}

function overlap(one: Range, other: Range): boolean {
  const size = 2 ** (32 - Math.min(one.bits, other.bits));
  return Math.floor(one.address / size) === Math.floor(other.address / size);
}
