/** @module Whether this machine can carry a local cluster, with everything that is missing told at once. Used by `up` and the tests. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { SOURCE_DIR } from "./layout.ts";
import { runCommand } from "./run-command.ts";

export type PreflightOptions = { readonly log: (line: string) => void };

/** The tools that are called by name, with Debian's package for each. */
const TOOLS: Readonly<Record<string, string>> = { runc: "runc", tar: "tar", ip: "iproute2", umount: "mount" };

/** Ok, or one line for each missing piece with the command that installs it. As root on Debian and Ubuntu it installs runc itself, and says so. */
export async function preflight({ log }: PreflightOptions): Promise<Result<void, readonly string[]>> {
  if (process.platform !== "linux") return err([`a local cluster needs Linux, and this is ${process.platform}; use kind, or a Linux machine`]);
  const isRoot = process.getuid?.() === 0;
  if (isRoot && !(await isThere("runc")) && (await isThere("apt-get"))) await installRunc(log);
  const missing = [...rootProblem(isRoot), ...(await goProblem()), ...(await toolProblems())];
  return missing.length === 0 ? ok(undefined) : err(missing);
}

const rootProblem = (isRoot: boolean): readonly string[] =>
  isRoot ? [] : ["a local cluster starts containers, and only root may: run the command again with sudo"];

async function toolProblems(): Promise<readonly string[]> {
  const names = Object.keys(TOOLS);
  const there = await Promise.all(names.map(isThere));
  return names.filter((_, index) => there[index] !== true).map((name) => `${name} is missing; install it: apt-get install ${TOOLS[name] ?? name}`);
}

async function goProblem(): Promise<readonly string[]> {
  const needed = neededGo(readFileSync(join(SOURCE_DIR, "go.mod"), "utf8"));
  // Outside the folder of go.mod, where go would already be the toolchain that go.mod names.
  const asked = await runCommand("go", ["env", "GOVERSION", "GOTOOLCHAIN"], { cwd: "/" });
  const [version, toolchain] = asked.ok ? asked.value.trim().split("\n") : [];
  const problem = goVersionProblem(needed, version, toolchain !== "local");
  return problem === undefined ? [] : [problem];
}

/** The version of go.mod's `go` line. */
export function neededGo(goMod: string): string {
  const version = /^go (\d+\.\d+(?:\.\d+)?)$/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error("go.mod has no go line");
  return version;
}

/**
 * What is wrong with the installed Go, or undefined.
 * @param installed such as "go1.26.8"; undefined when there is no Go
 * @param mayFetch whether Go may replace itself by the toolchain go.mod names, which it can from 1.21 on
 */
export function goVersionProblem(needed: string, installed: string | undefined, mayFetch: boolean): string | undefined {
  const install = `install Go ${needed} or newer: https://go.dev/dl/`;
  if (installed === undefined) return `go is missing; ${install}`;
  const version = installed.replace(/^go/, "");
  if (isAtLeast(version, needed) || (mayFetch && isAtLeast(version, "1.21"))) return undefined;
  return `${installed} is older than the Go ${needed} that local-cluster/go.mod needs; ${install}`;
}

function isAtLeast(version: string, needed: string): boolean {
  const parts = (text: string): readonly number[] => text.split(".").map((part) => Number.parseInt(part, 10));
  const [have, want] = [parts(version), parts(needed)];
  const index = want.findIndex((part, position) => (have[position] ?? 0) !== part);
  return index === -1 || (have[index] ?? 0) > (want[index] ?? 0);
}

async function installRunc(log: (line: string) => void): Promise<void> {
  log("runc is missing: installing Debian's package runc with apt-get");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = (): Promise<Result<string, string>> => runCommand("apt-get", ["install", "--yes", "--no-install-recommends", "runc"], { env });
  if ((await install()).ok) return;
  log("the package lists may be old: apt-get update");
  await runCommand("apt-get", ["update"], { env });
  const installed = await install();
  if (!installed.ok) log(installed.error);
}

const isThere = async (command: string): Promise<boolean> => (await runCommand("sh", ["-c", `command -v ${command}`])).ok;
