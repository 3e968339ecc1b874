/**
 * @module Memory that the engine keeps for garbage to come, given back to the node. Reading a large cluster for the first time takes a gigabyte
 * of garbage, and V8 would hold on to its pages for good: nothing tells it that the server's start is over. Used by the server.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../../kubernetes/clock.ts";

export type GiveBackDeps = {
  readonly clock: Pick<Clock, "sleep" | "monotonic">;
  readonly signal: AbortSignal;
  /** Resident bytes of the process. */
  readonly resident: () => number;
  /** Stops the process for 2 to 3 ms for each MiB that is in use. */
  readonly collect: () => void;
  readonly log: { readonly info: (fields: object, message: string) => void };
  readonly everyMs?: number;
};

const EVERY_MS = 60_000;
const MIB = 2 ** 20;
/** What it must have grown by since the last time: less is not worth the pause. */
const MIN_GROWTH_BYTES = 256 * MIB;

/** Looks once a minute until the signal is aborted. Never rejects. */
export async function giveBackMemory({ clock, signal, resident, collect, log, everyMs = EVERY_MS }: GiveBackDeps): Promise<void> {
  let least = 0;
  for (;;) {
    await clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    const before = resident();
    if (before - least < MIN_GROWTH_BYTES) continue;
    const began = clock.monotonic();
    collect();
    least = resident();
    log.info({ beforeMiB: Math.round(before / MIB), afterMiB: Math.round(least / MIB), tookMs: Math.round(clock.monotonic() - began) }, "memory given back");
  }
}

/** A collection that keeps no spare pages, which Node has no other way to ask for. */
export function lastResortCollection(): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: object) => void;
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
}
