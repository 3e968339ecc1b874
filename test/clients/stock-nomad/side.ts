/** @module One server as the stock CLI sees it: runs commands against it, and finds the IDs they ask for. Used by stock-nomad.test.ts. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { plainText } from "./plain-text.ts";
import { giveInput } from "../../support/child-input.ts";

export type Side = {
  readonly program: string;
  /** Where the job files are. */
  readonly folder: string;
  /** NOMAD_ADDR and what else it takes; nothing of the machine's own settings. */
  readonly env: Readonly<Record<string, string>>;
};

export type Outcome = { readonly exit: number | null; readonly stdout: string; readonly stderr: string };

const COMMAND_TIMEOUT_MS = 90_000;

/** Without what differs from server to server. A command that does not end is killed, and has no exit code. */
export async function outcomeOf(side: Side, args: readonly string[], input = ""): Promise<Outcome> {
  const resolved = await Promise.all(args.map((arg) => withIds(side, arg)));
  const { exit, stdout, stderr } = await run(side, resolved, input);
  return { exit, stdout: plainText(stdout), stderr: plainText(stderr) };
}

async function run(side: Side, args: readonly string[], input: string): Promise<Outcome> {
  const child = spawn(side.program, args, { cwd: side.folder, env: side.env, stdio: "pipe", timeout: COMMAND_TIMEOUT_MS });
  const exited = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, input);
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { exit, stdout, stderr };
}

const REFERENCE = /^(.*)\{(alloc|eval|deployment|child) of ([^}]+)\}(.*)$/;

type Listed = { readonly ID: string; readonly Name?: string; readonly ParentID?: string; readonly ClientStatus?: string; readonly CreateIndex: number };

/**
 * `{alloc of web}` is the running allocation of the lowest index, or the newest of all; `eval`, `deployment` and `child` are the newest. The innermost
 * is found first.
 */
async function withIds(side: Side, arg: string): Promise<string> {
  const [, before = "", kind, job = "", after = ""] = REFERENCE.exec(arg) ?? [];
  if (kind === undefined) return arg;
  const found = kind === "alloc" ? allocationIn(await listed(side, `/v1/job/${job}/allocations`)) : newestIn(await listed(side, pathOf(kind, job)));
  if (found === undefined) throw new Error(`${job} has no ${kind} at ${side.env["NOMAD_ADDR"]}`);
  return withIds(side, `${before}${found.ID}${after}`);
}

const pathOf = (kind: string, job: string): string => (kind === "child" ? `/v1/jobs?prefix=${job}/` : `/v1/job/${job}/${kind === "eval" ? "evaluations" : "deployments"}`);

/** By its method: it takes a standard input that is no terminal for a body to send. */
async function listed(side: Side, path: string): Promise<readonly Listed[]> {
  const { exit, stdout } = await run(side, ["operator", "api", "-X", "GET", path], "");
  return exit === 0 && stdout.startsWith("[") ? (JSON.parse(stdout) as readonly Listed[]) : [];
}

function allocationIn(all: readonly Listed[]): Listed | undefined {
  const running = all.filter(({ ClientStatus }) => ClientStatus === "running");
  return running.toSorted((a, b) => (a.Name ?? "").localeCompare(b.Name ?? ""))[0] ?? newestIn(all);
}

const newestIn = (all: readonly Listed[]): Listed | undefined => all.toSorted((a, b) => b.CreateIndex - a.CreateIndex)[0];
