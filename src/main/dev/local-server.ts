/** @module `nomad-bridge server` as a process of its own beside the cluster: started, found again, replaced when its code changed, ended. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProgramImages } from "../../../local-cluster/cluster.ts";
import { isPortFree, pickFreePorts } from "../../../local-cluster/free-ports.ts";
import { ensureBridgeCertificate } from "../../../local-cluster/pki.ts";
import { identify, isAlive, type ProcessId } from "../../../local-cluster/processes.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { callServer } from "./call-server.ts";
import { CHECKOUT, type HomePaths, readIfThere, readUpState, type UpState, writeUpState } from "./home.ts";

export type LocalServer = { readonly address: string; readonly ca: string };

export type StartOptions = {
  readonly paths: HomePaths;
  readonly images: ProgramImages;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Nomad's own port, if nobody has it. */
const NOMAD_PORT = 4646;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const PORT_TAKEN = "EADDRINUSE";

/** Returns when the API answers. A server that runs the same code with the same settings is left alone. */
export async function ensureServer(options: StartOptions): Promise<Result<LocalServer, string>> {
  const { paths, log } = options;
  const certificate = await ensureBridgeCertificate(paths.server, ["localhost", "127.0.0.1"], new Date());
  const state = readUpState(paths);
  if (state === undefined) throw new Error("the server was asked for before the cluster was recorded");
  const fingerprint = fingerprintOf([process.execPath, ...serverArguments(options, certificate.leaf), readIfThere(paths.serverKubeconfig) ?? "", readFileSync(certificate.leaf, "utf8")]);
  const running = state.server;
  if (running !== undefined && isAlive(running.process) && running.fingerprint === fingerprint) {
    if (await answers(running.port, certificate.ca)) return ok({ address: addressOf(running.port), ca: certificate.ca });
  }
  if (running !== undefined) await stopServer(running.process);
  log(running === undefined ? "starting nomad-bridge server" : "restarting nomad-bridge server");
  const starting = { state, fingerprint, certificate };
  const started = await start(options, { ...starting, port: await choosePort(running?.port) });
  if (started.ok || !started.error.includes(PORT_TAKEN)) return started;
  // Between the look and the start another program, or another "up", has taken it.
  return start(options, { ...starting, port: (await pickFreePorts(["server"])).server });
}

const addressOf = (port: number) => `https://127.0.0.1:${port}`;

async function choosePort(before: number | undefined): Promise<number> {
  for (const port of [before, NOMAD_PORT]) {
    if (port !== undefined && (await isPortFree(port))) return port;
  }
  return (await pickFreePorts(["server"])).server;
}

type Starting = { readonly state: UpState; readonly fingerprint: string; readonly certificate: { readonly ca: string; readonly leaf: string }; readonly port: number };

async function start(options: StartOptions, { state, fingerprint, certificate, port }: Starting): Promise<Result<LocalServer, string>> {
  const { paths, signal } = options;
  const process = spawnServer(options, certificate.leaf, port);
  if (process === undefined) return err(`the server could not be started; its log is ${paths.serverLog}`);
  writeUpState(paths, { ...state, server: { process, port, fingerprint } });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(port, certificate.ca))) {
    if (signal.aborted) return err("stopped while waiting for the server");
    if (!isAlive(process)) return err(`the server ended at once; the end of ${paths.serverLog}:\n${tailOf(paths.serverLog)}`);
    if (performance.now() > deadline) return err(`the server did not answer within ${START_TIMEOUT_MS / 1000} s; the end of ${paths.serverLog}:\n${tailOf(paths.serverLog)}`);
    await sleep(POLL_MS);
  }
  return ok({ address: addressOf(port), ca: certificate.ca });
}

/** In a session of its own, with its own log, and with nothing of the caller's environment that could point it elsewhere. */
function spawnServer({ paths, images }: StartOptions, certificate: string, port: number): ProcessId | undefined {
  mkdirSync(paths.server, { recursive: true, mode: 0o700 });
  const log = openSync(paths.serverLog, "a", 0o600);
  const args = [...serverArguments({ paths, images }, certificate), `--listen=127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, {
    detached: true,
    cwd: paths.server,
    stdio: ["ignore", log, log],
    env: { PATH: process.env["PATH"], HOME: paths.server },
  });
  child.on("error", () => undefined);
  child.unref();
  closeSync(log);
  return child.pid === undefined ? undefined : identify(child.pid);
}

/** All but the port, which may be another one at the next start. */
function serverArguments({ paths, images }: Pick<StartOptions, "paths" | "images">, certificate: string): readonly string[] {
  return [
    join(CHECKOUT, "dist", "nomad-bridge.js"),
    "server",
    `--kubeconfig=${paths.serverKubeconfig}`,
    `--controller-token=${paths.token("controller")}`,
    `--bridge-token=${paths.token("bridge")}`,
    `--launcher-image=${images.launcher}`,
    `--fetch-image=${images.fetch}`,
    `--tls-cert=${certificate}`,
    `--tls-key=${certificate}`,
    `--audit-log=${paths.auditLog}`,
  ];
}

/** Asks it to end its sessions and stop; one that does not is killed. */
export async function stopServer(id: ProcessId): Promise<void> {
  signalIfAlive(id, "SIGTERM");
  for (let waited = 0; waited < STOP_TIMEOUT_MS && isAlive(id); waited += POLL_MS) await sleep(POLL_MS);
  signalIfAlive(id, "SIGKILL");
  while (isAlive(id)) await sleep(POLL_MS);
}

function signalIfAlive(id: ProcessId, signal: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** False while it refuses, and when it does not answer. */
async function answers(port: number, ca: string): Promise<boolean> {
  try {
    return (await callServer({ address: addressOf(port), ca, path: "/v1/status/leader", timeoutMs: 2_000 })).status === 200;
  } catch {
    // Not there yet, or not there any more: the caller looks again, and at the process.
    return false;
  }
}

/** Changes with the built code and with what the server was started with. */
function fingerprintOf(settings: readonly string[]): string {
  const hash = createHash("sha256");
  const dist = join(CHECKOUT, "dist");
  for (const file of readdirSync(dist).filter((name) => name.endsWith(".js")).sort()) hash.update(file).update(readFileSync(join(dist, file)));
  for (const setting of settings) hash.update(setting);
  return hash.digest("hex");
}

const tailOf = (path: string) => (readIfThere(path) ?? "").trimEnd().split("\n").slice(-8).join("\n");
