/** @module Bundles the program into dist/, or the folder given: one entry, and a file for each command that is loaded on demand. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const outdir = resolve(root, process.argv[2] ?? "dist");

await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ["src/main/nomad-bridge.ts"],
  outdir,
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
