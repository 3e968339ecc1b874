/**
 * @module Numbers of HCL: binary floats of 512 bits, as go-cty has them, so that 0.1 + 0.2 is 0.3 and large counts stay exact.
 * A whole number that JavaScript holds exactly is a plain number; all others are `Big`.
 */

/** mantissa × 2^exponent; the mantissa is odd and has at most 512 bits. */
export type Big = { readonly kind: "big"; readonly mantissa: bigint; readonly exponent: number };

/** A safe integer, an infinity, or a Big that is neither. */
export type Num = number | Big;

const PRECISION = 512;
/** Beyond this a number is infinite or zero: text of it would be longer than it is worth. */
const MAX_EXPONENT = 16_384;
const MAX_DECIMAL_EXPONENT = 4_000;

export const isNum = (value: unknown): value is Num => typeof value === "number" || (typeof value === "object" && value !== null && (value as Big).kind === "big");

/** @param source digits as HCL writes them, or as a string that stands for a number has them; undefined for anything else */
export function parseNum(source: string): Num | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(source);
  if (match === null) return /^[+-]?[Ii]nf$/.test(source) ? (source.startsWith("-") ? -Infinity : Infinity) : undefined;
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (whole + fraction === "") return undefined;
  if (digits === "") return 0;
  const exponent = Number(power) - fraction.length;
  if (exponent + digits.length < -MAX_DECIMAL_EXPONENT) return 0;
  if (exponent > MAX_DECIMAL_EXPONENT || digits.length > MAX_DECIMAL_EXPONENT) return sign === "-" ? -Infinity : Infinity;
  const mantissa = BigInt(sign === "-" ? `-${digits}` : digits);
  if (exponent >= 0) return round(mantissa * 10n ** BigInt(exponent), 0, false);
  return quotient({ kind: "big", mantissa, exponent: 0 }, { kind: "big", mantissa: 10n ** BigInt(-exponent), exponent: 0 });
}

/** Any JavaScript number but NaN, exactly. */
export function numOf(value: number): Num {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return value + 0;
  let exponent = 0;
  let scaled = value;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    exponent -= 1;
  }
  return round(BigInt(scaled), exponent, false);
}

/** The nearest JavaScript number. */
export const toNumber = (value: Num): number => (typeof value === "number" ? value : Number(numText(value)));

/** The exact whole number; undefined for fractions and infinities. */
export function toBigInt(value: Num): bigint | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? BigInt(value) : undefined;
  return value.exponent >= 0 ? value.mantissa << BigInt(value.exponent) : undefined;
}

export const fromBigInt = (value: bigint): Num => round(value, 0, false);

export function add(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number" && isExact(a + b)) return a + b;
  const [x, y] = [bigOf(a), bigOf(b)];
  if (x === undefined || y === undefined) return infinite(a) + infinite(b);
  const exponent = Math.min(x.exponent, y.exponent);
  return round((x.mantissa << BigInt(x.exponent - exponent)) + (y.mantissa << BigInt(y.exponent - exponent)), exponent, false);
}

export function negate(value: Num): Num {
  return typeof value === "number" ? 0 - value : { ...value, mantissa: -value.mantissa };
}

export const subtract = (a: Num, b: Num): Num => add(a, negate(b));

export function multiply(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number" && isExact(a * b)) return a * b + 0;
  const [x, y] = [bigOf(a), bigOf(b)];
  if (x === undefined || y === undefined) return infinite(a) * infinite(b);
  return round(x.mantissa * y.mantissa, x.exponent + y.exponent, false);
}

/** NaN for 0/0 and for an infinity by an infinity, which the caller must refuse. */
export function divide(a: Num, b: Num): Num {
  const [x, y] = [bigOf(a), bigOf(b)];
  if (x === undefined || y === undefined || y.mantissa === 0n) return infinite(a) / infinite(b);
  return quotient(x, y);
}

/** Towards zero. */
export function truncate(value: Num): Num {
  if (typeof value === "number" || value.exponent >= 0) return value;
  const shift = BigInt(-value.exponent);
  return round(value.mantissa < 0n ? -(-value.mantissa >> shift) : value.mantissa >> shift, 0, false);
}

/** The remainder with the sign of `a`; NaN where there is none. */
export function modulo(a: Num, b: Num): Num {
  // As go-cty has it: nothing is left out of a number by dividing it by nothing.
  if (compare(b, 0) === 0) return a;
  const times = divide(a, b);
  return subtract(a, multiply(truncate(times), b));
}

export function floor(value: Num): Num {
  const whole = truncate(value);
  return compare(whole, value) > 0 ? subtract(whole, 1) : whole;
}

