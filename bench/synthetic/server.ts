/** @module The bridge's half of `nomad-bridge server` in a process of its own, over an API server that is not one. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBridgeCertificate } from "../../local-cluster/pki.ts";
import { type Size, syntheticObjects } from "./objects.ts";
import { type SyntheticApiServer, syntheticApiServer } from "./api-server.ts";

export type SyntheticServer = {
  readonly pid: number;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly api: SyntheticApiServer;
  readonly objects: ReturnType<typeof syntheticObjects>;
  /** MiB resident, after a collection of garbage. */
  readonly resident: () => Promise<number>;
  readonly close: () => void;
};

/** @param execArgv for Node, such as --cpu-prof */
export async function syntheticServer(size: Size, execArgv: readonly string[] = []): Promise<SyntheticServer> {
  const objects = syntheticObjects(size);
  const api = await syntheticApiServer(objects);
  const dir = mkdtempSync(join(tmpdir(), "nomad-bridge-bench-"));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1"], new Date());
  const child = fork(join(import.meta.dirname, "server-process.ts"), [api.url, leaf], { execArgv: ["--expose-gc", ...execArgv] });
  const port = await message<number>(child);
  return {
    pid: child.pid ?? 0,
    port,
    ca: readFileSync(ca, "utf8"),
    api,
    objects,
    resident: async () => {
      child.send("resident");
      return await message<number>(child);
    },
    close: () => {
      child.kill();
      api.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function message<T>(child: ChildProcess): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    child.once("message", (value) => resolve(value as T));
    child.once("exit", (code) => reject(new Error(`the bench's server ended with ${code}`)));
  });
}
