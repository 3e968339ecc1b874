/**
 * @module Bundles the program into dist/, or the folder given: one entry, and a file for each command that is loaded on demand. What would
 * not change is not touched, so that a build beside a running program does no harm.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const outdir = resolve(root, process.argv[2] ?? "dist");
const fresh = await mkdtemp(join(dirname(outdir), ".nomad-bridge-build-"));

try {
  await build({
    absWorkingDir: root,
    entryPoints: ["src/main/nomad-bridge.ts"],
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.19",
    sourcemap: true,
    logLevel: "warning",
    // Optional native speed-ups of ws, looked for at run time.
    external: ["bufferutil", "utf-8-validate"],
    // CommonJS packages inside an ES module still call require().
    banner: { js: 'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);' },
  });
  if (!isSame(fresh, outdir)) await replace(fresh, outdir);
} finally {
  await rm(fresh, { recursive: true, force: true });
}

function isSame(a: string, b: string): boolean {
  if (!existsSync(b)) return false;
  const names = readdirSync(a).sort();
  return JSON.stringify(names) === JSON.stringify(readdirSync(b).sort()) && names.every((name) => readFileSync(join(a, name)).equals(readFileSync(join(b, name))));
}

/** Two renames, so that there is a whole folder at any moment but one. */
async function replace(from: string, to: string): Promise<void> {
  const old = `${from}.old`;
  if (existsSync(to)) await rename(to, old);
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}
