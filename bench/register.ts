/** @module How long a job of a hundred groups takes to be registered, changed and unchanged, on the cluster of `npm run up`. */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { type Row, milliseconds } from "./report.ts";
import { cpuSeconds } from "./server-cpu.ts";
import { median } from "./statistics.ts";
import type { Stage } from "./stage.ts";

const GROUPS = 100;
const REPEATS = 10;
const JOB = "bench-register";

type Target = Pick<Stage["bridge"], "address" | "ca" | "token">;

export async function measureRegister({ bridge }: { readonly bridge: Target }): Promise<readonly Row[]> {
  const agent = new Agent({ keepAlive: true, ca: bridge.ca });
  const rows = await measureRegistrations(async (method, path, body) => await call({ ...bridge, agent }, method, path, body));
  agent.destroy();
  return rows;
}

/** Groups of count 0 cost what a hundred groups cost, and no pods. @param pid of the server, where it is known */
export async function measureRegistrations(send: (method: string, path: string, body?: unknown) => Promise<void>, pid?: number): Promise<readonly Row[]> {
  const rows: Row[] = [];
  try {
    for (const [what, job] of [["unchanged", () => jobOf(0)], ["changed each time", jobOf]] as const) {
      const took: number[] = [];
      const cpu = pid === undefined ? 0 : cpuSeconds(pid);
      for (let index = 0; index <= REPEATS; index += 1) {
        const began = performance.now();
        await send("PUT", "/v1/jobs", { Job: job(index) });
        if (index > 0) took.push(performance.now() - began);
      }
      const cpuMs = pid === undefined ? "" : `, ${(((cpuSeconds(pid) - cpu) * 1000) / (REPEATS + 1)).toFixed(0)} ms CPU of the server each`;
      rows.push({ measure: `job of ${GROUPS} groups registered, ${what}, median of ${REPEATS}`, bridge: `${milliseconds(median(took))}${cpuMs}`, direct: "", compared: "", target: "≤ 300 ms" });
    }
  } finally {
    await send("DELETE", `/v1/job/${JOB}?purge=true`);
  }
  return rows;
}

/** A job that nothing comes of. */
export const PARAMETERS = {
  Name: "bench",
  Type: "service",
  Datacenters: ["dc1"],
  TaskGroups: [{ Name: "group", Count: 0, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/sleep", args: ["1000"] }, Resources: { CPU: 10, MemoryMB: 10 } }] }],
};

const jobOf = (index: number) => ({
  ID: JOB,
  Name: JOB,
  Type: "service",
  Datacenters: ["dc1"],
  Meta: { run: String(index) },
  TaskGroups: Array.from({ length: GROUPS }, (_, group) => ({ Name: `group-${group}`, Count: 0, Tasks: [{ Name: "server", Driver: "exec", Config: { command: "/bin/sleep", args: ["1000"] }, Env: { NUMBER: String(group) }, Resources: { CPU: 10, MemoryMB: 10 } }] })),
});

async function call({ address, token, agent }: { readonly address: string; readonly token: string; readonly agent: Agent }, method: string, path: string, body?: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const url = new URL(path, address.includes("://") ? address : `https://${address}`);
    const sent = request(url, { method, agent, headers: { "X-Nomad-Token": token } }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => (response.statusCode === 200 ? resolve() : reject(new Error(`${method} ${path}: ${response.statusCode} ${Buffer.concat(chunks).toString().slice(0, 200)}`))));
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

if (process.argv[1] === import.meta.filename) {
  const { NOMAD_ADDR: address = "", NOMAD_TOKEN: token = "", NOMAD_CACERT: ca = "" } = process.env;
  console.log(await measureRegister({ bridge: { address, token, ca: readFileSync(ca, "utf8") } }));
}
