/** @module Starts one daemon so that it outlives the caller, and tells why it died. Used by boot. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { err, ok, type Result } from "../src/lib/result.ts";
import type { DaemonSpec } from "./daemon-specs.ts";
import { clusterPaths } from "./layout.ts";
import { CLUSTER_MARK, identify, isAlive, type ProcessId } from "./processes.ts";
import type { DaemonName } from "./state.ts";

const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const POLL_MS = 100;
const LOG_TAIL_LINES = 8;
const LOG_LINE_LENGTH = 300;

export type DaemonHome = { readonly dir: string; readonly binDir: string; readonly clusterId: string };

/** Starts the daemon in a session of its own, with its own log file and nothing of the caller's environment. */
export function startDaemon({ dir, binDir, clusterId }: DaemonHome, spec: DaemonSpec): ProcessId {
  mkdirSync(clusterPaths(dir).logs, { recursive: true });
  const log = openSync(logPath(dir, spec.name), "a", 0o600);
  const child = spawn(join(binDir, spec.binary), spec.args, {
    detached: true,
    cwd: dir,
    stdio: ["ignore", log, log],
    env: { PATH: `${binDir}:${SYSTEM_PATH}`, HOME: dir, [CLUSTER_MARK]: clusterId },
  });
  // Whether it lives is asked of the kernel, here and after a restart of the script alike.
  child.on("error", () => undefined);
  child.unref();
  closeSync(log);
  const id = child.pid === undefined ? undefined : identify(child.pid);
  if (id === undefined) throw new Error(`${spec.name} could not be started from ${join(binDir, spec.binary)}`);
  return id;
}

export type Wait = {
  readonly what: string;
  /** Whose log explains best why it did not happen in time. */
  readonly daemon: DaemonName;
  readonly isDone: () => Promise<boolean>;
  readonly timeoutMs: number;
  readonly dir: string;
  /** Daemons without which waiting is pointless. */
  readonly needs: Readonly<Partial<Record<DaemonName, ProcessId>>>;
  readonly signal: AbortSignal;
};

/** Polls until done. The error names the daemon that died, or the one that was waited for, with its log file and last lines. */
export async function waitUntil({ what, daemon, isDone, timeoutMs, dir, needs, signal }: Wait): Promise<Result<void, string>> {
  const deadline = performance.now() + timeoutMs;
  const names = Object.keys(needs) as DaemonName[];
  while (!(await isDone())) {
    if (signal.aborted) return err(`stopped while waiting for ${what}`);
    for (const name of names) {
      const id = needs[name];
      if (id !== undefined && !isAlive(id)) return err(`${name} ended while waiting for ${what}; ${describeLog(dir, name)}`);
    }
    if (performance.now() > deadline) return err(`waited ${timeoutMs / 1000} s for ${what} in vain; ${describeLog(dir, daemon)}`);
    await sleep(POLL_MS);
  }
  return ok(undefined);
}

/** The log file's name and its last lines. */
export function describeLog(dir: string, name: DaemonName): string {
  const path = logPath(dir, name);
  if (!existsSync(path)) return `it wrote no log at ${path}`;
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES);
  return `the last lines of ${path}:\n${lines.map((line) => `  ${line.slice(0, LOG_LINE_LENGTH)}`).join("\n")}`;
}

const logPath = (dir: string, name: DaemonName): string => join(clusterPaths(dir).logs, `${name}.log`);
