/** @module HashiCorp's own HCL library as a function: one Go program, built once, that is asked about many expressions at a time. */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { giveInput } from "../support/child-input.ts";

export type Answer = { readonly ok: boolean; readonly value?: unknown; readonly error?: string };
export type Oracle = { readonly ask: (expressions: readonly string[]) => Promise<readonly Answer[]>; readonly close: () => Promise<void> };

/** Throws when the program cannot be built. */
export async function startOracle(): Promise<Oracle> {
  const folder = await mkdtemp(join(tmpdir(), "hcl-oracle-"));
  const program = join(folder, "oracle");
  await run("go", ["build", "-o", program, "."], "");
  return {
    ask: async (expressions) => JSON.parse(await run(program, [], JSON.stringify(expressions))) as readonly Answer[],
    close: () => rm(folder, { recursive: true }),
  };
}

async function run(program: string, args: readonly string[], input: string): Promise<string> {
  const child = spawn(program, args, { cwd: import.meta.dirname, stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  giveInput(child, input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
  return stdout;
}
