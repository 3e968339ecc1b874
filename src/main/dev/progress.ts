/** @module Arguments, progress lines and Ctrl-C of the commands for development. */

/** Lines with the time since the start. */
export function progress(): (line: string) => void {
  const started = performance.now();
  return (line) => process.stdout.write(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${line}\n`);
}

/** Ends the process with a word about arguments, of which these commands take none: what was meant by one would not happen. */
export function refuseArguments(command: string): void {
  const [first] = process.argv.slice(2);
  if (first === undefined) return;
  process.stderr.write(`npm run ${command} takes no arguments, and was given "${first}"; README.md says which variables it reads\n`);
  process.exit(2);
}

/** Aborted by the first Ctrl-C, which lets a step end cleanly; the second one ends the process. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  return controller.signal;
}
