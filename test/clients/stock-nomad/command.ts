/** @module One command line of the stock CLI that a real Nomad and the bridge are given alike. Used by the tables in commands/. */

export type StockCommand = {
  /** `{alloc of JOB}` and the like stand for each server's own IDs. */
  readonly args: readonly string[];
  /** What it reads from its standard input. */
  readonly input?: string;
  /** For what only looks: repeated until both servers say the same, as states are on their way. */
  readonly comes?: true;
  /** Lines that are left out on both sides, with the reason. */
  readonly except?: readonly Exception[];
};

export type Exception = { readonly lines: RegExp; readonly because: string };

/** How many allocations that have ended there still are. */
export const LAST_FIVE: Exception = { lines: /^app {2}0 {2}0|^<id> .* complete /, because: "of what has ended the last five of a group are kept" };

/** A command by its words, which hold no blanks. */
export const command = (line: string, more: Omit<StockCommand, "args"> = {}): StockCommand => ({ args: line.split(/ (?![^{]*\})/), ...more });

/** One that only looks. */
export const look = (line: string, more: Omit<StockCommand, "args"> = {}): StockCommand => command(line, { comes: true, ...more });
