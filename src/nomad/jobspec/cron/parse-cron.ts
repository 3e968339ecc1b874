/**
 * @module Cron expressions as Nomad reads them: five fields, a year behind them as the sixth, seconds in front as the seventh; names, L, W, #
 * and the @ words. Used by validate and next-launch.ts.
 * Source: developer.hashicorp.com/nomad/docs/job-specification/periodic, and hashicorp/cronexpr (Apache-2.0), whose rules they are
 */
import { err, ok, type Result } from "../../../lib/result.ts";

export type CronSchedule = {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  readonly years: readonly number[];
  readonly daysOfMonth: DaysOfMonth | undefined;
  readonly daysOfWeek: DaysOfWeek | undefined;
};

/** Undefined in the schedule where every day is meant. `workdays`: the weekday that is nearest. */
export type DaysOfMonth = { readonly days: readonly number[]; readonly workdays: readonly number[]; readonly last: boolean; readonly lastWorkday: boolean };

/** Sunday is 0. `nth` are the third Friday of a month and its like; `last` the last Friday. */
export type DaysOfWeek = { readonly days: readonly number[]; readonly nth: readonly { readonly day: number; readonly week: number }[]; readonly last: readonly number[] };

const MAX_CHARS = 1024;
const FIRST_YEAR = 1970;
const LAST_YEAR = 2099;

type FieldRule = { readonly name: string; readonly min: number; readonly max: number; readonly names?: Readonly<Record<string, number>> };

const namesOf = (full: readonly string[], first: number): Readonly<Record<string, number>> =>
  Object.fromEntries(full.flatMap((name, index) => [[name, index + first] as const, [name.slice(0, 3), index + first] as const]));

const MONTHS = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const SECOND: FieldRule = { name: "second", min: 0, max: 59 };
const MINUTE: FieldRule = { name: "minute", min: 0, max: 59 };
const HOUR: FieldRule = { name: "hour", min: 0, max: 23 };
const DAY_OF_MONTH: FieldRule = { name: "day-of-month", min: 1, max: 31 };
const MONTH: FieldRule = { name: "month", min: 1, max: 12, names: namesOf(MONTHS, 1) };
const DAY_OF_WEEK: FieldRule = { name: "day-of-week", min: 0, max: 6, names: { ...namesOf(DAYS, 0), "7": 0, "07": 0 } };
const YEAR: FieldRule = { name: "year", min: FIRST_YEAR, max: LAST_YEAR };

const WORDS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 0 1 1 * *",
  "@annually": "0 0 0 1 1 * *",
  "@monthly": "0 0 0 1 * * *",
  "@weekly": "0 0 0 * * 0 *",
  "@daily": "0 0 0 * * * *",
  "@hourly": "0 0 * * * * *",
};

/** The schedule, or what is wrong with the expression. */
export function parseCron(expression: string): Result<CronSchedule, string> {
  if (expression.length > MAX_CHARS) return err(`cron expression has ${expression.length} characters, and at most ${MAX_CHARS} are read`);
  const plain = expression.replaceAll(/@(?:yearly|annually|monthly|weekly|daily|hourly)/g, (word) => WORDS[word] ?? word);
  const written = plain.split(/[\t\n\f\r ]+/).filter((field) => field !== "");
  if (written.length < 5) return err("missing field(s)");
  const [second = "0", minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = "", year = "*"] = written.length >= 7 ? written : ["0", ...written];
  const read = {
    seconds: parseList(SECOND, second),
    minutes: parseList(MINUTE, minute),
    hours: parseList(HOUR, hour),
    daysOfMonth: parseDaysOfMonth(dayOfMonth),
    months: parseList(MONTH, month),
    daysOfWeek: parseDaysOfWeek(dayOfWeek),
    years: parseList(YEAR, year),
  };
  const wrong = Object.values(read).find((field) => !field.ok);
  if (wrong !== undefined && !wrong.ok) return wrong;
  return ok(Object.fromEntries(Object.entries(read).map(([name, field]) => [name, field.ok ? field.value : undefined])) as unknown as CronSchedule);
}

type Entry = { readonly kind: "all" } | { readonly kind: "values"; readonly values: readonly number[] } | { readonly kind: "other"; readonly text: string };

const ordered = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b);

function parseList(rule: FieldRule, text: string): Result<readonly number[], string> {
  const entries = parseEntries(rule, text);
  if (!entries.ok) return entries;
  // What stands behind a star is not looked at, as it can add nothing.
  const decisive = entries.value.find(({ kind }) => kind !== "values");
  if (decisive?.kind === "other") return syntaxError(rule, decisive.text);
  if (decisive?.kind === "all") return ok(span(rule.min, rule.max, 1));
  return ok(ordered(valuesOf(entries.value)));
}

