/** @module One message from a process that a benchmark has started. */
import type { ChildProcess } from "node:child_process";

/** The next one that it sends. Rejects when it ends instead. */
export async function message<T>(child: ChildProcess): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (value) => {
      child.off("exit", ended);
      resolve(value as T);
    });
  });
}
