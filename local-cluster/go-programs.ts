/** @module Programs built from Go modules of others, each once for its exact sources. Used for the cluster's own programs and by tests for what they compare with. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../src/lib/result.ts";
import { runCommand } from "./run-command.ts";

/** `flags` are those of `go build`. */
export type GoModule = { readonly folder: string; readonly flags: readonly string[] };

/** A name for what is built of exactly these sources, as go.mod and go.sum name them, with these flags. */
export function buildKey({ folder, flags }: GoModule): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(folder, file)));
  return hash.update(flags.join(" ")).digest("hex").slice(0, 16);
}

export type GoProgram = { readonly module: GoModule; readonly package: string; readonly cgo: boolean; /** Path of the program. */ readonly program: string };

/** The rename comes last: a build that was cut off leaves no program. */
export async function buildGoProgram({ module: { folder, flags }, package: name, cgo, program }: GoProgram, signal?: AbortSignal): Promise<Result<string, string>> {
  const env = { ...process.env, CGO_ENABLED: cgo ? "1" : "0", GOFLAGS: "-mod=readonly" };
  const built = await runCommand("go", ["build", ...flags, "-o", `${program}.part`, name], { cwd: folder, env, ...(signal === undefined ? {} : { signal }) });
  if (built.ok) renameSync(`${program}.part`, program);
  return built;
}
