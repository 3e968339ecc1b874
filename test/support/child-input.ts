/** @module What a program of a test reads on its stdin. Used by the tests of every project. */
import type { Writable } from "node:stream";

/** A program may end without reading it, all the more a slow test's: what it says and how it ends is what counts then, not the broken pipe. */
export function giveInput({ stdin }: { readonly stdin: Writable }, input: string | Uint8Array): void {
  stdin.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  stdin.end(input);
}
