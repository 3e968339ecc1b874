/** @module What reading costs: lists over the real HTTPS server, whose caches hold a cluster that is not there. */
import { Agent, request } from "node:https";
import { type Row, milliseconds } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { median, percentile } from "./statistics.ts";
import { SECRET } from "./synthetic/objects.ts";
import { floorServer } from "./synthetic/floor.ts";
import { runLoad } from "./synthetic/load.ts";
import { type SyntheticServer, syntheticServer } from "./synthetic/server.ts";

const CLIENTS = 50;

type Read = { readonly name: string; readonly path: string; readonly target?: string; readonly body?: object };

const SMALL: readonly Read[] = [{ name: "500 allocations of 50 jobs", path: "/v1/allocations", target: "≤ 20 ms p50" }];

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
  const server = await syntheticServer(size, { execArgv: profiling() });
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
  const url = `https://127.0.0.1:${server.port}${read.path}`;
  if (read.body !== undefined) return [await measurePut(server, read)];
  const target = { url, ca: server.ca };
  if (read.target === undefined) return [await loadRow(read, { ...target, ...ONE }, server.pid)];
  const [paced, hurried, plain, one] = [
    await loadRow(read, { ...target, ...PACED }, server.pid),
    await loadRow(read, { ...target, ...HURRIED }, server.pid),
    await loadRow(read, { ...target, ...HURRIED, gzip: false }, server.pid),
    await loadRow(read, { ...target, ...ONE }, server.pid),
  ];
  return [paced, { ...hurried, ...(await floorOf(server, read)) }, plain, one];
}

type Way = { readonly clients: number; readonly gzip: boolean; readonly pauseMs: number; readonly requests: number };

const ONE: Way = { clients: 1, gzip: true, pauseMs: 0, requests: 20 };
export const PACED: Way = { clients: CLIENTS, gzip: true, pauseMs: 1000, requests: 500 };
export const HURRIED: Way = { clients: CLIENTS, gzip: true, pauseMs: 0, requests: 2000 };

/** @param pid of the server, where it is known */
export async function loadRow(read: Read, { gzip, ...load }: Way & { readonly url: string; readonly ca?: string; readonly token?: string }, pid: number | undefined): Promise<Row> {
  const headers = { "X-Nomad-Token": load.token ?? SECRET, ...(gzip ? { "Accept-Encoding": "gzip" } : {}) };
  const { text } = told(await runLoad({ ...load, headers }, pid));
  const how = load.clients === 1 ? "one client" : `${load.clients} clients ${load.pauseMs > 0 ? "each once a second" : "without a pause"}`;
  return { measure: `${read.name}, ${how}${gzip ? "" : ", not compressed"}`, bridge: text, direct: "", compared: "", target: read.target ?? "" };
}

function told({ took, bytes, cpuMs, serverCpuMs }: Awaited<ReturnType<typeof runLoad>>): { readonly text: string; readonly p50: number } {
  const p50 = median(took);
  const cpu = serverCpuMs === undefined ? "" : `${serverCpuMs.toFixed(2)} ms CPU each, `;
  return { text: `p50 ${milliseconds(p50)}, p95 ${milliseconds(percentile(took, 95))}, ${cpu}${cpuMs.toFixed(2)} of the clients, ${Math.round(bytes / 1024)} KiB`, p50 };
}

/** What bare node:https takes for the very bytes. */
async function floorOf(server: SyntheticServer, read: Read): Promise<Partial<Row>> {
  const floor = await floorServer(await bodyOf(server, read), "gzip");
  try {
    const { text } = told(await runLoad({ url: floor.url, ca: floor.ca, headers: { "Accept-Encoding": "gzip" }, clients: HURRIED.clients, requests: HURRIED.requests, pauseMs: 0 }, floor.pid));
    return { direct: `bare node:https: ${text}` };
  } finally {
    floor.close();
  }
}

async function measurePut(server: SyntheticServer, read: Read): Promise<Row> {
  const agent = new Agent({ keepAlive: true, ca: server.ca });
  await ask(server, read, { agent, gzip: true });
  const before = cpuSeconds(server.pid);
  for (let index = 0; index < ONE.requests; index += 1) await ask(server, read, { agent, gzip: true });
  agent.destroy();
  return { measure: `${read.name}, one client`, bridge: `${(((cpuSeconds(server.pid) - before) * 1000) / ONE.requests).toFixed(2)} ms CPU each`, direct: "", compared: "", target: "" };
}

async function bodyOf(server: SyntheticServer, read: Read): Promise<Buffer> {
  const agent = new Agent({ ca: server.ca });
  return await new Promise((resolve, reject) => {
    const sent = request({ port: server.port, host: "127.0.0.1", path: read.path, agent, headers: { "X-Nomad-Token": SECRET, "Accept-Encoding": "gzip" } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
    });
    sent.on("error", reject);
    sent.end();
  });
}

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
  console.log(table(process.argv[2] === "small" ? await measureAll({ jobs: 50, allocations: 500 }, SMALL) : await measureReads()));
  process.exit(0);
}
