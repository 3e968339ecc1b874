/** @module What a bridge keeps in memory of 10,000 allocations of 2,000 jobs, before and after all of them were listed. */
import { Agent } from "node:https";
import { ask } from "./reads.ts";
import type { Row } from "./report.ts";
import { syntheticServer } from "./synthetic/server.ts";

export async function measureMemory(): Promise<readonly Row[]> {
  const server = await syntheticServer({ jobs: 2000, allocations: 10_000 });
  const agent = new Agent({ keepAlive: true, ca: server.ca });
  try {
    const filled = await server.resident();
    for (const path of ["/v1/allocations", "/v1/jobs"]) await ask(server, { name: "list", path }, { agent, gzip: true });
    const listed = await server.resident();
    return [{ measure: "resident with 10,000 allocations of 2,000 jobs", bridge: `${filled.toFixed(0)} MiB, ${listed.toFixed(0)} MiB once all were listed`, direct: "", compared: "", target: "≤ 500 MB" }];
  } finally {
    agent.destroy();
    server.close();
  }
}
