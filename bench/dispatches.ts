/**
 * @module Dispatches in their thousands: how many objects they leave, half way, at the end, and after the collection of garbage; and what one
 * costs the server. Over an API server that is not one, whose pods succeed at once. By hand: node bench/dispatches.ts [count]
 */
import { Agent, request } from "node:https";
import { type Row, seconds, table } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { SECRET } from "./synthetic/objects.ts";
import { type SyntheticServer, syntheticServer } from "./synthetic/server.ts";

const PARENT = "bench-dispatch";
const AT_ONCE = 16;
const QUIET_MS = 3_000;
/** A line is written after so many. */
const PROGRESS = 1_000;

export async function measureDispatches(count = 20_000): Promise<readonly Row[]> {
  const server = await syntheticServer({ jobs: 1, allocations: 1 }, { isWhole: true, runsPods: true });
  const agent = new Agent({ keepAlive: true, ca: server.ca, maxSockets: AT_ONCE });
  const call = async (method: string, path: string, body?: object) => await send(server, agent, { method, path, body });
  try {
    await call("PUT", "/v1/jobs", { Job: parent() });
    await settled(server);
    const before = told(server);
    const [cpu, began] = [cpuSeconds(server.pid), performance.now()];
    let left = count;
    let peak = "";
    const dispatcher = async (): Promise<void> => {
      while (left-- > 0) {
        await call("PUT", `/v1/job/${PARENT}/dispatch`, { Payload: Buffer.from(`payload ${left}`).toString("base64"), Meta: { number: String(left) } });
        if (left === Math.floor(count / 2)) peak = told(server);
        if (left % PROGRESS === 0) process.stderr.write(`${count - left} dispatched after ${seconds(performance.now() - began)}: ${told(server)}\n`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, dispatcher));
    const sentMs = performance.now() - began;
    await settled(server);
    const cpuMs = ((cpuSeconds(server.pid) - cpu) * 1000) / count;
    const over = told(server);
    await call("PUT", "/v1/system/gc");
    await settled(server);
    const row = (measure: string, bridge: string): Row => ({ measure, bridge, direct: "", compared: "", target: "" });
    return [
      row(`${count} dispatches, ${AT_ONCE} at once`, `${(count / (sentMs / 1000)).toFixed(0)} per second, ${cpuMs.toFixed(1)} ms CPU of the server each, until they are over`),
      row("objects before", before),
      row("objects half way", peak),
      row("objects when all are over", over),
      { ...row("objects after system gc", told(server)), target: "as before" },
    ];
  } finally {
    agent.destroy();
    server.close();
  }
}

const parent = () => ({
  ID: PARENT,
  Name: PARENT,
  Type: "batch",
  Datacenters: ["dc1"],
  ParameterizedJob: { Payload: "optional", MetaOptional: ["number"] },
  TaskGroups: [{ Name: "work", Count: 1, Tasks: [{ Name: "work", Driver: "exec", Config: { command: "/bin/true" }, DispatchPayload: { File: "payload" }, Resources: { CPU: 10, MemoryMB: 10 } }] }],
});

/** Events are not counted: an API server forgets them by itself after an hour. */
const told = ({ api }: SyntheticServer): string =>
  ["nomadjobs", "dispatchpayloads", "jobsubmissions", "controllerrevisions", "pods"].map((plural) => `${api.store.counts()[plural] ?? 0} ${plural}`).join(", ");

/** Nothing more is asked of the API server. */
async function settled({ api }: SyntheticServer): Promise<void> {
  for (let before = -1; before !== api.requests(); ) {
    before = api.requests();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

type Call = { readonly method: string; readonly path: string; readonly body: object | undefined };

async function send(server: SyntheticServer, agent: Agent, { method, path, body }: Call): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const sent = request({ port: server.port, host: "127.0.0.1", path, method, agent, headers: { "X-Nomad-Token": SECRET } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(chunks).toString().slice(0, 300)}`))));
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

if (process.argv[1] === import.meta.filename) {
  console.log(table(await measureDispatches(Number(process.argv[2] ?? 20_000))));
  process.exit(0);
}