const valuesOf = (entries: readonly Entry[]): readonly number[] => entries.flatMap((entry) => (entry.kind === "values" ? entry.values : []));

const syntaxError = (rule: FieldRule, text: string): Result<never, string> => err(`syntax error in ${rule.name} field: '${text}'`);

function parseDaysOfMonth(text: string): Result<DaysOfMonth | undefined, string> {
  const entries = parseEntries(DAY_OF_MONTH, text);
  if (!entries.ok) return entries;
  const others = entries.value.flatMap((entry) => (entry.kind === "other" ? [entry.text] : []));
  const workdays = others.map((other) => [other, /^(.+)w$/i.exec(other)?.[1] ?? ""] as const);
  const wrong = workdays.find(([other, day]) => !/^lw?$/i.test(other) && valueOf(DAY_OF_MONTH, day) === undefined);
  if (wrong !== undefined) return syntaxError(DAY_OF_MONTH, wrong[0]);
  if (entries.value.some(({ kind }) => kind === "all")) return ok(undefined);
  return ok({
    days: valuesOf(entries.value),
    workdays: workdays.flatMap(([, day]) => valueOf(DAY_OF_MONTH, day) ?? []),
    last: others.some((other) => /^l$/i.test(other)),
    lastWorkday: others.some((other) => /^lw$/i.test(other)),
  });
}

function parseDaysOfWeek(text: string): Result<DaysOfWeek | undefined, string> {
  const entries = parseEntries(DAY_OF_WEEK, text);
  if (!entries.ok) return entries;
  const nth: { day: number; week: number }[] = [];
  const last: number[] = [];
  for (const entry of entries.value) {
    if (entry.kind !== "other") continue;
    const [, day = "", week] = /^([^#]+?)(?:l|#([1-5]))$/i.exec(entry.text) ?? [];
    const value = valueOf(DAY_OF_WEEK, day);
    if (value === undefined) return syntaxError(DAY_OF_WEEK, entry.text);
    if (week === undefined) last.push(value);
    if (week !== undefined) nth.push({ day: value, week: Number(week) });
  }
  if (entries.value.some(({ kind }) => kind === "all")) return ok(undefined);
  return ok({ days: ordered(valuesOf(entries.value)), nth, last });
}

function parseEntries(rule: FieldRule, text: string): Result<readonly Entry[], string> {
  const entries: Entry[] = [];
  for (const written of text.split(",").filter((entry) => entry !== "")) {
    const entry = parseEntry(rule, written);
    if (!entry.ok) return entry;
    entries.push(entry.value);
  }
  return entries.length === 0 ? err(`${rule.name} field: missing directive`) : ok(entries);
}

/** `*`, `5`, `5-20`, each with a step behind it or not; "other" is for the two fields of days to say. */
function parseEntry(rule: FieldRule, text: string): Result<Entry, string> {
  if (text === "*" || text === "?") return ok({ kind: "all" });
  const [range = "", step, ...more] = text.split("/");
  const bounds = boundsOf(rule, range, step !== undefined);
  if (bounds === undefined || more.length > 0 || !/^\d*$/.test(step ?? "") || step === "") return ok({ kind: "other", text });
  const interval = step === undefined ? 1 : intervalOf(step);
  if (step !== undefined && (interval < 1 || interval > rule.max)) return err(`invalid interval ${text.toLowerCase()}`);
  // A week's span to Sunday ends with Saturday, as Sunday is its first day.
  const end = rule === DAY_OF_WEEK && range.includes("-") && bounds.last === 0 ? 6 : bounds.last;
  return ok({ kind: "values", values: span(bounds.first, end, interval) });
}

/** Steps are read like minutes: one or two digits, or the digits of a year. */
const intervalOf = (step: string): number => (step.length <= 2 && Number(step) <= 59 ? Number(step) : step.length === 4 ? Number(step) : 0);

function boundsOf(rule: FieldRule, range: string, stepped: boolean): { readonly first: number; readonly last: number } | undefined {
  if (range === "*") return { first: rule.min, last: rule.max };
  const [from = "", to, ...more] = range.split("-");
  const first = valueOf(rule, from);
  if (first === undefined || more.length > 0) return undefined;
  if (to === undefined) return { first, last: stepped ? rule.max : first };
  const last = valueOf(rule, to);
  return last === undefined ? undefined : { first, last };
}

function valueOf(rule: FieldRule, text: string): number | undefined {
  const named = rule.names?.[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^\d{1,4}$/.test(text) || (text.length > 2 && rule !== YEAR)) return undefined;
  const value = Number(text);
  return value >= rule.min && value <= rule.max ? value : undefined;
}

function span(first: number, last: number, step: number): readonly number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}
