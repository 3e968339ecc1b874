/**
 * @module What a thousand held blocking queries cost, over real sockets: memory while they are held, and the time until one change has woken
 * them all. Run by hand: node --expose-gc bench/held-queries.ts [count]
 */
import { fork } from "node:child_process";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createChangeFeed, waitForChange } from "../src/bridge/blocking/change-feed.ts";

const count = Number(process.argv[2] ?? 1000);
const port = Number(process.env["HELD_QUERIES_PORT"] ?? 0);

/** The clients are another process, so that their sockets are not counted. */
function client(): void {
  let answered = 0;
  for (let sent = 0; sent < count; sent += 1) {
    const one = request({ port, path: "/v1/jobs?index=1", agent: false }, (response) => {
      response.resume();
      response.on("end", () => {
        answered += 1;
        if (answered === count) process.send?.("answered");
      });
    });
    one.end();
  }
}

async function measure(): Promise<void> {
  const feed = createChangeFeed({ random: Math.random, startTimer: (ms, fire) => clearing(setTimeout(fire, ms)) });
  const answer = async (incoming: Request): Promise<Response> => {
    await waitForChange(feed, { kinds: ["job"], index: 1, waitMs: 300_000, holder: "bench" }, incoming.signal);
    return new Response("[]", { headers: { "X-Nomad-Index": String(feed.index(["job"])) } });
  };
  const listener = getRequestListener(answer);
  const server = createServer((incoming, response) => void listener(incoming, response)).listen(0);
  const before = residentMiB();
  const clients = fork(import.meta.filename, [String(count)], { env: { ...process.env, HELD_QUERIES_PORT: String((server.address() as AddressInfo).port) } });
  while (feed.waiting() < count) await new Promise((resolve) => setTimeout(resolve, 20));
  const held = residentMiB();
  const began = performance.now();
  feed.report({ kinds: ["job"], namespace: "default", key: "web" });
  const woken = performance.now() - began;
  await new Promise((resolve) => clients.once("message", resolve));
  const answered = performance.now() - began;
  console.log(`${count} held: ${(held - before).toFixed(1)} MiB; woken in ${woken.toFixed(1)} ms, all answered in ${answered.toFixed(1)} ms`);
  clients.kill();
  server.close();
}

const clearing = (timer: NodeJS.Timeout) => () => clearTimeout(timer);

function residentMiB(): number {
  (globalThis as { readonly gc?: () => void }).gc?.();
  return process.memoryUsage().rss / 2 ** 20;
}

if (port === 0) await measure();
else client();
