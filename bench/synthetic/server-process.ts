/** @module What server.ts starts. Arguments: the API server's URL, a PEM file with certificate and key, "both" where the controller is to run, too, and "gives-back" for memory. */
import { readFileSync } from "node:fs";
import { writeHeapSnapshot } from "node:v8";
import { createLogLines } from "../../src/bridge/monitor/log-lines.ts";
import { systemClock } from "../../src/kubernetes/clock.ts";
import { ok } from "../../src/lib/result.ts";
import { startBridge } from "../../src/main/bridge.ts";
import { runController } from "../../src/main/controller.ts";
import { giveBackMemory, lastResortCollection } from "../../src/main/memory/give-back.ts";
import { cachedObjects } from "../../src/main/memory/cached-objects.ts";

const [server = "", leaf = "", halves = "", memory = ""] = process.argv.slice(2);
const pem = readFileSync(leaf, "utf8");
const stop = new AbortController();
const log = { info: () => undefined, warn: () => undefined, error: (fields: object, text: string) => console.error(text, fields) };

process.once("SIGTERM", () => process.exit(0));
// A bench that died must leave nothing behind.
process.once("disconnect", () => process.exit(0));
process.on("message", (asked) => {
  const { rss, heapUsed } = process.memoryUsage();
  if (asked === "snapshot") writeHeapSnapshot(process.env["BENCH_SNAPSHOT"]);
  process.send?.(`${(rss / 2 ** 20).toFixed(0)} MiB resident, ${(heapUsed / 2 ** 20).toFixed(0)} of them heap in use`);
});

const access = { server, basePath: "" };
const pool = cachedObjects();
if (halves === "both") void runController({ access, images: { launcher: "launcher:1", fetch: "fetch:1" }, pool, log, clock: systemClock, signal: stop.signal });

const { port } = await startBridge({
  access,
  pool,
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
// As the server does, which takes its time.
if (memory === "gives-back") void giveBackMemory({ clock: systemClock, signal: stop.signal, resident: () => process.memoryUsage.rss(), collect: lastResortCollection, log, everyMs: 1_000 });
process.send?.(port);
