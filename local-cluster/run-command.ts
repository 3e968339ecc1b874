/** @module One short-lived command, its output as a value. Used by every script here that calls a tool. */
import { spawn } from "node:child_process";
import { err, ok, type Result } from "../src/lib/result.ts";

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
};

/** How much of a failing command's stderr goes into the error, in characters. */
const ERROR_TAIL = 2000;

/** What the command printed on stdout; the error names command, exit and the end of stderr. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-ERROR_TAIL)));
    child.on("error", (error) => resolve(err(`${command} could not run: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(ok(stdout));
      resolve(err(`${[command, ...args].join(" ")} ended with ${signal ?? code}: ${stderr.trim() || stdout.slice(-ERROR_TAIL).trim()}`));
    });
  });
}
