/** @module A cgroup of our own in every hierarchy: a kubelet deletes all pod cgroups it does not know below its root. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mounts } from "./mounts.ts";
import { endProcess, identify, type ProcessId } from "./processes.ts";

const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 100;

/** Makes `root` below every hierarchy that is mounted. Does nothing where it already exists. */
export function makeCgroups(root: string): void {
  for (const { point, type } of hierarchies()) {
    const path = join(point, root);
    mkdirSync(path, { recursive: true });
    if (type === "cgroup2") enableControllers(point);
    if (type === "cgroup") copyCpuset(point, path);
  }
}

/** Ends what runs in the cgroups below `root`, then removes them. Those still there afterwards are for leftovers to tell. */
export async function removeCgroups(root: string): Promise<void> {
  for (let tries = 0; tries < REMOVE_TRIES; tries += 1) {
    for (const id of cgroupProcesses(root)) endProcess(id);
    const remaining = cgroupPaths(root).filter((path) => !tryRemove(path));
    if (remaining.length === 0) return;
    await sleep(REMOVE_PAUSE_MS);
  }
}

/** Every existing cgroup directory at and below `root`, the deepest first. */
export function cgroupPaths(root: string): readonly string[] {
  return hierarchies().flatMap(({ point }) => treeBelow(join(point, root)));
}

export function cgroupProcesses(root: string): readonly ProcessId[] {
  const pids = new Set(cgroupPaths(root).flatMap(pidsOf));
  return [...pids].flatMap((pid) => identify(pid) ?? []);
}

function hierarchies(): readonly { point: string; type: string }[] {
  return mounts().filter(({ type }) => type === "cgroup" || type === "cgroup2");
}

/** A new cpuset has no CPUs and no memory nodes, and nothing can run in it until it has both. */
function copyCpuset(point: string, path: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (!existsSync(join(path, file)) || readFileSync(join(path, file), "utf8").trim() !== "") continue;
    writeFileSync(join(path, file), readFileSync(join(point, file), "utf8"));
  }
}

/** The unified hierarchy hands controllers down only where its parent says so. */
function enableControllers(point: string): void {
  const wanted = readFileSync(join(point, "cgroup.controllers"), "utf8").trim().split(" ");
  const enabled = readFileSync(join(point, "cgroup.subtree_control"), "utf8").trim().split(" ");
  const missing = wanted.filter((name) => name !== "" && !enabled.includes(name));
  if (missing.length > 0) writeFileSync(join(point, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
}

function treeBelow(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const children = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...children.flatMap((entry) => treeBelow(join(path, entry.name))), path];
}

function pidsOf(path: string): readonly number[] {
  const file = join(path, "cgroup.procs");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").filter((line) => line !== "" && line !== "0").map(Number);
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === "EBUSY") return false;
    if (code === "ENOENT") return true;
    throw thrown;
  }
}
