/** @module What reading costs: lists over the real HTTPS server, whose caches hold a cluster that is not there. */
import { Agent, request } from "node:https";
import { type Row, milliseconds } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { median, percentile } from "./statistics.ts";
import { SECRET } from "./synthetic/objects.ts";
import { type SyntheticServer, syntheticServer } from "./synthetic/server.ts";

const CLIENTS = 50;

type Read = { readonly name: string; readonly path: string; readonly target?: string; readonly requests?: number; readonly body?: object };

const SMALL: readonly Read[] = [{ name: "500 allocations of 50 jobs", path: "/v1/allocations", target: "≤ 20 ms p50", requests: 500 }];

const LARGE: readonly Read[] = [
  { name: "1,000 jobs", path: "/v1/jobs" },
  { name: "a page of 20 of 1,000 jobs", path: "/v1/jobs?per_page=20" },
  { name: "1,000 jobs, filtered", path: `/v1/jobs?filter=${encodeURIComponent('Name matches "service-1.*" and Status == "running"')}` },
  { name: "1,000 evaluations", path: "/v1/evaluations" },
  { name: "metrics of 1,000 jobs", path: "/v1/metrics" },
  { name: "search among 1,000 jobs and 5,000 allocations", path: "/v1/search", body: { Prefix: "service-99", Context: "all" } },
  { name: "5,000 allocations", path: "/v1/allocations" },
  { name: "one job's 5 allocations", path: "/v1/job/service-7/allocations" },
];

export async function measureReads(): Promise<readonly Row[]> {
  return [...(await measureAll({ jobs: 50, allocations: 500 }, SMALL)), ...(await measureAll({ jobs: 1000, allocations: 5000 }, LARGE))];
}

async function measureAll(size: { readonly jobs: number; readonly allocations: number }, reads: readonly Read[]): Promise<readonly Row[]> {
  const server = await syntheticServer(size, profiling());
  try {
    const rows: Row[] = [];
    for (const read of reads) rows.push(...(await measureRead(server, read)));
    return rows;
  } finally {
    server.close();
  }
}

const profiling = (): readonly string[] => (process.env["BENCH_PROFILE"] === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${process.env["BENCH_PROFILE"]}`]);

async function measureRead(server: SyntheticServer, read: Read): Promise<readonly Row[]> {
  const row = async (clients: number, way: { readonly gzip: boolean; readonly pauseMs: number }, label: string): Promise<Row> => {
    const { took, cpuMs, bytes } = await load(server, read, { clients, ...way });
    return { measure: `${read.name}, ${label}`, bridge: `p50 ${milliseconds(median(took))}, p95 ${milliseconds(percentile(took, 95))}, ${cpuMs.toFixed(1)} ms CPU each, ${Math.round(bytes / 1024)} KiB`, direct: "", compared: "", target: read.target ?? "" };
  };
  if (read.target === undefined) return [await row(1, { gzip: true, pauseMs: 0 }, "one client")];
  return [
    await row(CLIENTS, { gzip: true, pauseMs: 1000 }, `${CLIENTS} clients, each once a second`),
    await row(CLIENTS, { gzip: true, pauseMs: 0 }, `${CLIENTS} clients without a pause`),
    await row(CLIENTS, { gzip: false, pauseMs: 0 }, `${CLIENTS} clients without a pause, not compressed`),
    await row(1, { gzip: true, pauseMs: 0 }, "one client"),
  ];
}

type Way = { readonly clients: number; readonly gzip: boolean; readonly pauseMs: number };

async function load(server: SyntheticServer, read: Read, { clients, gzip, pauseMs }: Way): Promise<{ readonly took: readonly number[]; readonly cpuMs: number; readonly bytes: number }> {
  const total = read.requests ?? 20;
  const agent = new Agent({ keepAlive: true, ca: server.ca, maxSockets: clients });
  const once = async () => await ask(server, read, { agent, gzip });
  await Promise.all(Array.from({ length: clients }, once));
  const before = cpuSeconds(server.pid);
  const took: number[] = [];
  let bytes = 0;
  let left = total;
  const client = async (_none: unknown, index: number): Promise<void> => {
    if (pauseMs > 0) await pause((index * pauseMs) / clients);
    while (left-- > 0) {
      const began = performance.now();
      bytes = await once();
      took.push(performance.now() - began);
      if (pauseMs > 0) await pause(Math.max(0, pauseMs - (performance.now() - began)));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const cpuMs = ((cpuSeconds(server.pid) - before) * 1000) / total;
  agent.destroy();
  return { took, cpuMs, bytes };
}

const pause = async (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Bytes of the body as they came. */
export async function ask(server: SyntheticServer, { path, body }: Read, { agent, gzip }: { readonly agent: Agent; readonly gzip: boolean }): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = { "X-Nomad-Token": SECRET, ...(gzip ? { "Accept-Encoding": "gzip" } : {}) };
    const sent = request({ port: server.port, host: "127.0.0.1", path, agent, headers, method: body === undefined ? "GET" : "PUT" }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => (bytes += chunk.length));
      response.on("end", () => (response.statusCode === 200 ? resolve(bytes) : reject(new Error(`${path}: ${response.statusCode}`))));
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

if (process.argv[1] === import.meta.filename) {
  const { table } = await import("./report.ts");
  console.log(table(await measureReads()));
  process.exit(0);
}