/** Below 0, 0 or above 0. */
export function compare(a: Num, b: Num): number {
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a - b;
  const [x, y] = [bigOf(a), bigOf(b)];
  if (x === undefined || y === undefined) return infinite(a) - infinite(b);
  const difference = subtract(x, y);
  return typeof difference === "number" ? difference : difference.mantissa < 0n ? -1 : 1;
}

/** Digits without exponent, as few as tell the number from its neighbours of 512 bits. */
export function numText(value: Num): string {
  if (typeof value === "number") return Number.isFinite(value) ? String(value + 0) : value > 0 ? "+Inf" : "-Inf";
  const whole = toBigInt(value);
  if (whole !== undefined) return whole.toString();
  const magnitude = fractionText(value.mantissa < 0n ? -value.mantissa : value.mantissa, value.exponent);
  return value.mantissa < 0n ? `-${magnitude}` : magnitude;
}

/** Digits are made one by one until what is left is less than half of the last bit. */
function fractionText(mantissa: bigint, exponent: number): string {
  const shift = PRECISION - bitLength(mantissa);
  const denominator = 1n << BigInt(shift - exponent + 1);
  const numerator = mantissa << BigInt(shift + 1);
  let margin = 1n;
  let rest = numerator % denominator;
  let digits = (numerator / denominator).toString();
  let fractionDigits = 0;
  for (;;) {
    const isLow = rest <= margin;
    const isHigh = rest + margin >= denominator;
    if (isLow || isHigh) {
      const roundsUp = isHigh && (!isLow || rest * 2n >= denominator);
      return withPoint(roundsUp ? (BigInt(digits) + 1n).toString().padStart(digits.length, "0") : digits, fractionDigits);
    }
    rest *= 10n;
    margin *= 10n;
    digits += (rest / denominator).toString();
    rest %= denominator;
    fractionDigits += 1;
  }
}

function withPoint(digits: string, fractionDigits: number): string {
  if (fractionDigits === 0) return digits;
  const point = digits.length - fractionDigits;
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function quotient(x: Big, y: Big): Num {
  if (x.mantissa === 0n) return 0;
  const extra = Math.max(0, PRECISION + 4 - bitLength(x.mantissa) + bitLength(y.mantissa));
  const scaled = x.mantissa << BigInt(extra);
  return round(scaled / y.mantissa, x.exponent - y.exponent - extra, scaled % y.mantissa !== 0n);
}

/** To 512 bits, half to even. `sticky`: something that is not in the mantissa is left over. */
function round(mantissa: bigint, exponent: number, sticky: boolean): Num {
  if (mantissa === 0n) return 0;
  const isNegative = mantissa < 0n;
  let bits = isNegative ? -mantissa : mantissa;
  let power = exponent;
  const excess = bitLength(bits) - PRECISION;
  if (excess > 0) {
    const cut = bits & ((1n << BigInt(excess)) - 1n);
    const half = 1n << BigInt(excess - 1);
    bits >>= BigInt(excess);
    power += excess;
    if (cut > half || (cut === half && (sticky || (bits & 1n) === 1n))) bits += 1n;
  }
  const zeros = trailingZeros(bits);
  return normal(isNegative, bits >> BigInt(zeros), power + zeros);
}

function normal(isNegative: boolean, bits: bigint, exponent: number): Num {
  const size = bitLength(bits) + exponent;
  if (size > MAX_EXPONENT) return isNegative ? -Infinity : Infinity;
  if (exponent < -MAX_EXPONENT) return 0;
  if (exponent >= 0 && size <= 53) return Number((isNegative ? -bits : bits) << BigInt(exponent));
  return { kind: "big", mantissa: isNegative ? -bits : bits, exponent };
}

function trailingZeros(bits: bigint): number {
  let zeros = 0;
  let rest = bits;
  for (; (rest & 0xffff_ffffn) === 0n; rest >>= 32n) zeros += 32;
  for (; (rest & 1n) === 0n; rest >>= 1n) zeros += 1;
  return zeros;
}

function bitLength(positive: bigint): number {
  const hex = positive.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)));
}

const isExact = (value: number): boolean => Number.isSafeInteger(value);

const bigOf = (value: Num): Big | undefined => {
  if (typeof value !== "number") return value;
  return Number.isFinite(value) ? { kind: "big", mantissa: BigInt(value), exponent: 0 } : undefined;
};

/** For arithmetic in which an infinity or a zero divisor has part. */
const infinite = (value: Num): number => (typeof value === "number" ? value : value.mantissa < 0n ? -1 : 1);
