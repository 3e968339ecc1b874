/** @module Progress lines and Ctrl-C for the commands that take a while. */

/** Lines with the time since the start. */
export function progress(): (line: string) => void {
  const started = performance.now();
  return (line) => process.stdout.write(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${line}\n`);
}

/** Aborted by the first Ctrl-C, which lets a step end cleanly; the second one ends the process. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  process.once("SIGTERM", () => controller.abort());
  return controller.signal;
}
