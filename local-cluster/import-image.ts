/** @module Puts an image archive into the cluster's containerd: there is no registry. Used by boot, `up` and tests. */
import { join } from "node:path";
import { err, ok, type Result } from "../src/lib/result.ts";
import { binariesDir } from "./build-binaries.ts";
import { ctrArgs } from "./daemon-specs.ts";
import { runCommand } from "./run-command.ts";
import { readState } from "./state.ts";

export type ImportOptions = { readonly dir: string; readonly tarPath: string; readonly log: (line: string) => void };

/** Imports all images of the archive. An image that is already there is no error. */
export async function importImage({ dir, tarPath, log }: ImportOptions): Promise<Result<void, string>> {
  const state = readState(dir);
  if (!state.ok) return state;
  if (state.value === undefined) return err(`there is no cluster in ${dir}; boot one first`);
  const args = ctrArgs(state.value.runDir, ["images", "import", tarPath]);
  const imported = await runCommand(join(binariesDir(), "ctr"), args);
  if (!imported.ok) return imported;
  log(`imported ${tarPath}`);
  return ok(undefined);
}
