/** @module `nomad-bridge assess` and `nomad-bridge import`: gives the commands files and the environment. */
import type { MigrateDeps } from "../cli/migrate/assess.ts";
import { readText } from "./read-text.ts";
import { sha256 } from "../access/sha256.ts";

export function migrateDeps(): MigrateDeps {
  const interrupted = new AbortController();
  // Once: a second Ctrl-C ends the program where it is.
  process.once("SIGINT", () => {
    process.stderr.write("nomad-bridge: ends what is under way; Ctrl-C again ends at once\n");
    interrupted.abort();
  });
  return {
    signal: interrupted.signal,
    out: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
    readText,
    env: process.env,
    sha256,
  };
}
