/** @module The stock nomad program, built once from its Go module into the user's cache. Used by stock-nomad.test.ts. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildGoProgram, buildKey, type GoModule } from "../../../local-cluster/go-programs.ts";
import { withHostLock } from "../../../local-cluster/host-lock.ts";
import { cacheRoot } from "../../../local-cluster/layout.ts";
import { ok, type Result } from "../../../src/lib/result.ts";

const PACKAGE = "github.com/hashicorp/nomad";
const MODULE: GoModule = { folder: import.meta.dirname, flags: ["-trimpath", "-ldflags", "-s -w"] };

/**
 * The path of the program. At once when it is cached; else two to four minutes. NOMAD_BINARY names another version's to compare with,
 * which its owner has.
 */
export async function stockNomad(env: NodeJS.ProcessEnv = process.env): Promise<Result<string, string>> {
  const chosen = env["NOMAD_BINARY"];
  if (chosen !== undefined) return ok(chosen);
  const program = join(cacheRoot(), "stock-nomad", buildKey(MODULE), "nomad");
  if (existsSync(program)) return ok(program);
  const waiting = () => process.stderr.write("another test run is building the stock nomad; waiting for it\n");
  return withHostLock(program, waiting, () => build(program));
}

/** By cgo, which the exec driver needs. */
async function build(program: string): Promise<Result<string, string>> {
  if (existsSync(program)) return ok(program);
  process.stderr.write("building the stock nomad to compare with: two to four minutes, once\n");
  mkdirSync(dirname(program), { recursive: true });
  const built = await buildGoProgram({ module: MODULE, package: PACKAGE, cgo: true, program });
  return built.ok ? ok(program) : built;
}
