/** @module What the launcher costs: its image, its memory beside a running task, and the time it adds to a start and to an exec. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Row } from "./report.ts";
import type { Stage } from "./stage.ts";

/** A launcher gives its memory back when nobody has asked it for anything for 10 s. */
const REST_MS = 12_000;

const LAUNCHER = join(import.meta.dirname, "..", "launcher");

export async function measureLauncherCost(stage: Stage): Promise<readonly Row[]> {
  const added = addedTimes();
  await sleep(REST_MS);
  return [
    row("launcher: program, all that its image holds", `${(programBytes() / 1e6).toFixed(1)} MB`, "≤ 10 MB"),
    row("launcher: resident beside a running task, at rest", `${(residentKiB(stage.bridge.allocId) / 1024).toFixed(1)} MiB`, "≤ 6 MB"),
    row("launcher: added to the start of a task, median", `${added.get("BenchmarkRunAdds") ?? "?"} ms`, "≤ 20 ms"),
    row("launcher: added to an exec, median", `${added.get("BenchmarkExecAdds") ?? "?"} ms`, "≤ 3 ms"),
  ];
}

const row = (measure: string, bridge: string, target: string): Row => ({ measure, bridge, direct: "", compared: "", target });

/** The Go benchmarks' own metric, by their names. */
function addedTimes(): ReadonlyMap<string, string> {
  const output = execFileSync("go", ["test", "-run", "NONE", "-bench", "Adds", "-benchtime", "100x", "."], { cwd: LAUNCHER, encoding: "utf8" });
  return new Map([...output.matchAll(/^(Benchmark\w+?)(?:-\d+)?\s.*?([\d.]+) added-ms/gm)].map(([, name = "", value = ""]) => [name, value]));
}

function programBytes(): number {
  const folder = mkdtempSync(join(tmpdir(), "nomad-bridge-bench-"));
  try {
    const program = join(folder, "launcher");
    execFileSync("go", ["build", "-trimpath", "-ldflags", "-s -w", "-o", program, "."], { cwd: LAUNCHER, env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" } });
    return statSync(program).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of the first process of the allocation's container, as the machine sees it. */
function residentKiB(allocId: string): number {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const status = readIfThere(`/proc/${pid}/status`);
    const isLauncher = readIfThere(`/proc/${pid}/cmdline`)?.startsWith("/nomad-bridge/launcher\0run") === true;
    if (isLauncher && readIfThere(`/proc/${pid}/cgroup`)?.replaceAll("_", "-").includes(allocId)) return Number(/VmRSS:\s+(\d+)/.exec(status ?? "")?.[1] ?? Number.NaN);
  }
  return Number.NaN;
}

/** A process may end while it is looked at. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
