/** @module Many clients that ask for the same again and again, and what that cost who answered and who asked. */
import { fork } from "node:child_process";
import { join } from "node:path";
import { cpuSeconds } from "../server-cpu.ts";
import { message } from "./child.ts";
import type { Target } from "./socket-client.ts";

export type Load = Target & {
  readonly clients: number;
  /** Of all clients together. */
  readonly requests: number;
  /** From one request of a client to its next. */
  readonly pauseMs: number;
};

/** Times in ms; `bytes` of one reply's body as they came; CPU of the clients, for one request. */
export type LoadResult = { readonly took: readonly number[]; readonly bytes: number; readonly cpuMs: number };

/** @param pid of who answers; where it is not known, neither is its CPU */
export async function runLoad(load: Load, pid: number | undefined): Promise<LoadResult & { readonly serverCpuMs: number | undefined }> {
  const child = fork(join(import.meta.dirname, "load-process.ts"), [JSON.stringify(load)]);
  try {
    await message(child);
    const before = pid === undefined ? 0 : cpuSeconds(pid);
    child.send("go");
    const result = await message<LoadResult>(child);
    return { ...result, serverCpuMs: pid === undefined ? undefined : ((cpuSeconds(pid) - before) * 1000) / load.requests };
  } finally {
    child.kill();
  }
}
