/** @module Nomad's durations, whole nanoseconds, in the words of an ExecTask. */
import { formatDuration } from "../../lib/duration.ts";

const NS_PER_MS = 1_000_000;
const LONGEST_NS = 8760 * 3_600_000 * NS_PER_MS;

/** Go's text; an ExecTask spells microseconds with a "u". Negative is none, and more than a year is a year. */
export const durationText = (nanoseconds: number | null): string => formatDuration(Math.min(Math.max(nanoseconds ?? 0, 0), LONGEST_NS) / NS_PER_MS).replace("µs", "us");
