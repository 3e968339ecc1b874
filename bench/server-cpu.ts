/** @module CPU time of the server process, as the kernel counts it. Linux only. */
import { readFileSync } from "node:fs";

/** The unit of utime and stime in /proc, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of user and system time since the process began, in steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name in parentheses may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
