/** @module Where `up` keeps what it made: one folder, which `down` empties again. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { processIdSchema } from "../../../local-cluster/processes.ts";

export const CHECKOUT = join(import.meta.dirname, "..", "..", "..");
export const DEFAULT_HOME = join(CHECKOUT, ".local");

export type HomePaths = ReturnType<typeof homePaths>;

export function homePaths(home: string) {
  const server = join(home, "server");
  return {
    home,
    cluster: join(home, "cluster"),
    state: join(home, "up.json"),
    env: join(home, "env"),
    bin: join(home, "bin"),
    server,
    serverLog: join(server, "server.log"),
    auditLog: join(server, "audit.log"),
    serverKubeconfig: join(server, "kubeconfig"),
    token: (identity: string) => join(server, `${identity}.token`),
    managementToken: join(server, "management.token"),
  } as const;
}

const stateSchema = z.strictObject({
  version: z.literal(1),
  cluster: z.enum(["local", "kind", "given"]),
  kubeconfig: z.string(),
  server: z.strictObject({ process: processIdSchema, port: z.int(), fingerprint: z.string() }).optional(),
});

export type UpState = z.infer<typeof stateSchema>;

/** Undefined: nothing is up here. A file that cannot be read throws, with what to do. */
export function readUpState({ state }: HomePaths): UpState | undefined {
  const text = readIfThere(state);
  if (text === undefined) return undefined;
  const parsed = stateSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${state} was written by another version; run "npm run down" with that version, or remove the file`);
  return parsed.data;
}

export function writeUpState(paths: HomePaths, state: UpState): void {
  writePrivate(paths.state, `${JSON.stringify(state, undefined, 2)}\n`);
}

export function removeHomeFiles(paths: HomePaths): void {
  for (const path of [paths.env, paths.bin, paths.server, paths.state]) rmSync(path, { recursive: true, force: true });
}

/** Whole or not at all, and readable by nobody else. */
export function writePrivate(path: string, text: string, mode = 0o600): void {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
