/** @module The real process as what CLI commands are given. The only place of the CLI that reads the environment, the clock and chance. */
import { isatty } from "node:tty";
import type { CommandIo } from "../cli/command-io.ts";

const TERMINATION_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function processIo(): CommandIo {
  return {
    env: process.env,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    isTerminal: isatty,
    now: Date.now,
    random: Math.random,
    termination: () => {
      const controller = new AbortController();
      for (const signal of TERMINATION_SIGNALS) process.on(signal, () => controller.abort());
      return controller.signal;
    },
  };
}
