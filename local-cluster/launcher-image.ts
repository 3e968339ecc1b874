/** @module The launcher as a binary and as an image, without a registry. The same image is the sandbox image of every pod. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { CHECKOUT } from "./layout.ts";
import { runCommand } from "./run-command.ts";

const LAUNCHER = "/nomad-bridge/launcher";
const IMAGE = "nomad-bridge.dev/launcher";

/** A read-only root file system cannot grow mount points later, so all that a pod may mount over are here. */
const DIRECTORIES = ["alloc", "local", "secrets", "tmp", "bin", "etc", "lib", "lib32", "lib64", "sbin", "usr", "proc", "sys", "dev", "nomad-bridge/state"] as const;

const GO_FLAGS = ["-trimpath", "-ldflags", "-s -w"] as const;

/** Go's architecture names for Node's. */
const GOARCH: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export type BuildLauncherOptions = { readonly outDir: string; readonly log: (line: string) => void; readonly signal?: AbortSignal };

/** Path of the launcher built from the checkout, in `outDir` under a hash of its sources; built only when they changed. */
export async function buildLauncher({ outDir, log, signal }: BuildLauncherOptions): Promise<Result<string, string>> {
  const source = join(CHECKOUT, "launcher");
  const binary = join(outDir, `launcher-${sourceHash(source)}`);
  if (existsSync(binary)) return ok(binary);
  mkdirSync(outDir, { recursive: true });
  log("building the launcher");
  const temporary = `${binary}.${process.pid}`;
  const built = await runCommand("go", ["build", ...GO_FLAGS, "-o", temporary, "."], {
    cwd: source,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" },
    ...(signal && { signal }),
  });
  if (!built.ok) return built;
  renameSync(temporary, binary);
  return ok(binary);
}

/** Names and contents of what the build reads: Go files that are no tests, go.mod and go.sum. */
function sourceHash(dir: string): string {
  const hash = createHash("sha256").update(GO_FLAGS.join(" "));
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => /(\.go|go\.mod|go\.sum)$/.test(name) && !name.endsWith("_test.go"));
  for (const name of names.toSorted()) hash.update(`\0${name}\0`).update(readFileSync(join(dir, name)));
  return hash.digest("hex").slice(0, 16);
}

export type LauncherImageOptions = { readonly launcherBinary: string; readonly outTar: string };

/** Writes a docker archive to `outTar` and returns the image's name. The same binary gives the same bytes. */
export async function buildLauncherImage({ launcherBinary, outTar }: LauncherImageOptions): Promise<Result<string, string>> {
  const stage = mkdtempSync(join(tmpdir(), "nomad-bridge-image-"));
  try {
    return await writeArchive(stage, launcherBinary, outTar);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The name an image of this launcher has: it changes if and only if the binary does. */
export const launcherImageName = (binary: Buffer): string => `${IMAGE}:${sha256(binary).slice(0, 12)}`;

async function writeArchive(stage: string, launcherBinary: string, outTar: string): Promise<Result<string, string>> {
  const root = join(stage, "root");
  const archive = join(stage, "archive");
  stageRoot(root, launcherBinary);
  mkdirSync(archive);
  const layer = await packDirectory(root, join(archive, "layer.tar"));
  if (!layer.ok) return layer;
  const architecture = GOARCH[process.arch];
  if (architecture === undefined) return err(`no launcher image for the architecture ${process.arch}; use an x64 or arm64 machine`);
  const config = imageConfig(architecture, sha256(readFileSync(join(archive, "layer.tar"))));
  const name = launcherImageName(readFileSync(launcherBinary));
  writeFileSync(join(archive, "config.json"), config);
  writeFileSync(join(archive, "manifest.json"), JSON.stringify([{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }]));
  for (const file of readdirSync(archive)) chmodSync(join(archive, file), 0o644);
  mkdirSync(dirname(outTar), { recursive: true });
  const packed = await packDirectory(archive, `${outTar}.${process.pid}`);
  if (!packed.ok) return packed;
  renameSync(`${outTar}.${process.pid}`, outTar);
  return ok(name);
}

function stageRoot(root: string, launcherBinary: string): void {
  for (const name of DIRECTORIES) mkdirSync(join(root, name), { recursive: true });
  for (const name of ["", "nomad-bridge", ...DIRECTORIES]) chmodSync(join(root, name), name === "tmp" ? 0o1777 : 0o755);
  copyFileSync(launcherBinary, join(root, LAUNCHER));
  chmodSync(join(root, LAUNCHER), 0o755);
}

function imageConfig(architecture: string, layerDigest: string): string {
  return JSON.stringify({
    architecture,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: { Entrypoint: [LAUNCHER, "pause"], WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "nomad-bridge" }],
  });
}

/** Order, owners and times are fixed, so that equal content is an equal archive. */
function packDirectory(dir: string, tar: string): Promise<Result<string, string>> {
  const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"];
  return runCommand("tar", [...fixed, "-C", dir, "-cf", tar, "."]);
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
