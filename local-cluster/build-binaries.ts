/** @module Builds every program of the cluster from its Go module, once for each go.mod, into a cache outside the checkout. */
import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { FIRST_BUILD_NOTICE, formatElapsed, progressLine } from "./build-progress.ts";
import { buildGoProgram, buildKey, type GoModule } from "./go-programs.ts";
import { withHostLock } from "./host-lock.ts";
import { cacheRoot, SOURCE_DIR } from "./layout.ts";

/** The small ones first, so that the count moves early. Must equal the tool lines of go.mod, which a test checks. */
export const COMPONENTS = [
  "github.com/containernetworking/plugins/plugins/ipam/host-local",
  "github.com/containernetworking/plugins/plugins/main/loopback",
  "github.com/containernetworking/plugins/plugins/main/ptp",
  "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
  "github.com/containerd/containerd/v2/cmd/ctr",
  "github.com/containerd/containerd/v2/cmd/containerd",
  "go.etcd.io/etcd/server/v3",
  "k8s.io/kubernetes/cmd/kubectl",
  "k8s.io/kubernetes/cmd/kube-scheduler",
  "k8s.io/kubernetes/cmd/kube-controller-manager",
  "k8s.io/kubernetes/cmd/kube-apiserver",
  "k8s.io/kubernetes/cmd/kubelet",
] as const;

const VERSION = "k8s.io/component-base/version";
const MODULE: GoModule = { folder: SOURCE_DIR, flags: ["-trimpath", "-ldflags", `-s -w -X ${VERSION}.gitVersion=v1.36.3 -X ${VERSION}.gitMajor=1 -X ${VERSION}.gitMinor=36`] };
const REPORT_EVERY_MS = 15_000;

export type BuildOptions = { readonly log: (line: string) => void; readonly signal: AbortSignal };

/**
 * The directory that holds every binary. At once when they are cached; else about six minutes, component by component,
 * so that a build that was cut goes on where it stopped.
 */
export async function buildBinaries({ log, signal }: BuildOptions): Promise<Result<string, string>> {
  const dir = binariesDir();
  if (missingIn(dir).length === 0) return ok(dir);
  return withHostLock(`build ${dir}`, () => log("another build of the same binaries is running; waiting for it"), () => buildMissing(dir, { log, signal }));
}

/** Where the binaries of this go.mod, go.sum and flags are kept. */
export const binariesDir = (): string => join(cacheRoot(), "local-cluster", buildKey(MODULE));

/** Go names a binary after the last part of its package that is no version: `.../etcd/server/v3` is "server". */
export const binaryName = (component: string): string => basename(component.replace(/\/v\d+$/, ""));

const missingIn = (dir: string): readonly string[] => COMPONENTS.filter((component) => !existsSync(join(dir, binaryName(component))));

async function buildMissing(dir: string, { log, signal }: BuildOptions): Promise<Result<string, string>> {
  mkdirSync(dir, { recursive: true });
  const missing = missingIn(dir);
  if (missing.length > 0) log(FIRST_BUILD_NOTICE);
  const started = performance.now();
  const before = COMPONENTS.length - missing.length;
  for (const [index, component] of missing.entries()) {
    const report = (): void =>
      log(progressLine({ done: before + index, total: COMPONENTS.length, component: binaryName(component), elapsedMs: performance.now() - started }));
    const built = await withReports(report, () => buildGoProgram({ module: MODULE, package: component, cgo: false, program: join(dir, binaryName(component)) }, signal));
    if (!built.ok) return err(signal.aborted ? "stopped during the build; the next start goes on from here" : built.error);
  }
  log(`built ${missing.length} programs in ${formatElapsed(performance.now() - started)}`);
  return ok(dir);
}

/** Reports now and every 15 s: often enough to see that it lives, seldom enough for a CI log. */
async function withReports<T>(report: () => void, work: () => Promise<T>): Promise<T> {
  report();
  const timer = setInterval(report, REPORT_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
