/** @module Processes of a cluster as the kernel names them: found, checked and ended. Used by start, down and leftovers. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";

/** Pid and start time together: a pid alone may have been given to somebody else since. */
export const processIdSchema = z.strictObject({
  pid: z.int().positive(),
  /** Clock ticks between the kernel's start and the process's, as /proc prints it. */
  startTicks: z.string().regex(/^\d+$/),
});
export type ProcessId = z.infer<typeof processIdSchema>;

/** Every daemon, and what it starts (shims, CNI plugins), carries this variable with the cluster's id. */
export const CLUSTER_MARK = "NOMAD_BRIDGE_CLUSTER_ID";

type Stat = { readonly state: string; readonly startTicks: string };

/** State letter and start time from the text of /proc/PID/stat. The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined) return undefined;
  return { state, startTicks };
}

/** The full identity of a pid that runs now. A zombie counts as gone. */
export function identify(pid: number): ProcessId | undefined {
  const text = readProc(pid, "stat");
  const stat = text === undefined ? undefined : parseStat(text);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
  return { pid, startTicks: stat.startTicks };
}

export function isAlive(id: ProcessId): boolean {
  return identify(id.pid)?.startTicks === id.startTicks;
}

/** Every process whose environment carries the mark of this cluster, also one that was started but never recorded. */
export function markedProcesses(clusterId: string): readonly ProcessId[] {
  const mark = `${CLUSTER_MARK}=${clusterId}`;
  return allPids()
    .filter((pid) => readProc(pid, "environ")?.split("\0").includes(mark) === true)
    .flatMap((pid) => identify(pid) ?? []);
}

/** Sends SIGKILL, if pid and start time still name the same process. */
export function endProcess(id: ProcessId): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/** One line for a person: pid and command line. */
export function describeProcess(pid: number): string {
  const commandLine = readProc(pid, "cmdline")?.replaceAll("\0", " ").trim() ?? "";
  return `${pid} ${commandLine.slice(0, 100)}`;
}

function allPids(): readonly number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Undefined when the process ended meanwhile or is not ours to read. */
function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch (thrown) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(String((thrown as NodeJS.ErrnoException).code))) return undefined;
    throw thrown;
  }
}

/** File name of the program a process runs, "" for one that ended. */
export function programOf(pid: number): string {
  return basename(readProc(pid, "cmdline")?.split("\0")[0] ?? "");
}
