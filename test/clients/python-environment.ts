/** @module A Python with the pinned python-nomad in it, made once and kept in the user's cache. Used by python-nomad.test.ts. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withHostLock } from "../../local-cluster/host-lock.ts";
import { cacheRoot } from "../../local-cluster/layout.ts";
import { runCommand } from "../../local-cluster/run-command.ts";
import { err, ok, type Result } from "../../src/lib/result.ts";

/** The path of its `python`. The error says what is missing: Python, or the package index. */
export async function pythonEnvironment(requirements: string): Promise<Result<string, string>> {
  const version = await runCommand("python3", ["--version"]);
  if (!version.ok) return version;
  const key = createHash("sha256").update(version.value).update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const folder = join(cacheRoot(), "python-nomad", key);
  const waiting = () => process.stderr.write("another test run is installing python-nomad; waiting for it\n");
  return withHostLock(folder, waiting, () => ensureInstalled(folder, requirements));
}

/** A folder without the mark is what an interrupted run has left. */
async function ensureInstalled(folder: string, requirements: string): Promise<Result<string, string>> {
  const python = join(folder, "bin", "python");
  const mark = join(folder, "complete");
  if (existsSync(mark)) return ok(python);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const venv = await runCommand("python3", ["-m", "venv", folder]);
  if (!venv.ok) return err(`no virtual environment could be made: ${venv.error}`);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", requirements];
  const installed = await runCommand(python, pip);
  if (!installed.ok) return installed;
  writeFileSync(mark, "");
  return ok(python);
}
