/** @module `nomad-bridge server`, or the bridge's half of it alone, in a process of its own, over an API server that is not one. */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBridgeCertificate } from "../../local-cluster/pki.ts";
import { type Size, syntheticObjects } from "./objects.ts";
import { type SyntheticApiServer, syntheticApiServer } from "./api-server.ts";
import { message } from "./child.ts";

export type SyntheticServer = {
  readonly pid: number;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly api: SyntheticApiServer;
  /** In words, when the server has had the time to give back what it does not need; with BENCH_SNAPSHOT in the environment a snapshot of the heap goes to that file. */
  readonly resident: () => Promise<string>;
  readonly close: () => void;
};

export type ServerOptions = {
  /** For Node, such as --cpu-prof. */
  readonly execArgv?: readonly string[];
  /** With the controller, which leads. */
  readonly isWhole?: boolean;
  /** Memory that it does not need, each second: what is measured beside it would begin anew, with code that is not compiled. */
  readonly givesBack?: boolean;
  /** New pods are placed and succeed at once. */
  readonly runsPods?: boolean;
};

const GIVEN_BACK_MS = 3_000;

export async function syntheticServer(size: Size, { execArgv = [], isWhole = false, runsPods = false, givesBack = false }: ServerOptions = {}): Promise<SyntheticServer> {
  const api = await syntheticApiServer(syntheticObjects(size), runsPods);
  const dir = mkdtempSync(join(tmpdir(), "nomad-bridge-bench-"));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1"], new Date());
  const child = fork(join(import.meta.dirname, "server-process.ts"), [api.url, leaf, isWhole ? "both" : "bridge", givesBack ? "gives-back" : ""], { execArgv: [...execArgv] });
  const port = await message<number>(child);
  return {
    pid: child.pid ?? 0,
    port,
    ca: readFileSync(ca, "utf8"),
    api,
    resident: async () => {
      if (givesBack) await new Promise((resolve) => setTimeout(resolve, GIVEN_BACK_MS));
      child.send(process.env["BENCH_SNAPSHOT"] === undefined ? "resident" : "snapshot");
      return await message<string>(child);
    },
    close: () => {
      child.kill();
      api.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
