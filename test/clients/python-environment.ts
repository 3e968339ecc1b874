/** @module A Python with the pinned python-nomad in it, made once and kept in the user's cache. Used by python-nomad.test.ts. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "../../local-cluster/layout.ts";
import { runCommand } from "../../local-cluster/run-command.ts";
import { err, ok, type Result } from "../../src/lib/result.ts";

/** The path of its `python`. The error says what is missing: Python, or the package index. */
export async function pythonEnvironment(requirements: string): Promise<Result<string, string>> {
  const version = await runCommand("python3", ["--version"]);
  if (!version.ok) return version;
  const key = createHash("sha256").update(version.value).update(readFileSync(requirements)).digest("hex").slice(0, 16);
  const folder = join(cacheRoot(), "python-nomad", key);
  const python = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return ok(python);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = await install(folder, python, requirements);
  if (!made.ok) return made;
  // Two runs may do this at once: the mark appears whole, after the work of either.
  writeFileSync(`${complete}.${process.pid}`, "");
  renameSync(`${complete}.${process.pid}`, complete);
  return ok(python);
}

async function install(folder: string, python: string, requirements: string): Promise<Result<string, string>> {
  const venv = await runCommand("python3", ["-m", "venv", folder]);
  if (!venv.ok) return err(`no virtual environment could be made: ${venv.error}`);
  return runCommand(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", requirements]);
}
