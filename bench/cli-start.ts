/** @module From the start of `nomad-bridge alloc exec` to its first byte on the wire, beside kubectl exec. */
import { spawn } from "node:child_process";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { CHECKOUT } from "../src/main/dev/home.ts";
import { milliseconds, ratio, type Row } from "./report.ts";
import type { Stage } from "./stage.ts";
import { interleave, median, percentile } from "./statistics.ts";

const PAIRS = 20;

type Program = { readonly path: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };

export async function measureCliStart({ up, bridge, searchPath }: Stage): Promise<readonly Row[]> {
  const listener = await listen();
  try {
    const args = ["alloc", "exec", "-task", bridge.task, bridge.allocId, "true"];
    const settings = { PATH: searchPath, NOMAD_ADDR: listener.url, NOMAD_CACERT: up.ca, NOMAD_TOKEN: up.token };
    const ours = { path: process.execPath, args: [join(CHECKOUT, "dist", "nomad-bridge.js"), ...args], env: settings };
    const kubectl = { path: up.bin.kubectl, args: [`--server=${listener.url}`, `--kubeconfig=${up.kubeconfig}`, "exec", "bench", "--", "true"], env: { PATH: searchPath } };
    const taken = await interleave(
      PAIRS,
      () => firstByte(listener.server, ours),
      () => firstByte(listener.server, kubectl),
    );
    const row = (name: string, of: (values: readonly number[]) => number): Row => {
      const times = { bridge: of(taken.map((pair) => pair.bridge)), direct: of(taken.map((pair) => pair.direct)) };
      const compared = ratio(times.bridge / times.direct);
      return { measure: `CLI start to first byte, ${name} of ${PAIRS}`, bridge: milliseconds(times.bridge), direct: `${milliseconds(times.direct)} (kubectl)`, compared, target: "≤ 150 ms" };
    };
    return [row("median", median), row("p95", (values) => percentile(values, 95))];
  } finally {
    listener.server.close();
  }
}

async function listen(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return { server, url: `https://127.0.0.1:${address.port}` };
}

/** Milliseconds until the program, which is ended then, has sent something. */
async function firstByte(server: Server, { path, args, env }: Program): Promise<number> {
  const heard = new Promise<number>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => {
        resolve(performance.now());
        socket.destroy();
      });
    });
  });
  const started = performance.now();
  const child = spawn(path, args, { env, stdio: ["ignore", "ignore", "ignore"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const at = await heard;
  child.kill("SIGKILL");
  await ended;
  return at - started;
}
