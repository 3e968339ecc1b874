/** @module The person's terminal: raw mode, its size, and the way back. Used by exec sessions with a tty. */
import { spawnSync } from "node:child_process";
import type { ReadStream, WriteStream } from "node:tty";
import { err, ok, type Result } from "../lib/result.ts";
import type { TtySize } from "../nomad/exec-frames.ts";

export type Terminal = {
  readonly size: () => TtySize;
  /** Calls back on every change of size; the function returned ends that. */
  readonly onResize: (listener: () => void) => () => void;
  /** Hands every key to the session; the function returned puts everything back and may be called again. */
  readonly enterRaw: () => () => void;
};

/** Both ends must be terminals: keys come from one, the size from the other. */
export function openTerminal(stdin: ReadStream, stdout: WriteStream): Result<Terminal, string> {
  if (!stdin.isTTY || !stdout.isTTY) return err("not a terminal");
  return ok({
    size: () => ({ height: stdout.rows, width: stdout.columns }),
    onResize: (listener) => {
      stdout.on("resize", listener);
      return () => stdout.off("resize", listener);
    },
    enterRaw: () => enterRaw(stdin),
  });
}

/** Node puts back the settings it found here, the output setting included, and does so itself if the process ends otherwise. */
function enterRaw(stdin: ReadStream): () => void {
  stdin.setRawMode(true);
  // Node's raw mode still turns a line feed into two characters, which breaks full-screen programs. Without stty it stays so.
  spawnSync("stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
  return () => {
    if (stdin.isRaw) stdin.setRawMode(false);
  };
}
