/** @module Boots a one-node Kubernetes into one directory, or finds it running, or mends what a crash left. Used by `up`, the demo and the tests. */
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { isApiReady, isClusterReady, isContainerdListening, isEtcdHealthy } from "./api-probe.ts";
import { buildBinaries } from "./build-binaries.ts";
import { formatElapsed } from "./build-progress.ts";
import { makeCgroups } from "./cgroups.ts";
import { chooseNetwork } from "./choose-network.ts";
import { daemonSpecs, type DaemonSpec } from "./daemon-specs.ts";
import { isPortFree, pickFreePorts, replaceTakenPorts } from "./free-ports.ts";
import { withHostLock } from "./host-lock.ts";
import { importImage } from "./import-image.ts";
import { clusterPaths, LONGEST_DIR } from "./layout.ts";
import { shareRoot } from "./mounts.ts";
import { endProcess, isAlive, markedProcesses, programOf } from "./processes.ts";
import { imageNames, type PreparedImage, prepareImages, type Program, type ProgramImages } from "./program-image.ts";
import { startDaemon, type Wait, waitUntil } from "./start-daemon.ts";
import { currentBootId, DAEMONS, type DaemonName, newState, PORTS, type ClusterState, readState, writeState } from "./state.ts";
import { writeConfigFiles } from "./write-config-files.ts";

export type BootOptions = {
  /** Absolute; holds everything of this cluster. */
  readonly dir: string;
  /** For people only; the cluster's own id tells it apart on the machine. */
  readonly name: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
};

export type Cluster = {
  readonly dir: string;
  readonly name: string;
  /** Of a person in group system:masters. */
  readonly kubeconfig: string;
  readonly apiUrl: string;
  readonly binDir: string;
  /** Names of the images of this checkout, which containerd has. */
  readonly images: ProgramImages;
  readonly state: ClusterState;
};

/** One boot at work: what every step needs, with the state changing as daemons come up. */
type Boot = BootOptions & { readonly binDir: string; readonly images: Readonly<Record<Program, PreparedImage>>; state: ClusterState };

const START_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 120_000;

/**
 * Returns when pods can be created and run. A second call finds the cluster healthy and returns at once; after a crash or a
 * reboot it starts what is missing. The error of a failed start names the daemon and the end of its log.
 */
export async function bootCluster(options: BootOptions): Promise<Result<Cluster, string>> {
  const { dir: given, log } = options;
  if (!isAbsolute(given)) return err(`the cluster's directory "${given}" must be absolute`);
  mkdirSync(given, { recursive: true });
  // The mount table has real paths only, and down looks for this one there.
  const dir = realpathSync(given);
  if (Buffer.byteLength(dir) > LONGEST_DIR) {
    return err(`the cluster's directory "${dir}" must be at most ${LONGEST_DIR} bytes long: unix sockets lie below it`);
  }
  return withHostLock(`cluster ${dir}`, () => log(`another command is at work on ${dir}; waiting for it`), () => bootLocked({ ...options, dir }));
}

async function bootLocked(options: BootOptions): Promise<Result<Cluster, string>> {
  const binDir = await buildBinaries(options);
  if (!binDir.ok) return binDir;
  const images = await prepareImages({ imagesDir: clusterPaths(options.dir).images, log: options.log, signal: options.signal });
  if (!images.ok) return images;
  const state = await loadState(options);
  if (!state.ok) return state;
  const boot: Boot = { ...options, binDir: binDir.value, images: images.value, state: state.value };
  const started = performance.now();
  const up = await bringUp(boot);
  if (!up.ok) return up;
  options.log(`cluster "${boot.state.name}" is ready (${formatElapsed(performance.now() - started)})`);
  return ok(describeCluster(boot));
}

async function loadState({ dir, name }: BootOptions): Promise<Result<ClusterState, string>> {
  const found = readState(dir);
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  const network = await chooseNetwork();
  if (!network.ok) return network;
  const state = newState(name, await pickFreePorts(PORTS), network.value);
  writeState(dir, state);
  return ok(state);
}

async function bringUp(boot: Boot): Promise<Result<void, string>> {
  forgetBeforeReboot(boot);
  if (!DAEMONS.every((name) => isRunning(boot, name))) {
    const started = await startMissing(boot);
    if (!started.ok) return started;
  }
  const imported = await importImages(boot);
  if (!imported.ok) return imported;
  const isDone = (): Promise<boolean> => isClusterReady(boot.dir, boot.state);
  return startAndWait(boot, [], { what: "the node to be Ready", daemon: "kubelet", isDone, timeoutMs: READY_TIMEOUT_MS });
}

/** After a reboot no recorded pid is ours, and containerd's runtime state and pod addresses are of pods that are gone. */
function forgetBeforeReboot(boot: Boot): void {
  if (boot.state.bootId === currentBootId()) return;
  const paths = clusterPaths(boot.dir);
  for (const path of [paths.containerdState, paths.runcRoot, paths.cniIpam]) rmSync(path, { recursive: true, force: true });
  record(boot, { bootId: currentBootId(), daemons: {} });
}

