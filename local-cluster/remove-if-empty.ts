/** @module Removes a directory that several clusters share, once the last of them has left it. Used by down. */
import { rmdirSync } from "node:fs";

/** A directory that is not there, or not empty, is left as it is. */
export function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (thrown) {
    if (!["ENOENT", "ENOTEMPTY"].includes(String((thrown as NodeJS.ErrnoException).code))) throw thrown;
  }
}
