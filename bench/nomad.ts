/**
 * @module The same measures on a running Nomad, for comparison: its list of allocations, registrations, held queries. It must hold what is to be
 * listed already, and answer without a token and without TLS. By hand: node bench/nomad.ts http://address:port [pid of the server]
 */
import { Agent, request } from "node:http";
import { holdAndWake } from "./held-queries.ts";
import { HURRIED, loadRow, PACED } from "./reads.ts";
import { measureRegistrations, PARAMETERS } from "./register.ts";
import { type Row, table } from "./report.ts";

/** @param address as http://10.0.0.1:4646 @param pid of the server, where it is on this machine; its CPU and memory are not told otherwise */
export async function measureNomad(address: string, pid?: number): Promise<readonly Row[]> {
  const agent = new Agent({ keepAlive: true });
  const call = async (method: string, path: string, body?: unknown) => await send({ address, agent }, { method, path, body });
  const count = (JSON.parse(await call("GET", "/v1/allocations")) as readonly unknown[]).length;
  const read = { name: `${count} allocations`, path: "/v1/allocations" };
  const url = `${address}${read.path}`;
  const rows: Row[] = [await loadRow(read, { ...PACED, url }, pid), await loadRow(read, { ...HURRIED, url }, pid)];
  rows.push(...(await measureRegistrations(async (method, path, body) => void (await call(method, path, body)), pid)));
  rows.push(await held({ address, pid, call }));
  agent.destroy();
  return rows.map(({ bridge, ...row }) => ({ ...row, measure: `Nomad: ${row.measure}`, bridge: "", direct: bridge }));
}

type Call = (method: string, path: string, body?: unknown) => Promise<string>;

async function held({ address, pid, call }: { readonly address: string; readonly pid: number | undefined; readonly call: Call }): Promise<Row> {
  const queries = 1000;
  const job = (run: string) => ({ Job: { ...PARAMETERS, ID: "bench-held", Meta: { run } } });
  await call("PUT", "/v1/jobs", job("first"));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const index = async () => Math.max(...(JSON.parse(await call("GET", "/v1/jobs")) as readonly { readonly ModifyIndex: number }[]).map(({ ModifyIndex }) => ModifyIndex), 1);
  const change = async (round: string) => void (await call("PUT", "/v1/jobs", job(`changed, ${round}`)));
  const text = await holdAndWake({ url: async () => `${address}/v1/jobs?index=${(await index()) + 1}&wait=5m`, headers: { "Accept-Encoding": "gzip" }, pid, change }, queries);
  await call("DELETE", "/v1/job/bench-held?purge=true");
  return { measure: `${queries} queries of jobs held, one registration`, bridge: text, direct: "", compared: "", target: "" };
}

type Sent = { readonly method: string; readonly path: string; readonly body: unknown };

async function send({ address, agent }: { readonly address: string; readonly agent: Agent }, { method, path, body }: Sent): Promise<string> {
  return await new Promise((resolve, reject) => {
    const sent = request(new URL(path, address), { method, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

if (process.argv[1] === import.meta.filename) {
  const [address = "", pid] = process.argv.slice(2);
  console.log(table(await measureNomad(address, pid === undefined ? undefined : Number(pid))));
  process.exit(0);
}