async function startMissing(boot: Boot): Promise<Result<void, string>> {
  record(boot, { daemons: Object.fromEntries(Object.entries(boot.state.daemons).filter(([, id]) => isAlive(id))) });
  endStrays(boot);
  if (await lostPort(boot)) endAll(boot);
  if (Object.keys(boot.state.daemons).length === 0) {
    record(boot, { ports: await replaceTakenPorts(boot.state.ports), sandboxImage: boot.images.launcher.name, importedImages: [] });
  }
  makeCgroups(boot.state.cgroupRoot);
  await shareRoot(boot.log);
  mkdirSync(join(boot.state.runDir, "s"), { recursive: true, mode: 0o700 });
  await writeConfigFiles(boot);
  const { dir, state } = boot;
  const stages: readonly Stage[] = [
    { names: ["etcd", "containerd"], what: "etcd", daemon: "etcd", isDone: () => isEtcdHealthy(dir, state) },
    { names: ["kube-apiserver"], what: "the API server", daemon: "kube-apiserver", isDone: () => isApiReady(dir, state) },
    { names: [], what: "containerd", daemon: "containerd", isDone: () => isContainerdListening(state) },
  ];
  for (const { names, ...goal } of stages) {
    const done = await startAndWait(boot, names, { ...goal, timeoutMs: START_TIMEOUT_MS });
    if (!done.ok) return done;
  }
  return startNode(boot);
}

/** Whether a daemon that must be started could not listen: somebody else took its port since it died. */
async function lostPort({ dir, state }: Boot): Promise<boolean> {
  const missing = Object.values(daemonSpecs(dir, state)).filter(({ name }) => state.daemons[name] === undefined);
  const free = await Promise.all(missing.flatMap(({ ports }) => ports.map((port) => isPortFree(state.ports[port]))));
  return free.includes(false);
}

/** New ports reach all daemons only when all start anew. Pods run on meanwhile: their shims are no daemons. */
function endAll(boot: Boot): void {
  for (const id of Object.values(boot.state.daemons)) endProcess(id);
  record(boot, { daemons: {} });
}

/** The kubelet last: its first pod needs the sandbox image. */
async function startNode(boot: Boot): Promise<Result<void, string>> {
  const imported = await importImages(boot);
  if (!imported.ok) return imported;
  start(boot, ["kube-controller-manager", "kube-scheduler", "kubelet"]);
  return ok(undefined);
}

type Goal = Pick<Wait, "what" | "daemon" | "isDone" | "timeoutMs">;
type Stage = Omit<Goal, "timeoutMs"> & { readonly names: readonly DaemonName[] };

async function startAndWait(boot: Boot, names: readonly DaemonName[], goal: Goal): Promise<Result<void, string>> {
  start(boot, names);
  const started = performance.now();
  const done = await waitUntil({ ...goal, dir: boot.dir, needs: boot.state.daemons, signal: boot.signal });
  if (done.ok && performance.now() - started > 50) boot.log(`${goal.what}: ok (${((performance.now() - started) / 1000).toFixed(1)}s)`);
  return done;
}

function start(boot: Boot, names: readonly DaemonName[]): void {
  const specs: Readonly<Record<DaemonName, DaemonSpec>> = daemonSpecs(boot.dir, boot.state);
  const home = { dir: boot.dir, binDir: boot.binDir, clusterId: boot.state.id };
  for (const name of names.filter((candidate) => !isRunning(boot, candidate))) {
    record(boot, { daemons: { ...boot.state.daemons, [name]: startDaemon(home, specs[name]) } });
  }
}

/** A daemon that was started by a boot that was killed before it could write the pid down. */
function endStrays(boot: Boot): void {
  const binaries = new Set(Object.values(daemonSpecs(boot.dir, boot.state)).map(({ binary }) => binary));
  const recorded = new Set(Object.values(boot.state.daemons).map(({ pid }) => pid));
  for (const id of markedProcesses(boot.state.id)) {
    if (!recorded.has(id.pid) && binaries.has(programOf(id.pid))) endProcess(id);
  }
}

async function importImages(boot: Boot): Promise<Result<void, string>> {
  for (const { name, tar } of Object.values(boot.images)) {
    if (boot.state.importedImages.includes(name)) continue;
    const imported = await importImage({ dir: boot.dir, tarPath: tar, log: boot.log });
    if (!imported.ok) return imported;
    record(boot, { importedImages: [...boot.state.importedImages, name] });
  }
  return ok(undefined);
}

const isRunning = ({ state }: Boot, name: DaemonName): boolean => {
  const id = state.daemons[name];
  return id !== undefined && isAlive(id);
};

function record(boot: Boot, change: Partial<ClusterState>): void {
  boot.state = { ...boot.state, ...change };
  writeState(boot.dir, boot.state);
}

const describeCluster = ({ dir, state, binDir, images }: Boot): Cluster => ({
  dir,
  name: state.name,
  kubeconfig: clusterPaths(dir).kubeconfig,
  apiUrl: `https://127.0.0.1:${state.ports.apiserver}`,
  binDir,
  images: imageNames(images),
  state,
});
