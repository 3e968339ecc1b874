/** @module Removes a cluster: what its state file recorded, and nothing else. Used by `down` and the tests. */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { err, ok, type Result } from "../src/lib/result.ts";
import { removeCgroups } from "./cgroups.ts";
import { withHostLock } from "./host-lock.ts";
import { CLUSTER_ENTRIES, realDir } from "./layout.ts";
import { leftovers, logLinksInto } from "./leftovers.ts";
import { mountsBelow, unmountBelow } from "./mounts.ts";
import { removeNetworks } from "./networks.ts";
import { endProcess, markedProcesses } from "./processes.ts";
import { removeIfEmpty } from "./remove-if-empty.ts";
import { type ClusterState, DAEMONS, readState } from "./state.ts";

export type DownOptions = { readonly dir: string; readonly log: (line: string) => void };

const END_TRIES = 50;
const END_PAUSE_MS = 100;

/**
 * Ends the cluster in `dir` and removes its files, in whatever state it is; without a cluster it does nothing.
 * The error lists what could not be removed; the state file stays then, so that the next `down` can go on.
 */
export async function downCluster({ dir: given, log }: DownOptions): Promise<Result<void, string>> {
  const dir = realDir(given);
  return withHostLock(`cluster ${dir}`, () => log(`another command is at work on ${dir}; waiting for it`), () => downLocked({ dir, log }));
}

async function downLocked({ dir, log }: DownOptions): Promise<Result<void, string>> {
  const read = readState(dir);
  if (!read.ok) return read;
  const state = read.value;
  if (state === undefined) {
    log(`no cluster in ${dir}`);
    return ok(undefined);
  }
  await endProcesses(state);
  await removeCgroups(state.cgroupRoot);
  await unmountBelow(dir, log);
  await removeNetworks(state.id, state.podCidr);
  removeFiles(dir, state);
  return reportRest({ dir, log }, state);
}

/** The kubelet first, or it would start again what is ended; then daemons, shims and whatever else carries the cluster's mark. */
async function endProcesses(state: ClusterState): Promise<void> {
  for (const name of DAEMONS.toReversed()) {
    const id = state.daemons[name];
    if (id !== undefined) endProcess(id);
  }
  for (let tries = 0; tries < END_TRIES; tries += 1) {
    const alive = markedProcesses(state.id);
    if (alive.length === 0) return;
    for (const id of alive) endProcess(id);
    await sleep(END_PAUSE_MS);
  }
}

/** Never below a mount: what is mounted there belongs to somebody else. */
function removeFiles(dir: string, { runDir }: ClusterState): void {
  if (mountsBelow(dir).length > 0) return;
  for (const path of logLinksInto(dir)) rmSync(path, { force: true });
  for (const name of CLUSTER_ENTRIES.filter((entry) => entry !== "state.json")) rmSync(join(dir, name), { recursive: true, force: true });
  rmSync(runDir, { recursive: true, force: true });
  removeIfEmpty(dirname(runDir));
}

async function reportRest({ dir, log }: DownOptions, state: ClusterState): Promise<Result<void, string>> {
  const left = await leftovers(dir, state);
  if (!left.ok) return left;
  const rest = left.value.filter((line) => line !== `file ${join(dir, "state.json")}`);
  if (rest.length > 0) return err(`could not remove everything of cluster "${state.name}"; still there:\n${rest.map((line) => `  ${line}`).join("\n")}`);
  rmSync(join(dir, "state.json"), { force: true });
  removeIfEmpty(dir);
  log(`cluster "${state.name}" is gone: no process, mount, network or cgroup of it is left`);
  return ok(undefined);
}
