/** @module The Go programs of a pod, launcher and fetch, as binaries and as images, without a registry. The launcher's is the sandbox image too. */
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { cacheRoot, CHECKOUT } from "./layout.ts";
import { runCommand } from "./run-command.ts";

/** `launcher` stands in front of each task; `fetch` brings its artifacts, in an init container. */
export type Program = "launcher" | "fetch";
export type ProgramImages = Readonly<Record<Program, string>>;

/** Folders of the checkout that each is built from. */
const SOURCES: Readonly<Record<Program, readonly string[]>> = { launcher: ["launcher"], fetch: ["fetch", "launcher"] };

/** The users that the image itself knows. Those of `fetch` are named in src/mapping/artifacts.ts; a task's own come from the node or the profile. */
const PASSWD: Readonly<Record<Program, string>> = { launcher: "", fetch: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" };

/** What a container of the image runs when nobody says what. */
const ENTRYPOINTS: Readonly<Record<Program, readonly string[]>> = { launcher: ["/nomad-bridge/launcher", "pause"], fetch: ["/nomad-bridge/fetch"] };

/** A read-only root file system cannot grow mount points later, so all that a pod may mount over are here. */
const DIRECTORIES = ["alloc", "local", "secrets", "tmp", "bin", "etc", "lib", "lib32", "lib64", "sbin", "usr", "proc", "sys", "dev", "nomad-bridge/state"] as const;

const GO_FLAGS = ["-trimpath", "-ldflags", "-s -w"] as const;

/** Go's architecture names for Node's. */
const GOARCH: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export type PrepareOptions = {
  /** Archives are written here, as launcher.tar and fetch.tar. */
  readonly imagesDir: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
};
export type PreparedImage = { readonly name: string; readonly tar: string };

/** Builds both programs of the checkout and packs each; the error is the first one's. */
export async function prepareImages(options: PrepareOptions): Promise<Result<Readonly<Record<Program, PreparedImage>>, string>> {
  const launcher = await prepareImage("launcher", options);
  if (!launcher.ok) return launcher;
  const fetch = await prepareImage("fetch", options);
  return fetch.ok ? ok({ launcher: launcher.value, fetch: fetch.value }) : fetch;
}

async function prepareImage(program: Program, { imagesDir, log, signal }: PrepareOptions): Promise<Result<PreparedImage, string>> {
  const binary = await buildProgram(program, { outDir: join(cacheRoot(), program), log, ...(signal && { signal }) });
  if (!binary.ok) return binary;
  const tar = join(imagesDir, `${program}.tar`);
  const name = await buildProgramImage({ program, binary: binary.value, outTar: tar });
  return name.ok ? ok({ name: name.value, tar }) : name;
}

/** The names alone. */
export const imageNames = (images: Readonly<Record<Program, PreparedImage>>): ProgramImages => ({ launcher: images.launcher.name, fetch: images.fetch.name });

type BuildOptions = { readonly outDir: string; readonly log: (line: string) => void; readonly signal?: AbortSignal };

/** Path of the program built from the checkout, in `outDir` under a hash of its sources; built only when they changed. */
async function buildProgram(program: Program, { outDir, log, signal }: BuildOptions): Promise<Result<string, string>> {
  const binary = join(outDir, `${program}-${sourceHash(SOURCES[program])}`);
  if (existsSync(binary)) return ok(binary);
  mkdirSync(outDir, { recursive: true });
  log(`building the program ${program}`);
  const temporary = `${binary}.${process.pid}`;
  const built = await runCommand("go", ["build", ...GO_FLAGS, "-o", temporary, "."], {
    cwd: join(CHECKOUT, program),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" },
    ...(signal && { signal }),
  });
  if (!built.ok) return built;
  renameSync(temporary, binary);
  return ok(binary);
}

/** Names and contents of what the build reads: Go files that are no tests, go.mod and go.sum. */
function sourceHash(folders: readonly string[]): string {
  const hash = createHash("sha256").update(GO_FLAGS.join(" "));
  for (const folder of folders) {
    const dir = join(CHECKOUT, folder);
    const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => /(\.go|go\.mod|go\.sum)$/.test(name) && !name.endsWith("_test.go"));
    for (const name of names.toSorted()) hash.update(`\0${name}\0`).update(readFileSync(join(dir, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

export type ProgramImageOptions = { readonly program: Program; readonly binary: string; readonly outTar: string };

/** Writes a docker archive to `outTar` and returns the image's name. The same binary gives the same bytes. */
export async function buildProgramImage(options: ProgramImageOptions): Promise<Result<string, string>> {
  const stage = mkdtempSync(join(tmpdir(), "nomad-bridge-image-"));
  try {
    return await writeArchive(stage, options);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** The name an image of this binary has: it changes if and only if what is in the image does. */
export const programImageName = (program: Program, binary: Buffer): string => `nomad-bridge.dev/${program}:${sha256(Buffer.concat([binary, Buffer.from(PASSWD[program])])).slice(0, 12)}`;

async function writeArchive(stage: string, { program, binary, outTar }: ProgramImageOptions): Promise<Result<string, string>> {
  const root = join(stage, "root");
  const archive = join(stage, "archive");
  stageRoot(root, program, binary);
  mkdirSync(archive);
  const layer = await packDirectory(root, join(archive, "layer.tar"));
  if (!layer.ok) return layer;
  const architecture = GOARCH[process.arch];
  if (architecture === undefined) return err(`no image for the architecture ${process.arch}; use an x64 or arm64 machine`);
  const config = imageConfig(program, architecture, sha256(readFileSync(join(archive, "layer.tar"))));
  const name = programImageName(program, readFileSync(binary));
  writeFileSync(join(archive, "config.json"), config);
  writeFileSync(join(archive, "manifest.json"), JSON.stringify([{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }]));
  for (const file of readdirSync(archive)) chmodSync(join(archive, file), 0o644);
  mkdirSync(dirname(outTar), { recursive: true });
  const packed = await packDirectory(archive, `${outTar}.${process.pid}`);
  if (!packed.ok) return packed;
  renameSync(`${outTar}.${process.pid}`, outTar);
  return ok(name);
}

function stageRoot(root: string, program: Program, binary: string): void {
  for (const name of DIRECTORIES) mkdirSync(join(root, name), { recursive: true });
  for (const name of ["", "nomad-bridge", ...DIRECTORIES]) chmodSync(join(root, name), name === "tmp" ? 0o1777 : 0o755);
  const installed = join(root, "nomad-bridge", program);
  copyFileSync(binary, installed);
  chmodSync(installed, 0o755);
  if (PASSWD[program] === "") return;
  writeFileSync(join(root, "etc/passwd"), PASSWD[program]);
  chmodSync(join(root, "etc/passwd"), 0o644);
}

function imageConfig(program: Program, architecture: string, layerDigest: string): string {
  return JSON.stringify({
    architecture,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: { Entrypoint: ENTRYPOINTS[program], WorkingDir: "/" },
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
