/** @module The stock nomad program, built once from its Go module into the user's cache. Used by stock-nomad.test.ts. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { withHostLock } from "../../../local-cluster/host-lock.ts";
import { cacheRoot } from "../../../local-cluster/layout.ts";
import { runCommand } from "../../../local-cluster/run-command.ts";
import { ok, type Result } from "../../../src/lib/result.ts";

const PACKAGE = "github.com/hashicorp/nomad";
const FLAGS = ["-trimpath", "-ldflags", "-s -w"];

/**
 * The path of the program. At once when it is cached; else two to four minutes. NOMAD_BINARY names another version's to compare with,
 * which its owner has.
 */
export async function stockNomad(env: NodeJS.ProcessEnv = process.env): Promise<Result<string, string>> {
  const chosen = env["NOMAD_BINARY"];
  if (chosen !== undefined) return ok(chosen);
  const program = cachedProgram();
  if (existsSync(program)) return ok(program);
  const waiting = () => process.stderr.write("another test run is building the stock nomad; waiting for it\n");
  return withHostLock(program, waiting, () => build(program));
}

/** Of exactly these sources, as go.sum names them. */
function cachedProgram(): string {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(import.meta.dirname, file)));
  return join(cacheRoot(), "stock-nomad", hash.update(FLAGS.join(" ")).digest("hex").slice(0, 16), "nomad");
}

/** By cgo, which the exec driver needs. The rename comes last: a build that was cut off leaves no program. */
async function build(program: string): Promise<Result<string, string>> {
  if (existsSync(program)) return ok(program);
  process.stderr.write("building the stock nomad to compare with: two to four minutes, once\n");
  mkdirSync(join(program, ".."), { recursive: true });
  const built = await runCommand("go", ["build", ...FLAGS, "-o", `${program}.part`, PACKAGE], {
    cwd: import.meta.dirname,
    env: { ...process.env, CGO_ENABLED: "1", GOFLAGS: "-mod=readonly" },
  });
  if (!built.ok) return built;
  renameSync(`${program}.part`, program);
  return ok(program);
}
