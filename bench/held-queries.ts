/**
 * @module What a thousand held blocking queries cost: memory while they are held, and the time from one change in the cluster until all of them
 * are answered, over TLS and with the reply of a real list. By hand: node bench/held-queries.ts [count]
 */
import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { type Row, milliseconds, table } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { message } from "./synthetic/child.ts";
import type { Answered, Held } from "./synthetic/held-process.ts";
import { floorServer } from "./synthetic/floor.ts";
import { SECRET } from "./synthetic/objects.ts";
import { runLoad } from "./synthetic/load.ts";
import type { Target } from "./synthetic/socket-client.ts";
import { type SyntheticServer, syntheticServer } from "./synthetic/server.ts";

const PATH = "/v1/jobs";
/** Until the last of them has come to the server. */
const ARRIVED_MS = 3_000;

export type HeldTarget = Omit<Held, "clients" | "url"> & {
  /** With the index as it is then. */
  readonly url: () => Promise<string> | string;
  /** Where it is known. */
  readonly pid: number | undefined;
  /** Makes one change that the queries wait for, another one in each round. */
  readonly change: (round: string) => Promise<void> | void;
};

export async function measureHeld(count = 1000): Promise<readonly Row[]> {
  const server = await syntheticServer({ jobs: 50, allocations: 500 });
  try {
    const [job] = server.api.store.all("nomadjobs");
    if (job === undefined) throw new Error("the bench's cluster has no jobs");
    const change = (changed: string) => void server.api.store.put("nomadjobs", { ...job, metadata: { ...job.metadata, labels: { changed } } });
    const url = async () => `https://127.0.0.1:${server.port}${PATH}?index=${(await listOf(server)).index}&wait=5m`;
    const text = await holdAndWake({ url, ca: server.ca, headers: { "X-Nomad-Token": SECRET, "Accept-Encoding": "gzip" }, pid: server.pid, change }, count);
    return [{ measure: `${count} queries of 50 jobs held, one change`, bridge: text, direct: await heldFloor(server, count), compared: "", target: "≤ 100 MB, ≤ 100 ms" }];
  } finally {
    server.close();
  }
}

/** What bare node:https takes to answer as many with the very bytes. */
async function heldFloor(server: SyntheticServer, count: number): Promise<string> {
  const floor = await floorServer((await listOf(server)).body, "gzip");
  try {
    const { url, ca, pid, wake: change } = floor;
    return `bare node:https: ${await holdAndWake({ url: () => `${url}held`, ca, headers: { "Accept-Encoding": "gzip" }, pid, change }, count)}`;
  } finally {
    floor.close();
  }
}

/** As a server is that has run for a while: in one that has just started half of the time is the compiler's. */
async function warm(target: Target, pid: number | undefined): Promise<void> {
  const url = new URL(target.url);
  await runLoad({ ...target, url: `${url.origin}${url.pathname.replace(/held$/, "")}`, clients: 20, requests: 4_000, pauseMs: 0 }, pid);
}

/** In words: of a server to which it happens for the first time, and of one that has done it before. */
export async function holdAndWake(target: HeldTarget, count: number): Promise<string> {
  const { ca, headers, pid } = target;
  await warm({ url: await target.url(), headers, ...(ca === undefined ? {} : { ca }) }, pid);
  const first = await round(target, count, "first");
  const second = await round(target, count, "second");
  const memory = first.heldMiB === undefined ? "" : `${first.heldMiB.toFixed(0)} MiB while held; `;
  return `${memory}${first.times}; again: ${second.times}`;
}

type Round = { readonly times: string; readonly heldMiB?: number };

async function round({ pid, change, url, ...asked }: HeldTarget, count: number, name: string): Promise<Round> {
  const before = residentMiB(pid);
  const target = { ...asked, url: await url() };
  const child = fork(join(import.meta.dirname, "synthetic/held-process.ts"), [JSON.stringify({ ...target, clients: count } satisfies Held)]);
  try {
    await message(child);
    await quiet(pid);
    const held = residentMiB(pid);
    const cpu = pid === undefined ? 0 : cpuSeconds(pid);
    const answered = message<Answered>(child);
    const began = performance.timeOrigin + performance.now();
    await change(name);
    const { first, last } = await answered;
    const after = pid === undefined ? "" : `, ${((cpuSeconds(pid) - cpu) * 1000).toFixed(0)} ms CPU of the server`;
    const times = `first answer after ${milliseconds(first - began)}, last after ${milliseconds(last - began)}${after}`;
    return before === undefined || held === undefined ? { times } : { times, heldMiB: held - before };
  } finally {
    child.kill();
  }
}

/** All have arrived when the server has nothing to do any more. */
async function quiet(pid: number | undefined): Promise<void> {
  let before = -1;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ARRIVED_MS));
    const now = pid === undefined ? before : cpuSeconds(pid);
    if (now - before < 0.05) return;
    before = now;
  }
}

function residentMiB(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

/** As it goes over the wire. */
async function listOf(server: SyntheticServer): Promise<{ readonly index: string; readonly body: Buffer }> {
  return await new Promise((resolve, reject) => {
    const headers = { "X-Nomad-Token": SECRET, "Accept-Encoding": "gzip" };
    const sent = request({ port: server.port, host: "127.0.0.1", path: PATH, ca: server.ca, headers }, (response) => {
      buffer(response).then((body) => resolve({ index: String(response.headers["x-nomad-index"]), body }), reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

if (process.argv[1] === import.meta.filename) {
  console.log(table(await measureHeld(Number(process.argv[2] ?? 1000))));
  process.exit(0);
}
