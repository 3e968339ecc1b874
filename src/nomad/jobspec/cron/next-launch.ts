/**
 * @module When a cron expression is next due in a time zone. Pure: the caller says what time it is. Used for periodic jobs.
 * What counts is the clock on the wall: an hour that daylight saving skips has no launches, one that comes twice has them twice.
 */
import { err, messageOf, ok, type Result } from "../../../lib/result.ts";
import type { PeriodicConfig } from "../../job.ts";
import { type CronSchedule, parseCron } from "./parse-cron.ts";

const DAY_MS = 86_400_000;

/** Milliseconds that a zone's clock is ahead of UTC at an instant. */
export type OffsetAt = (ms: number) => number;

/** The first launch of a periodic job after an instant, in Unix ms; undefined where there is none before 2100, or it is disabled. */
export function nextPeriodicLaunch(periodic: PeriodicConfig, afterMs: number): Result<number | undefined, string> {
  const launches = periodicLaunches(periodic);
  return launches.ok ? ok(launches.value(afterMs)) : launches;
}

/** The same as a function of the instant, for whoever asks more than once: expressions are read, and the zone's clock is made, once. */
export function periodicLaunches(periodic: PeriodicConfig): Result<(afterMs: number) => number | undefined, string> {
  if (!periodic.Enabled) return ok(() => undefined);
  const schedules: CronSchedule[] = [];
  for (const expression of periodic.Spec === "" ? periodic.Specs : [periodic.Spec]) {
    const schedule = readCron(expression);
    if (!schedule.ok) return schedule;
    schedules.push(schedule.value);
  }
  const offsetAt = zoneOffset(periodic.TimeZone);
  if (!offsetAt.ok) return offsetAt;
  const remembered = offsetByMinute(offsetAt.value);
  return ok((afterMs) => {
    const due = schedules.flatMap((schedule) => nextDue(schedule, remembered, afterMs) ?? []);
    return due.length === 0 ? undefined : Math.min(...due);
  });
}

function readCron(expression: string): Result<CronSchedule, string> {
  const schedule = parseCron(expression);
  return schedule.ok ? schedule : err(`failed parsing cron expression: ${expression}: ${schedule.error}`);
}

const MINUTE_MS = 60_000;
const REMEMBERED_MINUTES = 10_000;

/** Asking a zone's clock takes microseconds, and near a change of it each second of hours is asked for. Clocks change at whole minutes. */
function offsetByMinute(offsetAt: OffsetAt): OffsetAt {
  const known = new Map<number, number>();
  return (ms) => {
    const minute = Math.floor(ms / MINUTE_MS);
    const offset = known.get(minute) ?? offsetAt(minute * MINUTE_MS);
    if (known.size < REMEMBERED_MINUTES) known.set(minute, offset);
    return offset;
  };
}

/** The first instant after `afterMs` that the expression names, in Unix ms; undefined where there is none before 2100. */
export function nextLaunch(expression: string, timeZone: string, afterMs: number): Result<number | undefined, string> {
  const schedule = readCron(expression);
  if (!schedule.ok) return schedule;
  const offsetAt = zoneOffset(timeZone);
  return offsetAt.ok ? ok(nextDue(schedule.value, offsetAt.value, afterMs)) : offsetAt;
}

/** The zone's clock, or Go's word for a zone that does not exist. "" is UTC. */
export function zoneOffset(timeZone: string): Result<OffsetAt, string> {
  if (timeZone === "" || timeZone === "UTC") return ok(() => 0);
  if (!/^[A-Za-z][\w+/-]{0,99}$/.test(timeZone)) return err(`unknown time zone ${timeZone}`);
  try {
    const clock = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    return ok((ms) => wallClock(clock, ms) - Math.floor(ms / 1000) * 1000);
  } catch (thrown) {
    return err(`unknown time zone ${timeZone}: ${messageOf(thrown)}`);
  }
}

