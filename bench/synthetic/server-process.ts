/** @module What server.ts starts. Arguments: the API server's URL, and a PEM file with certificate and key. */
import { readFileSync } from "node:fs";
import { createLogLines } from "../../src/bridge/monitor/log-lines.ts";
import { systemClock } from "../../src/kubernetes/clock.ts";
import { ok } from "../../src/lib/result.ts";
import { startBridge } from "../../src/main/bridge.ts";

const [server = "", leaf = ""] = process.argv.slice(2);
const pem = readFileSync(leaf, "utf8");
const stop = new AbortController();
const log = { info: () => undefined, warn: () => undefined, error: (fields: object, text: string) => console.error(text, fields) };

process.once("SIGTERM", () => process.exit(0));
// A bench that died must leave nothing behind.
process.once("disconnect", () => process.exit(0));
process.on("message", () => {
  (globalThis as { readonly gc?: () => void }).gc?.();
  process.send?.(process.memoryUsage().rss / 2 ** 20);
});

const { port } = await startBridge({
  access: { server, basePath: "" },
  tls: { cert: pem, key: pem },
  host: "127.0.0.1",
  port: 0,
  aclEnabled: true,
  audit: { append: () => ok(undefined), close: () => undefined },
  log,
  logLines: createLogLines(),
  clock: systemClock,
  signal: stop.signal,
});
process.send?.(port);
