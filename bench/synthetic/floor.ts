/** @module A bare node:https server with one reply: what no server in Node can be better than. `wake` answers all who have asked for /held. */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBridgeCertificate } from "../../local-cluster/pki.ts";
import { message } from "./child.ts";

export type FloorServer = { readonly url: string; readonly ca: string; readonly pid: number; readonly wake: () => void; readonly close: () => void };

export async function floorServer(body: Buffer, encoding: "gzip" | "identity"): Promise<FloorServer> {
  const dir = mkdtempSync(join(tmpdir(), "nomad-bridge-bench-"));
  const { ca, leaf } = await ensureBridgeCertificate(dir, ["127.0.0.1"], new Date());
  const file = join(dir, "body");
  writeFileSync(file, body);
  const child = fork(join(import.meta.dirname, "floor-process.ts"), [leaf, file, encoding]);
  const port = await message<number>(child);
  return {
    url: `https://127.0.0.1:${port}/`,
    ca: readFileSync(ca, "utf8"),
    pid: child.pid ?? 0,
    wake: () => void child.send("wake"),
    close: () => {
      child.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
