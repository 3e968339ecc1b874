/** @module HCL functions of times. Used by registry.ts. Source: behaviour of go-cty's stdlib, pkg.go.dev/time */
import { parseDuration } from "../../../lib/duration.ts";
import { err, ok, type Result } from "../../../lib/result.ts";
import { type CallResult, give, type HclFunction, plainFunction, refuse } from "./function.ts";

export const dateFunctions: Readonly<Record<string, HclFunction>> = {
  formatdate: plainFunction("format:string time:string", ([format, time]) => formatDate(format as string, time as string)),
  timeadd: plainFunction("timestamp:string duration:string", ([time, duration]) => addTime(time as string, duration as string)),
};

/** The wall clock of a zone: `local` is a Date whose UTC fields are those of the zone. */
type Time = { readonly local: Date; readonly offsetMinutes: number; readonly nanos: number };

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

function parseTime(text: string): Result<Time, string> {
  const match = TIMESTAMP.exec(text);
  if (match === null) return err(`not a valid RFC3339 timestamp: ${JSON.stringify(text.slice(0, 40))}; write it like "2026-01-31T12:00:00Z"`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const local = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  local.setUTCFullYear(year, month - 1, day);
  const isReal = local.getUTCMonth() === month - 1 && local.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  const [hours, minutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (!isReal || hours > 24 || minutes > 59) return err(`not a valid RFC3339 timestamp: ${JSON.stringify(text)} has a field that is out of range`);
  const offsetMinutes = (match[8] === "-" ? -1 : 1) * (hours * 60 + minutes);
  return ok({ local, offsetMinutes, nanos: Number((match[7] ?? "").padEnd(9, "0").slice(0, 9)) });
}

function addTime(text: string, duration: string): CallResult {
  const time = parseTime(text);
  if (!time.ok) return refuse(0, time.error);
  const ms = parseDuration(duration);
  if (!ms.ok) return refuse(1, ms.error);
  const nanos = BigInt(time.value.local.getTime()) * 1_000_000n + BigInt(time.value.nanos) + BigInt(Math.round(ms.value * 1e6));
  const seconds = nanos / 1_000_000_000n - (nanos % 1_000_000_000n < 0n ? 1n : 0n);
  const local = new Date(Number(seconds) * 1000);
  if (Number.isNaN(local.getTime())) return err({ message: "the result is beyond what can be written as a time" });
  const zone = time.value.offsetMinutes === 0 ? "Z" : zoneText(time.value.offsetMinutes, ":");
  return give(`${local.toISOString().replace(/\.\d+Z$/, "")}${zone}`);
}

function zoneText(minutes: number, colon: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`;
}

const pad = (value: number): string => String(value).padStart(2, "0");
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const FIELDS: Readonly<Record<string, (time: Time) => string>> = {
  YY: ({ local }) => pad(local.getUTCFullYear() % 100),
  YYYY: ({ local }) => String(local.getUTCFullYear()).padStart(4, "0"),
  M: ({ local }) => String(local.getUTCMonth() + 1),
  MM: ({ local }) => pad(local.getUTCMonth() + 1),
  MMM: ({ local }) => (MONTHS[local.getUTCMonth()] ?? "").slice(0, 3),
  MMMM: ({ local }) => MONTHS[local.getUTCMonth()] ?? "",
  D: ({ local }) => String(local.getUTCDate()),
  DD: ({ local }) => pad(local.getUTCDate()),
  EEE: ({ local }) => (DAYS[local.getUTCDay()] ?? "").slice(0, 3),
  EEEE: ({ local }) => DAYS[local.getUTCDay()] ?? "",
  h: ({ local }) => String(local.getUTCHours()),
  hh: ({ local }) => pad(local.getUTCHours()),
  H: ({ local }) => String(local.getUTCHours() % 12 || 12),
  HH: ({ local }) => pad(local.getUTCHours() % 12 || 12),
  AA: ({ local }) => (local.getUTCHours() < 12 ? "AM" : "PM"),
  aa: ({ local }) => (local.getUTCHours() < 12 ? "am" : "pm"),
  m: ({ local }) => String(local.getUTCMinutes()),
  mm: ({ local }) => pad(local.getUTCMinutes()),
  s: ({ local }) => String(local.getUTCSeconds()),
  ss: ({ local }) => pad(local.getUTCSeconds()),
  Z: ({ offsetMinutes }) => (offsetMinutes === 0 ? "Z" : zoneText(offsetMinutes, ":")),
  ZZZ: ({ offsetMinutes }) => (offsetMinutes === 0 ? "UTC" : zoneText(offsetMinutes, "")),
  ZZZZ: ({ offsetMinutes }) => zoneText(offsetMinutes, ""),
  ZZZZZ: ({ offsetMinutes }) => zoneText(offsetMinutes, ":"),
};

function formatDate(format: string, text: string): CallResult {
  const time = parseTime(text);
  if (!time.ok) return refuse(1, time.error);
  let result = "";
  for (const [part] of format.matchAll(/'(?:[^']|'')*'?|([A-Za-z])\1*|[^A-Za-z']+/g)) {
    const piece = formatPart(part, time.value);
    if (!piece.ok) return refuse(0, piece.error);
    result += piece.value;
  }
  return give(result);
}

function formatPart(part: string, time: Time): Result<string, string> {
  if (part.startsWith("'")) {
    if (part.length < 2 || !part.endsWith("'")) return err("unterminated literal '");
    return ok(part === "''" ? "'" : part.slice(1, -1).replaceAll("''", "'"));
  }
  if (!/^[A-Za-z]/.test(part)) return ok(part);
  const field = Object.hasOwn(FIELDS, part) ? FIELDS[part] : undefined;
  if (field !== undefined) return ok(field(time));
  return err(`invalid date format verb ${JSON.stringify(part.slice(0, 20))}: literal text must be in single quotes`);
}
