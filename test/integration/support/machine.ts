/** @module The machine under the test cluster: its processes, the bridge's audit log, and the way to end and restart the server. Used by the integration tests. */
import { readdirSync, readFileSync } from "node:fs";
import { inject } from "vitest";
import { isAlive } from "../../../local-cluster/processes.ts";
import { bringUp, type Running } from "../../../src/main/dev/bring-up.ts";
import { homePaths, readIfThere, readUpState, type UpState } from "../../../src/main/dev/home.ts";
import { eventually } from "../kubernetes/real-cluster.ts";

/** Pids of the machine's processes with this text among their arguments: also those in containers. */
export function processesWith(text: string): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => pid !== process.pid && (readIfThereOrGone(`/proc/${pid}/cmdline`) ?? "").includes(text));
}

/** Processes come and go while they are listed. */
function readIfThereOrGone(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

export type AuditLine = { readonly event: string; readonly session: string; readonly allocId: string; readonly exitCode?: number; readonly reason?: string; readonly [field: string]: unknown };

export const auditText = (): string => readIfThere(homePaths(inject("bridge").dir).auditLog) ?? "";

/** All lines about one allocation, oldest first. A line that is not JSON throws. */
export function auditOf(allocId: string): readonly AuditLine[] {
  const lines = auditText().split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as AuditLine).filter((line) => line.allocId === allocId);
}

export function serverNow(): NonNullable<UpState["server"]> {
  const server = readUpState(homePaths(inject("bridge").dir))?.server;
  if (server === undefined) throw new Error("no server is recorded for this test run");
  return server;
}

/** As a crash: nothing is told to anyone. Returns when it is gone. */
export async function killServer(): Promise<void> {
  const { process: id } = serverNow();
  process.kill(id.pid, "SIGKILL");
  await eventually(() => (isAlive(id) ? undefined : true));
}

/** `up` once more, on the home of this test run. */
export async function upAgain(): Promise<Running> {
  const running = await bringUp({ home: inject("bridge").dir, namespaces: ["default"], env: {}, log: () => undefined, signal: new AbortController().signal });
  if (!running.ok) throw new Error(running.error);
  return running.value;
}