function wallClock(clock: Intl.DateTimeFormat, ms: number): number {
  const parts = Object.fromEntries(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(parts["year"] ?? 0, (parts["month"] ?? 1) - 1, parts["day"] ?? 1, parts["hour"] ?? 0, parts["minute"] ?? 0, parts["second"] ?? 0);
}

/** The same for a schedule and a zone's clock that the caller keeps: making a clock takes milliseconds. */
export function nextDue(schedule: CronSchedule, offsetAt: OffsetAt, afterMs: number): number | undefined {
  // A span such as 5-3 is allowed and names nothing.
  if (schedule.hours.length * schedule.minutes.length * schedule.seconds.length === 0) return undefined;
  const today = Math.floor((afterMs + offsetAt(afterMs)) / DAY_MS) * DAY_MS;
  const first = new Date(today);
  for (const year of schedule.years.filter((candidate) => candidate >= first.getUTCFullYear())) {
    for (const month of schedule.months) {
      for (const day of daysOf(schedule, year, month)) {
        const midnight = Date.UTC(year, month - 1, day);
        if (midnight < today) continue;
        const found = launchOfDay(schedule, offsetAt, midnight, afterMs);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

/** The first launch of one day. Where the clock is changed an hour may come twice: a later time of it may be the earlier instant. */
function launchOfDay(schedule: CronSchedule, offsetAt: OffsetAt, midnight: number, afterMs: number): number | undefined {
  const before = offsetAt(midnight - DAY_MS);
  const after = offsetAt(midnight + 2 * DAY_MS);
  let first: number | undefined;
  for (const wall of timesOfDay(schedule, midnight, afterMs + Math.min(before, after))) {
    if (before === after) return wall - before;
    if (first !== undefined && wall - Math.max(before, after) >= first) break;
    const next = instantsOf(wall, offsetAt).find((instant) => instant > afterMs);
    if (next !== undefined) first = Math.min(first ?? next, next);
  }
  return first;
}

/** Later than `from`. Hours and minutes that are over are passed over as a whole. */
function* timesOfDay(schedule: CronSchedule, midnight: number, from: number): Generator<number> {
  for (const hour of schedule.hours) {
    if (midnight + (hour + 1) * 60 * MINUTE_MS <= from) continue;
    for (const minute of schedule.minutes) {
      const start = midnight + (hour * 60 + minute) * MINUTE_MS;
      if (start + MINUTE_MS <= from) continue;
      for (const second of schedule.seconds) if (start + second * 1000 > from) yield start + second * 1000;
    }
  }
}

/** When a wall clock shows a time: once, twice, or never. In order. */
function instantsOf(wall: number, offsetAt: OffsetAt): readonly number[] {
  const offsets = new Set([offsetAt(wall - DAY_MS), offsetAt(wall + DAY_MS)]);
  return [...offsets].map((offset) => wall - offset).filter((instant) => instant + offsetAt(instant) === wall).sort((a, b) => a - b);
}

/** The days of a month that are due. Where both fields of days say something, either is enough. */
function daysOf(schedule: CronSchedule, year: number, month: number): readonly number[] {
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const weekdayOf = (day: number): number => new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  const every = Array.from({ length }, (_, index) => index + 1);
  const { daysOfMonth, daysOfWeek } = schedule;
  if (daysOfMonth === undefined && daysOfWeek === undefined) return every;
  const due = new Set([
    ...(daysOfMonth?.days ?? []),
    ...(daysOfMonth?.workdays ?? []).filter((day) => day <= length).map((day) => nearestWorkday(day, weekdayOf(day), length)),
    ...(daysOfMonth?.last ? [length] : []),
    ...(daysOfMonth?.lastWorkday ? [nearestWorkday(length, weekdayOf(length), length)] : []),
  ]);
  return every.filter((day) => due.has(day) || (daysOfWeek !== undefined && isDueWeekday(daysOfWeek, day, weekdayOf(day), length)));
}

function isDueWeekday(days: NonNullable<CronSchedule["daysOfWeek"]>, day: number, weekday: number, length: number): boolean {
  if (days.days.includes(weekday)) return true;
  if (days.last.includes(weekday) && day > length - 7) return true;
  return days.nth.some((nth) => nth.day === weekday && nth.week === Math.ceil(day / 7));
}

/** Saturday becomes Friday and Sunday Monday, within the month. */
function nearestWorkday(day: number, weekday: number, length: number): number {
  if (weekday === 6) return day > 1 ? day - 1 : day + 2;
  if (weekday === 0) return day < length ? day + 1 : day - 2;
  return day;
}
