/** @module The escape sequence of a terminal session (`~.` at the start of a line) as a pure state machine. Used by the CLI. */

/** Where the input stands between two reads. */
export type EscapeState = "line-start" | "in-line" | "after-escape";
export type EscapeStep = {
  readonly state: EscapeState;
  /** What goes to the task. */
  readonly send: Buffer;
  /** True once the person asked to leave; the rest of the input is dropped. */
  readonly disconnect: boolean;
};

export const ESCAPE_START: EscapeState = "line-start";

const DOT = 0x2e;

/**
 * Takes in one read of any length; any split of the same bytes gives the same result.
 * Doubling the escape character sends one of it; before any other byte it is sent as it is.
 * @param escape one byte, such as 0x7e for "~"
 */
export function stepEscape(state: EscapeState, input: Uint8Array, escape: number): EscapeStep {
  const out = Buffer.allocUnsafe(input.length + 1);
  let length = 0;
  let current = state;
  for (const byte of input) {
    if (current === "line-start" && byte === escape) {
      current = "after-escape";
      continue;
    }
    if (current === "after-escape") {
      if (byte === DOT) return { state: current, send: out.subarray(0, length), disconnect: true };
      if (byte !== escape) out[length++] = escape;
    }
    out[length++] = byte;
    current = isLineEnd(byte) ? "line-start" : "in-line";
  }
  return { state: current, send: out.subarray(0, length), disconnect: false };
}

/** What is still owed to the task at end of input: an escape character that nothing followed. */
export function flushEscape(state: EscapeState, escape: number): Buffer {
  return state === "after-escape" ? Buffer.of(escape) : Buffer.alloc(0);
}

const isLineEnd = (byte: number): boolean => byte === 0x0a || byte === 0x0d;
