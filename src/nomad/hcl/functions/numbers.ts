/** @module HCL functions of numbers. Used by registry.ts. Source: behaviour of go-cty's stdlib. */
import { err } from "../../../lib/result.ts";
import { compare, floor, fromBigInt, negate, type Num, numOf, subtract, toBigInt, toNumber } from "../values/number.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse, TOO_LARGE } from "./function.ts";
import { afford } from "../budget.ts";
import { list, type Val } from "../values/value.ts";

const asNum = (value: Val | undefined): Num => value as Num;

export const numberFunctions: Readonly<Record<string, HclFunction>> = {
  abs: plainFunction("num:number", ([num]) => give(compare(asNum(num), 0) < 0 ? negate(asNum(num)) : asNum(num))),
  ceil: plainFunction("num:number", ([num]) => give(negate(floor(negate(asNum(num)))))),
  floor: plainFunction("num:number", ([num]) => give(floor(asNum(num)))),
  log: plainFunction("num:number base:number", ([num, base]) => float(Math.log(toNumber(asNum(num))) / Math.log(toNumber(asNum(base))))),
  max: plainFunction("...numbers:number", (numbers) => best(numbers, (order) => order > 0)),
  min: plainFunction("...numbers:number", (numbers) => best(numbers, (order) => order < 0)),
  pow: plainFunction("num:number power:number", ([num, power]) => powerOf(asNum(num), asNum(power))),
  signum: plainFunction("num:number", ([num]) => (toBigInt(asNum(num)) === undefined ? err({ message: "value must be a whole number" }) : give(Math.sign(compare(asNum(num), 0))))),
  parseint: plainFunction("number:any base:number", ([text, base]) => parseInteger(text, asNum(base))),
  range: plainFunction("...params:number", (params, budget) => range(params.map(asNum), budget)),
};

/** What JavaScript's floats give, as Go's do. */
function float(value: number): CallResult {
  return Number.isNaN(value) ? err({ message: "the result is not a number" }) : give(numOf(value));
}

function best(numbers: readonly Val[], isBetter: (order: number) => boolean): CallResult {
  const [first, ...others] = numbers.map(asNum);
  if (first === undefined) return err({ message: "must pass at least one number" });
  return give(others.reduce((found, each) => (isBetter(compare(each, found)) ? each : found), first));
}

function powerOf(num: Num, power: Num): CallResult {
  return float(toNumber(num) ** toNumber(power));
}

function parseInteger(text: Val | undefined, base: Num): CallResult {
  if (typeof text !== "string") return refuse(0, "first argument must be a string");
  const radix = toNumber(base);
  if (!Number.isInteger(radix)) return refuse(1, "must be a whole number");
  if (radix < 2 || radix > 62) return refuse(1, "base must be a whole number between 2 and 62 inclusive");
  const match = /^([+-]?)([0-9A-Za-z]+)$/.exec(text);
  const digits = (match?.[2] ?? "").split("").map((digit) => digitOf(digit, radix));
  if (match === null || text.length > 1000 || digits.some((digit) => digit >= radix)) return refuse(0, `cannot parse ${JSON.stringify(text.slice(0, 80))} as a base ${radix} integer`);
  const whole = digits.reduce((sum, digit) => sum * BigInt(radix) + BigInt(digit), 0n);
  return give(fromBigInt(match[1] === "-" ? -whole : whole));
}

/** Letters count from 10; capitals are the same up to base 36 and the greater ones beyond it. */
function digitOf(digit: string, radix: number): number {
  if (digit >= "0" && digit <= "9") return Number(digit);
  if (digit >= "a") return digit.charCodeAt(0) - 87;
  return digit.charCodeAt(0) - (radix <= 36 ? 55 : 29);
}

const MAX_RANGE = 1024;

/** Start, limit and step; the limit is not among the numbers. */
function range(params: readonly Num[], budget: { left: number }): CallResult {
  const [first, second, third] = params;
  if (first === undefined || params.length > 3) return err({ message: first === undefined ? "must have at least one argument" : "must have one, two, or three arguments" });
  const [start, end] = second === undefined ? [0, first] : [first, second];
  const isDown = compare(end, start) < 0;
  const step = third ?? (isDown ? -1 : 1);
  if (compare(step, 0) === 0) return refuse(2, "step must not be zero");
  if (isDown && compare(step, 0) > 0) return refuse(2, "end must be greater than start when step is positive");
  if (!isDown && compare(step, 0) < 0 && compare(start, end) !== 0) return refuse(2, "end must be less than start when step is negative");
  const numbers: Num[] = [];
  for (let at: Num = start; isDown ? compare(at, end) > 0 : compare(at, end) < 0; at = subtract(at, negate(step))) {
    if (numbers.length >= MAX_RANGE) return err({ message: `more than ${MAX_RANGE} values were generated; either decrease the difference between start and end or use a smaller step` });
    if (!afford(budget, 1)) return err({ message: TOO_LARGE });
    numbers.push(at);
  }
  return give(list(numbers, "number"));
}

