/** @module Clients that ask for the same again and again, in a process of their own. Started by load.ts. */
import type { Load, LoadResult } from "./load.ts";
import { type SocketClient, socketClient } from "./socket-client.ts";

const { clients: count, requests, pauseMs, ...load } = JSON.parse(process.argv[2] ?? "") as Load;
const clients = Array.from({ length: count }, () => socketClient(load));
await Promise.all(clients.map(async (each) => await each.ask()));
await answered("warm");

const cpu = process.cpuUsage();
const took: number[] = [];
let bytes = 0;
let left = requests;
await Promise.all(clients.map(run));
const { user, system } = process.cpuUsage(cpu);
process.send?.({ took, bytes, cpuMs: (user + system) / 1000 / requests } satisfies LoadResult);
for (const each of clients) each.close();

async function run({ ask }: SocketClient, index: number): Promise<void> {
  if (pauseMs > 0) await pause((index * pauseMs) / count);
  while (left-- > 0) {
    const began = performance.now();
    bytes = await ask();
    took.push(performance.now() - began);
    if (pauseMs > 0) await pause(Math.max(0, pauseMs - (performance.now() - began)));
  }
}

async function answered(message: string): Promise<void> {
  await new Promise((resolve) => {
    process.once("message", resolve);
    process.send?.(message);
  });
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
