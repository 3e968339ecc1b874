/** @module A real Nomad, server and client in one process, in a folder of its own that goes with it. Used by stock-nomad.test.ts. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pickFreePorts } from "../../../local-cluster/free-ports.ts";
import { unmountBelow } from "../../../local-cluster/mounts.ts";
import { CLUSTER_MARK, endProcess, isAlive, markedProcesses } from "../../../local-cluster/processes.ts";
import { runCommand } from "../../../local-cluster/run-command.ts";
import { withoutNomadSettings } from "../client-environment.ts";

export type Agent = {
  /** As in NOMAD_ADDR. */
  readonly address: string;
  /** Ends it and everything it runs. */
  readonly remove: () => Promise<void>;
};

const START_TIMEOUT_MS = 120_000;
const END_TIMEOUT_MS = 30_000;
const LOG_TAIL = 2000;

/** What a task sees of the machine: a shell, what the jobs here call, and what these load. */
const PROGRAMS = ["/bin/sh", "/bin/sleep", "/bin/cat"];
const ACCOUNTS = ["/etc/passwd", "/etc/group"];

/** Returns when its node is ready. What a killed run has left in the folder is ended first. Throws with the end of its log. */
export async function startAgent(program: string, folder: string): Promise<Agent> {
  await clear(folder);
  mkdirSync(join(folder, "plugins"), { recursive: true });
  mkdirSync(join(folder, "tmp"));
  const ports = await pickFreePorts(["http", "rpc", "serf"]);
  writeFileSync(join(folder, "agent.hcl"), await configuration(folder, ports));
  const child = launch(program, folder);
  writeFileSync(pidFile(folder), String(child.pid));
  const address = `http://127.0.0.1:${ports.http}`;
  try {
    await untilReady(child, address);
  } catch (error) {
    const log = readFileSync(join(folder, "agent.log"), "utf8").slice(-LOG_TAIL);
    await clear(folder);
    throw new Error(`${String(error)}\n${log}`, { cause: error });
  }
  return { address, remove: () => clear(folder) };
}

/** Fingerprinters that ask a cloud's metadata would hold the start up where there is none. */
async function configuration(folder: string, ports: Readonly<Record<"http" | "rpc" | "serf", number>>): Promise<string> {
  const shown = Object.entries(await chroot()).map(([from, to]) => `    ${JSON.stringify(from)} = ${JSON.stringify(to)}`);
  return `ports {
  http = ${ports.http}
  rpc  = ${ports.rpc}
  serf = ${ports.serf}
}
plugin_dir = ${JSON.stringify(join(folder, "plugins"))}
client {
  options {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault,cni"
  }
  chroot_env {
${shown.join("\n")}
  }
}
`;
}

/** By the files themselves: Nomad copies a link as a link. */
async function chroot(): Promise<Readonly<Record<string, string>>> {
  const listed = await Promise.all(PROGRAMS.map((program) => runCommand("ldd", [program])));
  const libraries = listed.flatMap((text) => (text.ok ? [...text.value.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "") : []));
  return Object.fromEntries([...PROGRAMS, ...ACCOUNTS, ...libraries].map((path) => [realpathSync(path), path]));
}

/** Without the machine's own certificates' variables, which its library takes for a request to reach AWS. */
function launch(program: string, folder: string): ChildProcess {
  const { AWS_CA_BUNDLE: _, SSL_CERT_FILE: __, ...inherited } = process.env;
  const log = openSync(join(folder, "agent.log"), "a");
  const args = ["agent", "-dev", "-bind", "127.0.0.1", "-config", join(folder, "agent.hcl")];
  return spawn(program, args, { env: { ...withoutNomadSettings(inherited), TMPDIR: join(folder, "tmp"), [CLUSTER_MARK]: folder }, stdio: ["ignore", log, log] });
}

async function untilReady(child: ChildProcess, address: string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the real Nomad ended with ${child.exitCode}`);
    if (await hasReadyNode(address)) return;
    await sleep(200);
  }
  throw new Error(`the real Nomad has no ready node after ${START_TIMEOUT_MS / 1000} s`);
}

async function hasReadyNode(address: string): Promise<boolean> {
  try {
    const response = await fetch(`${address}/v1/nodes`);
    const nodes = (await response.json()) as readonly { readonly Status: string }[];
    return nodes.some(({ Status }) => Status === "ready");
  } catch {
    return false;
  }
}

const pidFile = (folder: string): string => join(folder, "pid");

/** The agent first, as in development mode it ends its tasks, which nobody else would; then what is left of it. */
async function clear(folder: string): Promise<void> {
  await interrupt(folder);
  for (let left = markedProcesses(folder); left.length > 0; left = markedProcesses(folder)) {
    for (const process of left) endProcess(process);
    await sleep(100);
  }
  await unmountBelow(folder, (line) => process.stderr.write(`${line}\n`));
  rmSync(folder, { recursive: true, force: true });
}

/** Nothing to do where no agent runs. Waits for its end, but no longer than it may take. */
async function interrupt(folder: string): Promise<void> {
  if (!existsSync(pidFile(folder))) return;
  const pid = Number(readFileSync(pidFile(folder), "utf8"));
  const agent = markedProcesses(folder).find((process) => process.pid === pid);
  if (agent === undefined) return;
  process.kill(pid, "SIGINT");
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (isAlive(agent) && performance.now() < deadline) await sleep(100);
}
